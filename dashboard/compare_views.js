// @ts-check
/** What a comparison shows, on its page and in its report alike. */

import { factsTable } from "./chart_panel.js";
import { differences } from "./compare_items.js";
import { h, s } from "./dom.js";
import { exactBytes, interval, percent } from "./format.js";
import { shape } from "./fronts_svg.js";

/** @import {Item} from "./compare_items.js" */

/** @param {number} index */
export const swatch = (index) => s("svg", { class: `swatch series series-${index}`, viewBox: "0 0 16 16", width: 16, height: 16, "aria-hidden": "true" }, shape(index, 8, 8));

/** A gene's name, which may go on in the next line behind a dot. @param {string} name */
const breakable = (name) => name.split(/(?<=\.)/).flatMap((part) => [part, h("wbr")]);

/** @param {readonly Item[]} items @param {boolean} differencesOnly */
export function differenceTable(items, differencesOnly) {
  const rows = differences(items, differencesOnly);
  const head = items.map((item, i) => h("th", { scope: "col" }, swatch(i), " ", item.name));
  const body = rows.map(({ name, cells }) => h("tr", {}, h("th", { scope: "row" }, ...breakable(name)), ...cells.map(({ words, more }) => h("td", { class: "wrap" }, words, more && h("span", { class: "interval" }, more)))));
  return h(
    "div",
    { class: "table-scroll", tabindex: "0", role: "region", "aria-label": "Differences" },
    h("table", { class: "differences" }, h("caption", { class: "visually-hidden" }, "Differences; with what numbers are more than the first column's"), h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "Fact"), ...head)), h("tbody", {}, ...body)),
  );
}

/** Every network drawn. @param {readonly Item[]} items */
export function pointsTable(items) {
  const rows = items.flatMap((item) => item.points.map((point) => [item.name, point.number, `${percent(point.accuracy)} ${interval(point.interval)}`, exactBytes(point.bytes)]));
  return factsTable("The networks of the fronts", ["Of", "Trial", "Accuracy, 95 % interval", "Size"], rows);
}
