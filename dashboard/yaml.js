// @ts-check
/** JSON values as YAML that people can read and any YAML parser takes. Pure. */

/** @param {unknown} value */
const isPlain = (value) => value === null || typeof value !== "object";

// words that YAML would take for something else than text, or that hold its punctuation
const NEEDS_QUOTES = /^$|^[\s\-?:,[\]{}#&*!|>'"%@`]|[:#]\s|:$|\s$|\n|^(true|false|null|yes|no|on|off|~)$|^[-+.\d]/i;

/** @param {unknown} value */
function scalar(value) {
  if (typeof value === "string") return NEEDS_QUOTES.test(value) ? JSON.stringify(value) : value;
  return JSON.stringify(value);
}


/**
 * @param {unknown} value
 * @param {string} indent
 * @returns {string}
 */
function lines(value, indent) {
  if (Array.isArray(value)) return value.map((item) => `${indent}- ${isPlain(item) ? scalar(item) : JSON.stringify(item)}\n`).join("");
  return Object.entries(/** @type {object} */ (value))
    .map(([key, item]) => {
      const name = `${indent}${scalar(key)}:`;
      if (isPlain(item)) return `${name} ${scalar(item)}\n`;
      if (Array.isArray(item) && item.every(isPlain)) return `${name} [${item.map(inlineItem).join(", ")}]\n`;
      if (!Object.keys(item).length) return `${name} ${Array.isArray(item) ? "[]" : "{}"}\n`;
      return `${name}\n${lines(item, `${indent}  `)}`;
    })
    .join("");
}

/** @param {unknown} item */
const inlineItem = (item) => (typeof item === "string" && /[,[\]{}]/.test(item) ? JSON.stringify(item) : scalar(item));

/** @param {Record<string, unknown>} value */
export const toYaml = (value) => lines(value, "");
