// @ts-check
/** Fronts over one another as one SVG that needs no script: for the page and for the report. */

import { accuracyRange, logRange, logTicks } from "./axes.js";
import { s } from "./dom.js";
import { exactBytes, interval, percent, size } from "./format.js";

/** @import {Item, Point} from "./compare_items.js" */

const OF_REPORT = 960;
const WIDEST = 1440;
/** As on a phone. */
const NARROWEST = 340;
const PX_PER_TICK = 105;
const MARGIN = { left: 64, right: 20, top: 14, bottom: 52 };
const MOST_Y_TICKS = 8;
const Y_STEPS = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1];

/** @param {readonly Item[]} items @param {number} [place] pixels across that it has, in text of the usual size */
export function frontsSvg(items, place = OF_REPORT) {
  const width = Math.min(WIDEST, Math.max(NARROWEST, place));
  const height = Math.min(560, Math.max(300, width * 0.4375));
  const points = items.flatMap((item) => item.points);
  const x = logRange(points.map((point) => point.bytes));
  const y = accuracyRange(points.flatMap((point) => [point.accuracy, ...(point.interval ?? [])]), []);
  const across = (/** @type {number} */ bytes) => MARGIN.left + ((Math.log10(bytes) - x[0]) / (x[1] - x[0])) * (width - MARGIN.left - MARGIN.right);
  const up = (/** @type {number} */ share) => height - MARGIN.bottom - ((share - y[0]) / (y[1] - y[0])) * (height - MARGIN.top - MARGIN.bottom);
  const floor = height - MARGIN.bottom;
  const ticks = logTicks(x, size, Math.floor(width / PX_PER_TICK));
  const step = Y_STEPS.find((share) => (y[1] - y[0]) / share <= MOST_Y_TICKS) ?? 0.2;
  const levels = Array.from({ length: Math.floor(y[1] / step) - Math.ceil(y[0] / step) + 1 }, (_, i) => (Math.ceil(y[0] / step) + i) * step);
  const grid = [
    ...ticks.tickvals.flatMap((value, i) => [s("line", { class: "grid", x1: across(value), x2: across(value), y1: MARGIN.top, y2: floor }), s("text", { class: "tick", x: across(value), y: floor + 18, "text-anchor": "middle" }, ticks.ticktext[i])]),
    ...levels.flatMap((value) => [s("line", { class: "grid", x1: MARGIN.left, x2: width - MARGIN.right, y1: up(value), y2: up(value) }), s("text", { class: "tick", x: MARGIN.left - 8, y: up(value) + 4, "text-anchor": "end" }, percent(value))]),
    s("text", { class: "tick", x: (width + MARGIN.left) / 2, y: height - 8, "text-anchor": "middle" }, "Size of the packed file"),
  ];
  const label = items.map((item) => `${item.name}: ${item.points.length}`).join("; ");
  return s("svg", { class: "fronts", viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": `Accuracy against size; networks drawn of ${label}` }, ...grid, ...items.map((item, i) => series(item, i, across, up)));
}

/** @param {Item} item @param {number} index @param {(bytes: number) => number} across @param {(share: number) => number} up */
function series(item, index, across, up) {
  const step = item.points.map(({ bytes, accuracy }, i) => (i === 0 ? `M${across(bytes)} ${up(accuracy)}` : `H${across(bytes)}V${up(accuracy)}`)).join("");
  return s("g", { class: `series series-${index}` }, s("path", { class: "step", d: step || "M0 0" }), ...item.points.map((point) => mark(point, item, index, across, up)));
}

/** @param {Point} point @param {Item} item @param {number} index @param {(bytes: number) => number} across @param {(share: number) => number} up */
function mark({ number, accuracy, bytes, interval: range }, item, index, across, up) {
  const [x, y] = [across(bytes), up(accuracy)];
  const bar = range && s("line", { class: "bar-of-error", x1: x, x2: x, y1: up(range[0]), y2: up(range[1]) });
  const words = `${item.name}${item.kind === "search" ? `, trial ${number}` : ""}: ${percent(accuracy)}${range ? ` (${interval(range)})` : ""}, ${exactBytes(bytes)}`;
  return s("g", {}, s("title", {}, words), bar, shape(index, x, y));
}

/** Series differ by shape too, for eyes and printers without colour. @param {number} index @param {number} x @param {number} y */
export function shape(index, x, y) {
  const r = 5;
  const paths = [
    `M${x - r} ${y}a${r} ${r} 0 1 0 ${2 * r} 0a${r} ${r} 0 1 0 ${-2 * r} 0`,
    `M${x - r} ${y - r}h${2 * r}v${2 * r}h${-2 * r}z`,
    `M${x} ${y - r - 1}l${r + 1} ${r + 1}l${-r - 1} ${r + 1}l${-r - 1} ${-r - 1}z`,
    `M${x} ${y - r}l${r} ${2 * r}h${-2 * r}z`,
    `M${x} ${y + r}l${r} ${-2 * r}h${-2 * r}z`,
    `M${x - r} ${y - r}l${2 * r} ${2 * r}m0 ${-2 * r}l${-2 * r} ${2 * r}`,
  ];
  return s("path", { class: "mark", d: paths[index % paths.length] });
}
