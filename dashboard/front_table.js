// @ts-check
/** The front as a table: the same facts as the picture, for readers and screen readers. */

import { h } from "./dom.js";
import { bits, count, exactBytes, interval, percent, size } from "./format.js";

/** @import {Front, FrontPoint} from "./types.js" */

/**
 * @param {number|undefined} accuracy
 * @param {[number, number]|null} range
 */
function measured(accuracy, range) {
  if (accuracy === undefined) return "–";
  return h("span", {}, percent(accuracy), range && h("span", { class: "interval" }, interval(range)));
}

/**
 * @param {FrontPoint} point
 * @param {boolean} hasTest
 */
function row({ trial, accuracy_interval, test_accuracy_interval, mean_weight_bits }, hasTest) {
  return h(
    "tr",
    {},
    h("th", { scope: "row" }, `Trial ${trial.number}`),
    h("td", { class: "number" }, measured(trial.metrics.accuracy, accuracy_interval)),
    hasTest && h("td", { class: "number" }, measured(trial.metrics.test_accuracy, test_accuracy_interval)),
    h("td", { class: "number", title: exactBytes(trial.costs.size_bytes) }, size(trial.costs.size_bytes)),
    h("td", { class: "number" }, bits(mean_weight_bits)),
    h("td", { class: "number" }, count(trial.costs.macs)),
  );
}

/** @param {Front|null} front */
export function frontTable(front) {
  const points = front?.points ?? [];
  const hasTest = points.some((point) => point.trial.metrics.test_accuracy !== undefined);
  const columns = ["Validation accuracy", ...(hasTest ? ["Test accuracy"] : []), "Size", "Mean weight bits", "MACs"];
  return h(
    "div",
    { class: "table-scroll", tabindex: "0", role: "region", "aria-label": "The front as a table" },
    h(
      "table",
      {},
      h("caption", { class: "visually-hidden" }, "The front, smallest first, with 95 % intervals"),
      h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "Network"), ...columns.map((name) => h("th", { scope: "col", class: "number" }, name)))),
      h("tbody", {}, ...points.map((point) => row(point, hasTest))),
    ),
  );
}
