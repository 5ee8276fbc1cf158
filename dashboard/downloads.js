// @ts-check
/** The files of a trial: the packed one, its exports, and the declarations that lead to it. */

import { declarationOf, declarationOfTrial } from "./declaration.js";
import { h } from "./dom.js";
import { exactBytes } from "./format.js";
import { nameOf } from "./search_header.js";
import { fileName, saveText } from "./save.js";
import { toYaml } from "./yaml.js";

/** @import {Search, Trial} from "./types.js" */

/** @param {string} label @param {string} note @param {Record<string, any>} attributes */
const link = (label, note, attributes) => h("li", {}, h("a", { class: "file-link", ...attributes }, label), h("span", { class: "note" }, note));

/** @param {string} label @param {string} note @param {() => void} save */
const button = (label, note, save) => h("li", {}, h("button", { type: "button", class: "file-link", onclick: save }, label), h("span", { class: "note" }, note));

export function createDownloads() {
  const element = h("ul", { class: "files" });
  let shown = "";

  return {
    element,
    /** @param {Trial} trial @param {Search} search */
    update(trial, search) {
      const key = `${trial.id} ${trial.artifact?.id}`;
      if (key === shown) return;
      shown = key;
      const name = fileName(`${nameOf(search)}-trial-${trial.number}`);
      const { artifact } = trial;
      const files = artifact
        ? [
            link("Packed file", `${exactBytes(artifact.size_bytes)}, runs in integers`, { href: artifact.href, download: true }),
            link("ONNX", "for ONNX Runtime and other tools", { href: `${artifact.href}/exports/onnx`, download: true }),
            link("C header", "for microcontrollers", { href: `${artifact.href}/exports/c-header`, download: true }),
          ]
        : [h("li", { class: "note" }, "The packed file appears here when the trial has completed.")];
      const yaml = (/** @type {string} */ file, /** @type {Record<string, unknown>} */ declared) => saveText(file, toYaml(declared), "application/yaml");
      element.replaceChildren(
        ...files,
        button("This network as YAML", "a search of this one candidate, for “bitpareto submit”", () => yaml(`${name}.yaml`, declarationOfTrial(search, trial))),
        button("The search as YAML", "the declaration it came from", () => yaml(`${fileName(nameOf(search))}.yaml`, declarationOf(search))),
      );
    },
  };
}
