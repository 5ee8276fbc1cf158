// @ts-check
/** Hypervolume over trials or over compute time, of a search and of baselines. Pure. */

import { axisTitle, quietAxis } from "./chart_panel.js";
import { duration, hypervolume, plural } from "./format.js";

/** @import {Picture} from "./chart_panel.js" */
/** @import {Colours} from "./theme.js" */

/** @typedef {"trials"|"compute"} Over */
/** @typedef {{n_trials: number, compute_seconds: number, hypervolume: number}} GrowthPoint */
/** @typedef {{name: string, points: readonly GrowthPoint[], now: {n_trials: number, compute_seconds: number}}} Line the first is the search itself */

/** Lines differ by dash too, for eyes and printers without colour. */
const DASHES = ["solid", "dash", "dot", "dashdot", "longdash", "longdashdot"];
/** @type {readonly (keyof Colours)[]} */
const COLOURS = ["accent", "running", "float", "budget", "focus", "muted"];
export const MOST_LINES = COLOURS.length;

const UNITS = /** @type {const} */ ([["days", 86400], ["hours", 3600], ["minutes", 60], ["seconds", 1]]);

/** The unit in which this many seconds are at least three. @param {number} seconds */
const unitOf = (seconds) => UNITS.find(([, length]) => seconds >= 3 * length) ?? UNITS[3];

/** @param {Over} over @param {{n_trials: number, compute_seconds: number}} point */
const inWords = (over, point) => (over === "trials" ? plural(point.n_trials, "trial") : duration(point.compute_seconds));

/**
 * A line that starts at nothing, steps at every change and goes on to where the search is now.
 *
 * @param {Line} line
 * @param {(point: {n_trials: number, compute_seconds: number}) => number} across
 */
function stepped({ points, now }, across) {
  const last = points[points.length - 1];
  const end = Math.max(across(now), across(last));
  return { x: [0, ...points.map(across), end], y: [0, ...points.map((point) => point.hypervolume), last.hypervolume] };
}

/** The volume once this much had gone into it. @param {Line} line @param {Over} over @param {{n_trials: number, compute_seconds: number}} at */
function volumeAt(line, over, at) {
  const key = over === "trials" ? "n_trials" : "compute_seconds";
  return line.points.findLast((point) => point[key] <= at[key])?.hypervolume ?? 0;
}

/** Search against baseline where both have got to. @param {Line} own @param {Line} other @param {Over} over */
function comparison(own, other, over) {
  const key = over === "trials" ? "n_trials" : "compute_seconds";
  const at = own.now[key] < other.now[key] ? own.now : other.now;
  return `${other.name}: ${hypervolume(volumeAt(other, over, at))} after ${inWords(over, at)}, where this search had ${hypervolume(volumeAt(own, over, at))}`;
}

/**
 * @param {readonly Line[]} lines
 * @param {Over} over
 * @param {Colours} colour
 * @returns {Picture}
 */
export function growthPicture(lines, over, colour) {
  const drawn = lines.filter((line) => line.points.length);
  const most = Math.max(0, ...drawn.map((line) => Math.max(line.now.compute_seconds, line.points[line.points.length - 1].compute_seconds)));
  const [unit, length] = unitOf(most);
  const across = (/** @type {{n_trials: number, compute_seconds: number}} */ point) => (over === "trials" ? point.n_trials : point.compute_seconds / length);
  const traces = drawn.map((line) => {
    const i = lines.indexOf(line);
    const { x, y } = stepped(line, across);
    const text = [line.name, ...line.points.map((point) => `${line.name}<br>${hypervolume(point.hypervolume)} after ${inWords(over, point)}`), `${line.name}<br>${hypervolume(y[y.length - 1])} after ${inWords(over, line.now)}`];
    return { type: "scatter", mode: "lines", name: line.name, x, y, text, hovertemplate: "%{text}<extra></extra>", line: { shape: "hv", width: i === 0 ? 2.5 : 1.75, dash: DASHES[i], color: colour[COLOURS[i]] }, showlegend: drawn.length > 1 };
  });
  const [own, ...others] = lines;
  const end = own?.points.at(-1);
  const against = own && end ? others.filter((line) => line.points.length).map((line) => comparison(own, line, over)) : [];
  return {
    traces,
    layout: {
      xaxis: { ...quietAxis(colour), title: axisTitle(over === "trials" ? "Trials that have ended" : `Compute time in ${unit}`, colour), rangemode: "tozero" },
      yaxis: { ...quietAxis(colour), title: axisTitle("Hypervolume", colour), rangemode: "tozero" },
      legend: { orientation: "h", x: 0, y: 1.02, yanchor: "bottom", font: { color: colour.muted } },
    },
    words: end ? [`Hypervolume of this search: ${hypervolume(end.hypervolume)} after ${inWords(over, own.now)}`, ...against].join("; ").concat(".") : "The front has not changed yet.",
    columns: ["Search", over === "trials" ? "Trials" : "Compute time", "Hypervolume"],
    rows: drawn.flatMap((line) => line.points.map((point) => [line.name, inWords(over, point).replace(/ trials?$/, ""), hypervolume(point.hypervolume)])),
  };
}
