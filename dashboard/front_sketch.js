// @ts-check
/**
 * The front as a plain SVG, where Plotly will draw it: on the screen while Plotly's megabytes are
 * still read, and the picture that stays if they never come.
 */

import { logTicks } from "./axes.js";
import { h, s } from "./dom.js";
import { textScale } from "./theme.js";

/** @import {Trial} from "./types.js" */
/** @import {Axis} from "./axes.js" */
/** @import {Scene} from "./front_scene.js" */

const NARROW_PX = 560;
/** As on a wall screen. */
const WIDE_PX = 1150;
const MOST_LEVELS = 8;
const LEVEL_STEPS = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1];
const CAP_PX = 4;
const POINT_PX = 5;

/** Where the picture lies in its place, for both who draw it. @param {Axis} y @param {number} width */
export function frameOf(y, width) {
  const scale = textScale();
  const isNarrow = width < NARROW_PX * scale;
  const height = scale * (isNarrow ? 340 : width > WIDE_PX * scale ? 560 : 430);
  const margin = { l: scale * (y.isLog ? 72 : isNarrow ? 44 : 56), r: 16, t: 12, b: scale * (isNarrow ? 104 : 84) };
  return { isNarrow, scale, height, margin };
}

/** How many ticks have room across. @param {number} width */
export const ticksAcross = (width) => Math.max(3, Math.floor(width / (68 * textScale())));

/** @param {readonly [number, number]} range shares */
function levelsOf([low, high]) {
  const step = LEVEL_STEPS.find((candidate) => (high - low) / candidate <= MOST_LEVELS) ?? 0.2;
  const levels = [];
  for (let k = Math.ceil(low / step); k * step <= high; k += 1) levels.push(k * step);
  return { tickvals: levels, ticktext: levels.map((level) => `${Number((100 * level).toFixed(2))}%`) };
}

/** @param {Scene} scene @param {Axis} x @param {Axis} y @param {boolean} hasStep @param {number} width */
function pictureOf(scene, x, y, hasStep, width) {
  const { height, margin, scale } = frameOf(y, width);
  const [left, right, floor] = [margin.l, width - margin.r, height - margin.b];
  const share = (/** @type {number} */ value, /** @type {readonly [number, number]} */ [low, high]) => (value - low) / (high - low);
  const across = (/** @type {number} */ value) => left + share(Math.log10(value), scene.xRange) * (right - left);
  const up = (/** @type {number} */ value) => floor - share(y.isLog ? Math.log10(value) : value, scene.yRange) * (floor - margin.t);
  const placeOf = (/** @type {Trial} */ trial) => [across(/** @type {number} */ (x.of(trial))), up(/** @type {number} */ (y.of(trial)))];
  const columns = logTicks(scene.xRange, x.words, ticksAcross(width));
  const rows = y.isLog ? logTicks(scene.yRange, y.words, MOST_LEVELS) : levelsOf(scene.yRange);
  const points = scene.front.map(({ trial }) => placeOf(trial));
  const bars = y.isLog ? [] : scene.front.flatMap(({ trial, accuracy_interval: range }) => (range ? [[placeOf(trial)[0], up(range[0]), up(range[1])]] : []));
  const step = points.map(([px, py], i) => (i ? `H${px}V${py}` : `M${px} ${py}`)).join("");
  // a line of no length with round ends is a point: thousands in one element
  const others = [...scene.dominated, ...scene.tied].map((trial) => `M${placeOf(trial).join(" ")}h0`).join("");
  return s(
    "svg",
    { class: "front-sketch", width, height, "aria-hidden": "true" },
    ...columns.tickvals.flatMap((value, i) => [s("line", { class: "grid", x1: across(value), x2: across(value), y1: margin.t, y2: floor }), s("text", { x: across(value), y: floor + 17 * scale, "text-anchor": "middle" }, columns.ticktext[i])]),
    ...rows.tickvals.flatMap((value, i) => [s("line", { class: "grid", x1: left, x2: right, y1: up(value), y2: up(value) }), s("text", { x: left - 5, y: up(value) + 4 * scale, "text-anchor": "end" }, rows.ticktext[i])]),
    s("text", { x: (left + right) / 2, y: floor + 42 * scale, "text-anchor": "middle" }, x.title),
    others && s("path", { class: "others", d: others }),
    bars.length > 0 && s("path", { class: "interval", d: bars.map(([px, low, high]) => `M${px} ${low}V${high}M${px - CAP_PX} ${low}h${2 * CAP_PX}M${px - CAP_PX} ${high}h${2 * CAP_PX}`).join("") }),
    hasStep && step && s("path", { class: "step", d: step }),
    ...points.map(([cx, cy]) => s("circle", { class: "point", cx, cy, r: POINT_PX * scale })),
  );
}

export function createSketch() {
  const element = h("div", { class: "front-sketch-place" });
  return {
    element,
    /** @param {Scene} scene @param {Axis} x @param {Axis} y @param {boolean} hasStep the front is a line @param {number} width */
    show: (scene, x, y, hasStep, width) => element.replaceChildren(pictureOf(scene, x, y, hasStep, width)),
    /** Plotly has drawn. */
    clear: () => element.replaceChildren(),
  };
}
