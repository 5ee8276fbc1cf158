// @ts-check
/** The data sets that a search can be trained and measured on. */

import { getMeta } from "./api.js";
import { h } from "./dom.js";
import { plural } from "./format.js";
import { showList } from "./list_page.js";
import { pageHref } from "./router.js";

/** @typedef {{name: string, input_shape: number[], n_classes: number, n_train: number, n_validation: number, n_test: number}} DataSet */

/** @param {string} dataset */
const newSearchHref = (dataset) => pageHref("new", { declaration: JSON.stringify({ dataset, space: { family: "mobilenetv2" } }) });

/** @param {AbortSignal} signal @returns {Promise<DataSet[]>} */
const read = async (signal) => (await getMeta(signal)).datasets;

/** @param {HTMLElement} root */
export const showData = (root) =>
  showList(root, {
    title: "Data sets",
    about: "What networks are trained and measured on. Accuracies of different data sets cannot be compared.",
    read,
    columns: ["Data set", "Input", "Classes", "Chance level", "Training", "Validation", "Test", ""],
    row: ({ name, input_shape: shape, n_classes: nClasses, ...samples }) => [
      h("strong", {}, name),
      shape.join(" × "),
      nClasses,
      `${(100 / nClasses).toFixed(1)} %`,
      samples.n_train,
      samples.n_validation,
      samples.n_test,
      h("a", { href: newSearchHref(name), "data-route": true, "aria-label": `Search on it: ${name}` }, "Search on it"),
    ],
    summary: (found) => plural(found.length, "data set"),
    empty: () => h("p", {}, "This server has no data set."),
  });
