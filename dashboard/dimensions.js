// @ts-check
/** The axes of the parallel coordinates: accuracy, costs and genes, each from 0 to 1. Pure. */

import { ACCURACY, costAxes } from "./axes.js";
import { bits } from "./format.js";

/** @import {Trial} from "./types.js" */
/** @import {ViewState} from "./state.js" */

/**
 * @typedef {object} Dimension
 * @property {string} key
 * @property {string} title
 * @property {(trial: Trial) => number|null} place 0 at the bottom, 1 at the top; null where unknown
 * @property {(share: number) => string} words
 */

/** @type {Record<string, string>} titles of the front's axes are too long here */
const SHORT = { size_bytes: "Size", macs: "MACs", bops: "BOPs", peak_activation_bytes: "Activations", latency_ms: "Latency", energy_uj: "Energy" };

/** @typedef {ReadonlyMap<string, readonly [number, number]>} Brushes shares of the axes, by key */

/**
 * @param {string} key
 * @param {string} title
 * @param {readonly Trial[]} trials
 * @param {(trial: Trial) => number|undefined|null} of
 * @param {(value: number) => string} words
 * @param {boolean} isLog
 * @returns {Dimension|null} null where nothing varies
 */
function scaled(key, title, trials, of, words, isLog) {
  const scale = isLog ? Math.log : Number;
  const unscale = isLog ? Math.exp : Number;
  let [low, high] = [Infinity, -Infinity];
  for (const trial of trials) {
    const value = of(trial);
    if (value === undefined || value === null) continue;
    low = Math.min(low, scale(value));
    high = Math.max(high, scale(value));
  }
  if (!(high > low)) return null;
  const place = (/** @type {Trial} */ trial) => {
    const value = of(trial);
    return value === undefined || value === null ? null : (scale(value) - low) / (high - low);
  };
  return { key, title, place, words: (share) => words(unscale(low + share * (high - low))) };
}

/**
 * @param {string} key
 * @param {readonly Trial[]} trials
 * @returns {Dimension|null}
 */
function ofGene(key, trials) {
  const of = (/** @type {Trial} */ trial) => trial.genes?.[key];
  const values = [...new Set(trials.map(of).filter((value) => value !== undefined))].sort((a, b) => (typeof a === "number" && typeof b === "number" ? a - b : String(a).localeCompare(String(b))));
  if (values.length < 2) return null;
  const places = new Map(values.map((value, i) => [value, i / (values.length - 1)]));
  const place = (/** @type {Trial} */ trial) => {
    const value = of(trial);
    return value === undefined ? null : (places.get(value) ?? null);
  };
  return { key, title: key, place, words: (share) => String(values[Math.round(share * (values.length - 1))]) };
}

/** Genes that vary among the trials, by name. @param {readonly Trial[]} trials */
export function varyingGenes(trials) {
  /** @type {Map<string, unknown>} */
  const first = new Map();
  const varying = new Set();
  for (const { genes } of trials) {
    for (const [key, value] of Object.entries(genes ?? {})) {
      if (!first.has(key)) first.set(key, value);
      else if (first.get(key) !== value) varying.add(key);
    }
  }
  return [...varying].sort();
}

/**
 * @param {ViewState} state
 * @param {readonly Trial[]} trials
 * @param {readonly string[]} genes
 * @returns {Dimension[]}
 */
export function dimensionsOf({ search }, trials, genes) {
  const costs = costAxes(search, trials[0]).map((axis) => scaled(axis.key, SHORT[axis.key], trials, axis.of, axis.words, true));
  const accuracy = scaled(ACCURACY.key, "Accuracy", trials, ACCURACY.of, ACCURACY.words, false);
  const width = scaled("mean_weight_bits", "Mean bits", trials, (trial) => trial.mean_weight_bits, bits, false);
  return [accuracy, ...costs, width, ...genes.map((key) => ofGene(key, trials))].filter((dimension) => dimension !== null);
}

/**
 * The trials inside every brush; null without a brush.
 *
 * @param {readonly Trial[]} trials
 * @param {readonly Dimension[]} dimensions
 * @param {Brushes} brushes
 * @returns {Set<string>|null}
 */
export function brushedIds(trials, dimensions, brushes) {
  const bounds = dimensions.flatMap((dimension) => {
    const brush = brushes.get(dimension.key);
    return brush ? [{ dimension, low: brush[0] - 1e-9, high: brush[1] + 1e-9 }] : [];
  });
  if (!bounds.length) return null;
  const isInside = (/** @type {Trial} */ trial) =>
    bounds.every(({ dimension, low, high }) => {
      const place = dimension.place(trial);
      return place !== null && place >= low && place <= high;
    });
  return new Set(trials.filter(isInside).map((trial) => trial.id));
}

/** @param {Brushes} brushes */
export const brushesAsText = (brushes) => [...brushes].map(([key, [low, high]]) => `${key}:${low.toFixed(3)}:${high.toFixed(3)}`).join(",");

/** @param {string|null} text @returns {Brushes} */
export function brushesOfText(text) {
  const parts = (text ?? "").split(",").map((part) => part.split(":"));
  const known = parts.filter(([, low, high]) => Number(low) >= 0 && Number(high) <= 1 && Number(low) <= Number(high));
  return new Map(known.map(([key, low, high]) => [key, [Number(low), Number(high)]]));
}
