// @ts-check
/** The front's scene as Plotly's traces. Pure. */

import { bits, count, exactBytes, interval, percent } from "./format.js";

/** @import {Trial} from "./types.js" */
/** @import {Axis} from "./axes.js" */
/** @import {Colours} from "./theme.js" */
/** @import {Scene} from "./front_scene.js" */

const ON_FLOOR = 0.025;
/** Dominated points in one cell of this many pixels look like one, so one is drawn. */
const CELL_PX = 5;

/**
 * @param {Trial} trial
 * @param {Axis} x
 * @param {readonly [number, number]|null} [range]
 */
function hoverText(trial, x, range) {
  const { accuracy } = trial.metrics;
  const measured = accuracy === undefined ? "accuracy not known yet" : `${percent(accuracy)}${range ? `  (${interval(range)})` : ""}`;
  const lines = [`Trial ${trial.number}${trial.state === "completed" ? "" : `, ${trial.state}`}`, measured, exactBytes(trial.costs.size_bytes)];
  if (x.key !== "size_bytes") lines.push(`${x.title}: ${x.words(/** @type {number} */ (x.of(trial)))}`);
  if (trial.mean_weight_bits !== null) lines.push(`${bits(trial.mean_weight_bits)} bits on average`);
  if (trial.costs.macs && x.key !== "macs") lines.push(`${count(trial.costs.macs)} MACs`);
  return lines.join("<br>");
}

/**
 * @param {Trial[]} trials
 * @param {(trial: Trial) => [number, number]} placeOf in shares of the picture
 * @param {number} width
 * @param {number} height
 */
export function oneOfEachCell(trials, placeOf, width, height) {
  /** @type {Map<number, Trial>} */
  const cells = new Map();
  for (const trial of trials) {
    const [x, y] = placeOf(trial);
    const column = Math.floor((x * width) / CELL_PX);
    const row = Math.floor((y * height) / CELL_PX);
    const cell = column * 10_000 + row;
    if (!cells.has(cell)) cells.set(cell, trial);
  }
  return [...cells.values()];
}

/** One number each, even where all are alike: Plotly changes numbers, but not their kind, without computing all else anew. @param {readonly string[]} ids @param {ReadonlySet<string>|null} brushed */
export const opacities = (ids, brushed) => ids.map((id) => (!brushed || brushed.has(id) ? 1 : 0.15));

/** The traces whose points a brush chooses among, by their place in `tracesOf`. */
export const BRUSHED_TRACES = [0, 1, 2, 5];

/**
 * @param {Scene} scene
 * @param {Axis} x
 * @param {Axis} y
 * @param {Colours} colour
 * @param {object} view
 * @param {boolean} view.hasStep the pair shown is the pair searched for, so the front is a line
 * @param {ReadonlySet<string>|null} view.brushed ids of the trials to point out; null: all alike
 * @param {readonly [number, number]} view.xShown exponents of ten
 * @param {readonly [number, number]} view.yShown in the units of the axis
 * @param {number} view.width
 * @param {number} view.scale of marks
 */
export function tracesOf(scene, x, y, colour, { hasStep, brushed, xShown, yShown, width, scale }) {
  const across = (/** @type {Trial[]} */ trials) => trials.map((trial) => /** @type {number} */ (x.of(trial)));
  const up = (/** @type {Trial[]} */ trials) => trials.map((trial) => /** @type {number} */ (y.of(trial)));
  const hover = (/** @type {Trial[]} */ trials) => ({ customdata: trials.map((trial) => trial.id), text: trials.map((trial) => hoverText(trial, x)), hovertemplate: "%{text}<extra></extra>" });
  const opacity = (/** @type {Trial[]} */ trials) => opacities(trials.map((trial) => trial.id), brushed);
  const share = (/** @type {number} */ value, /** @type {readonly [number, number]} */ [low, high]) => (value - low) / (high - low);
  const ofY = (/** @type {Trial} */ trial) => (y.isLog ? Math.log10(/** @type {number} */ (y.of(trial))) : /** @type {number} */ (y.of(trial)));
  const dominated = oneOfEachCell(scene.dominated, (trial) => [share(Math.log10(/** @type {number} */ (x.of(trial))), xShown), share(ofY(trial), yShown)], width, 400);
  const below = oneOfEachCell(scene.below, (trial) => [share(Math.log10(/** @type {number} */ (x.of(trial))), xShown), 0], width, 400);
  const frontTrials = scene.front.map((point) => point.trial);
  const reach = (/** @type {0|1} */ end) => scene.front.map(({ trial, accuracy_interval: range }) => Math.abs((range?.[end] ?? trial.metrics.accuracy) - trial.metrics.accuracy));
  return [
    { name: "Dominated", mode: "markers", x: across(dominated), y: up(dominated), ...hover(dominated), marker: { size: 7 * scale, color: colour.faint, line: { width: 0 }, opacity: opacity(dominated) } },
    {
      name: "Below the axis",
      mode: "markers",
      yaxis: "y2",
      x: across(below),
      y: below.map(() => ON_FLOOR),
      ...hover(below),
      marker: { size: 8 * scale, symbol: "triangle-down-open", color: colour.faint, line: { width: 1.5 }, opacity: opacity(below) },
    },
    {
      name: "Front",
      mode: hasStep ? "lines+markers" : "markers",
      x: across(frontTrials),
      y: up(frontTrials),
      customdata: frontTrials.map((trial) => trial.id),
      text: scene.front.map((point) => hoverText(point.trial, x, point.accuracy_interval)),
      hovertemplate: "%{text}<extra></extra>",
      line: { shape: "hv", width: 2, color: colour.accent },
      marker: { size: 10 * scale, color: colour.accent, line: { width: 2, color: colour.surface }, opacity: opacity(frontTrials) },
      error_y: { type: "data", visible: !y.isLog, symmetric: false, array: reach(1), arrayminus: reach(0), thickness: 1.5, width: 4, color: colour.interval },
    },
    {
      name: "Float network",
      mode: "markers",
      x: scene.float ? [scene.float.metrics.float_size_bytes] : [],
      y: scene.float ? [scene.float.metrics.float_accuracy] : [],
      customdata: scene.float ? [scene.float.id] : [],
      text: scene.float ? [`Float network of trial ${scene.float.number}<br>${percent(scene.float.metrics.float_accuracy)}<br>${x.words(scene.float.metrics.float_size_bytes)}`] : [],
      hovertemplate: "%{text}<extra></extra>",
      marker: { size: 10 * scale, symbol: "diamond-open", color: colour.float, line: { width: 2 } },
    },
    {
      name: "Training now",
      mode: "markers",
      ...(y.isLog ? {} : { yaxis: "y2" }),
      cliponaxis: false,
      x: across(scene.open),
      y: y.isLog ? up(scene.open) : scene.open.map(() => ON_FLOOR),
      ...hover(scene.open),
      marker: { size: 11 * scale, symbol: "diamond", color: scene.open.map((trial) => (trial.state === "running" ? colour.running : colour.surface)), line: { width: 2, color: colour.running } },
    },
    { name: "Tied with the front", mode: "markers", x: across(scene.tied), y: up(scene.tied), ...hover(scene.tied), marker: { size: 8 * scale, symbol: "circle-open", color: colour.accent, line: { width: 1.5 }, opacity: opacity(scene.tied) } },
    // Plotly draws NaN when a reaction leaves an axis without any trace
    ...["y", "y2"].map((yaxis) => ({ yaxis, mode: "markers", x: [10 ** scene.xRange[0]], y: [y.isLog ? 10 ** scene.yRange[0] : scene.yRange[0]], hoverinfo: "skip", showlegend: false, marker: { opacity: 0 } })),
  ].map((trace) => ({ type: "scatter", showlegend: trace.x.length > 0, ...trace }));
}
