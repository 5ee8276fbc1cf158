// @ts-check
/** What the bytes of a file are for: one bar and a table whose sum is the file's length. */

import { h } from "./dom.js";
import { exactBytes, percent } from "./format.js";

/** @type {[string, string][]} */
const PARTS = [["weights", "Weights"], ["channel_widths", "Widths of channels"], ["multipliers", "Multipliers"], ["biases", "Biases"], ["records", "Layer records"], ["header", "Header"], ["padding", "Padding"]];

/** @param {Record<string, number>} breakdown bytes by part */
export function sizeBreakdown(breakdown) {
  const total = PARTS.reduce((sum, [key]) => sum + breakdown[key], 0);
  const parts = PARTS.filter(([key]) => breakdown[key] > 0);
  const bar = h(
    "div",
    { class: "parts-bar", "aria-hidden": "true" },
    ...parts.map(([key, name]) => {
      const part = h("span", { class: `part part-${key}`, title: `${name}: ${exactBytes(breakdown[key])}` });
      part.style.flexGrow = String(breakdown[key]);
      return part;
    }),
  );
  const row = (/** @type {[string, string]} */ [key, name]) =>
    h("tr", {}, h("th", { scope: "row" }, h("span", { class: `swatch part-${key}`, "aria-hidden": "true" }), name), h("td", { class: "number" }, exactBytes(breakdown[key])), h("td", { class: "number" }, percent(breakdown[key] / total)));
  return h(
    "div",
    { class: "breakdown" },
    bar,
    h(
      "table",
      {},
      h("caption", { class: "visually-hidden" }, "What the bytes of the file are for"),
      h("tbody", {}, ...parts.map(row)),
      h("tfoot", {}, h("tr", { class: "total" }, h("th", { scope: "row" }, "File"), h("td", { class: "number", "data-total": total }, exactBytes(total)), h("td"))),
    ),
  );
}
