// @ts-check
/** One chart with its words for a screen reader, its table and its empty state. */

import { h } from "./dom.js";
import { loadPlotly } from "./plotly.js";
import { chartTextPx, colours, onSchemeChange, textScale } from "./theme.js";

/** @import {Colours} from "./theme.js" */

export const FONT = 'system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", sans-serif';

/**
 * @typedef {object} Picture
 * @property {object[]} traces empty: `empty` is shown instead
 * @property {Record<string, any>} layout what differs from the house style
 * @property {string} words one sentence that says what the picture shows
 * @property {string[]} columns of the table with the same facts
 * @property {(string|number)[][]} rows
 */

/** @param {Colours} colour */
export const quietAxis = (colour) => ({ linecolor: colour.line, gridcolor: colour.line, zeroline: false, tickfont: { color: colour.muted }, ticks: "", automargin: true });

/** @param {string} text @param {Colours} colour */
export const axisTitle = (text, colour) => ({ text, font: { color: colour.muted, size: chartTextPx() }, standoff: 10 });

/**
 * @param {string} caption
 * @param {readonly string[]} columns the first names the rows
 * @param {readonly (readonly (string|number|Node)[])[]} rows
 */
export function factsTable(caption, columns, rows) {
  const cell = (/** @type {string|number|Node} */ value, /** @type {number} */ i) =>
    i === 0 ? h("th", { scope: "row" }, value) : h("td", { class: "number" }, value);
  return h(
    "div",
    { class: "table-scroll", tabindex: "0", role: "region", "aria-label": `${caption} as a table` },
    h(
      "table",
      {},
      h("caption", { class: "visually-hidden" }, caption),
      h("thead", {}, h("tr", {}, ...columns.map((name, i) => h("th", { scope: "col", class: i ? "number" : null }, name)))),
      h("tbody", {}, ...rows.map((row) => h("tr", {}, ...row.map(cell)))),
    ),
  );
}

/**
 * @param {object} options
 * @param {string} options.label
 * @param {string} options.empty
 * @param {number} [options.height]
 * @param {(point: any) => void} [options.onClick]
 */
export function createChart({ label, empty: emptyText, height = 280, onClick }) {
  const plot = h("div", { class: "chart-plot", role: "img", "aria-label": label });
  plot.style.minHeight = `${height / 16}rem`;
  const empty = h("p", { class: "chart-empty" }, emptyText);
  const alternative = h("div");
  const asTable = h("details", { class: "alternative", ontoggle: showTable }, h("summary", {}, `${label} as a table`), alternative);
  const element = h("div", { class: "chart" }, plot, empty, asTable);
  /** @type {any} */
  let Plotly = null;
  /** @type {((colour: Colours) => Picture)|null} */
  let pictured = null;
  /** @type {Picture|null} */
  let latest = null;
  let width = 0;
  let isDrawn = false;
  let isStopped = false;

  function showTable() {
    if (asTable.open && latest) alternative.replaceChildren(factsTable(label, latest.columns, latest.rows));
  }

  function draw() {
    if (!pictured || isStopped) return;
    const colour = colours();
    latest = pictured(colour);
    showTable();
    plot.setAttribute("aria-label", latest.words);
    empty.hidden = latest.traces.length > 0;
    if (!Plotly || !element.isConnected) return;
    width = plot.clientWidth;
    const scale = textScale();
    const layout = {
      autosize: true,
      height: height * scale,
      margin: { l: 56 * scale, r: 16, t: 10, b: 48 * scale },
      paper_bgcolor: "rgba(0,0,0,0)",
      plot_bgcolor: "rgba(0,0,0,0)",
      font: { family: FONT, size: chartTextPx(), color: colour.ink },
      hoverlabel: { bgcolor: colour.surface, bordercolor: colour.line, font: { family: FONT, size: chartTextPx(), color: colour.ink }, align: "left" },
      hovermode: "closest",
      legend: { orientation: "h", x: 0, y: -0.25, yanchor: "top", font: { color: colour.muted } },
      ...latest.layout,
    };
    const hidden = latest.traces.length ? {} : { xaxis: { visible: false }, yaxis: { visible: false } };
    Plotly.react(plot, latest.traces, { ...layout, ...hidden }, { displayModeBar: false, showTips: false });
    if (isDrawn) return;
    isDrawn = true;
    /** @type {any} */ (plot).on("plotly_click", (/** @type {any} */ { points }) => points[0] && onClick?.(points[0]));
  }

  const stopListening = onSchemeChange(draw);
  const resized = new ResizeObserver(() => {
    if (plot.clientWidth !== width) draw();
  });
  resized.observe(plot);

  return {
    element,
    /** @param {(colour: Colours) => Picture} picture */
    async show(picture) {
      pictured = picture;
      draw();
      if (Plotly) return;
      try {
        Plotly = await loadPlotly();
      } catch (error) {
        empty.hidden = false;
        empty.textContent = `${/** @type {Error} */ (error).message} The table below holds the same facts.`;
        return;
      }
      draw();
    },
    stop() {
      isStopped = true;
      stopListening();
      resized.disconnect();
      if (isDrawn) Plotly.purge(plot);
    },
  };
}
