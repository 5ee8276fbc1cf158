// @ts-check
/** A declaration as something to paste elsewhere. Pure. */

import { toYaml } from "./yaml.js";

/** @param {unknown} value @param {string} indent @returns {string} */
function python(value, indent) {
  if (value === null) return "None";
  if (typeof value === "boolean") return value ? "True" : "False";
  if (Array.isArray(value)) return `[${value.map((item) => python(item, indent)).join(", ")}]`;
  if (typeof value !== "object") return JSON.stringify(value);
  const inner = Object.entries(/** @type {object} */ (value)).map(([key, item]) => `${indent}    ${JSON.stringify(key)}: ${python(item, `${indent}    `)},\n`);
  return inner.length ? `{\n${inner.join("")}${indent}}` : "{}";
}

/** @param {Record<string, any>} declaration @param {string} address of the server */
export function asPython(declaration, address) {
  const lines = Object.entries(declaration).map(([name, value]) => `        ${name}=${python(value, "        ")},\n`);
  return `from bitpareto import Client\n\nwith Client(base_url=${JSON.stringify(address)}) as client:\n    search = client.searches.create(\n${lines.join("")}    )\n    print(search.url)\n`;
}

/** @param {Record<string, any>} declaration @param {string} address */
export function asCurl(declaration, address) {
  const quoted = JSON.stringify(declaration, null, 2).replaceAll("'", "'\\''");
  return `curl --request POST '${address}/v1/searches' \\\n  --header 'content-type: application/json' \\\n  --data '${quoted}'\n`;
}

/** @param {Record<string, any>} declaration */
export const asYaml = (declaration) => `# bitpareto submit this-file.yaml\n${toYaml(declaration)}`;
