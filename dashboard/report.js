// @ts-check
/** A comparison as one HTML file that opens from a disk: pictures, tables and data inside, no script. */

import { differenceTable, pointsTable, swatch } from "./compare_views.js";
import { h } from "./dom.js";
import { dayAndTime } from "./format.js";
import { frontsSvg } from "./fronts_svg.js";

/** @import {Item} from "./compare_items.js" */

const STYLE_SHEETS = ["base.css", "page.css", "search.css", "compare.css"];
const REPORT_STYLE = "main { max-width: 1100px } .report-head { margin-bottom: 1rem } .panel { margin-bottom: 1rem } @media print { .panel { box-shadow: none; break-inside: avoid } }";

/**
 * @param {readonly Item[]} items
 * @param {string} title
 * @returns {Promise<string>}
 */
export async function reportOf(items, title) {
  const sheets = await Promise.all(STYLE_SHEETS.map(async (name) => (await fetch(name)).text()));
  const panel = (/** @type {string} */ heading, /** @type {Node} */ content) => h("section", { class: "panel" }, h("div", { class: "panel-head" }, h("h2", {}, heading)), content);
  const legend = h("ul", { class: "legend" }, ...items.map((item, i) => h("li", {}, swatch(i), " ", item.name, " ", h("code", {}, item.id))));
  const main = h("main", {}, h("header", { class: "report-head" }, h("h1", {}, title), h("p", { class: "note" }, `Made by bitpareto, ${dayAndTime(new Date().toISOString())}, from ${location.host}`)), legend, panel("Fronts", frontsSvg(items)), panel("Differences", differenceTable(items, false)), panel("Networks", pointsTable(items)));
  const plain = items.map((item) => ({ ...item, facts: Object.fromEntries([...item.facts].map(([name, { value }]) => [name, value])) }));
  const data = JSON.stringify(plain).replaceAll("<", "\\u003c");
  // as text, since a document made here is under this page's policy against inline styles; whatever
  // a search is called went through text nodes, and nothing in the file may run or load anything
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
${h("title", {}, title).outerHTML}
<style>${sheets.join("\n")}\n${REPORT_STYLE}</style>
</head>
<body>
${main.outerHTML}
<script type="application/json" id="data">${data}</script>
</body>
</html>
`;
}
