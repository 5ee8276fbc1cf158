// @ts-check
/** The two axes of the front: where they end and what their ticks say. Pure. */

import { count, percent, size } from "./format.js";

/** @import {Search, Trial} from "./types.js" */

const OCTAVES_AROUND = 0.35;
const ROOM_BELOW = 0.3;
const SMALLEST_SPAN = 0.04;

/**
 * @typedef {object} Axis
 * @property {string} key
 * @property {string} title
 * @property {boolean} isLog costs are, accuracy is not
 * @property {(value: number) => string} words
 * @property {(trial: Trial) => number|undefined} of
 */

/** @param {string} key @param {string} title @param {(value: number) => string} words @returns {Axis} */
const cost = (key, title, words) => ({ key, title, words, isLog: true, of: (trial) => trial.costs[key] });

/** @type {Axis} */
export const ACCURACY = { key: "accuracy", title: "Validation accuracy", isLog: false, words: percent, of: (trial) => trial.metrics.accuracy };

/** @type {Record<string, Axis>} */
const COST_AXES = {
  size_bytes: cost("size_bytes", "Size of the packed file", size),
  macs: cost("macs", "Multiply-accumulates", count),
  bops: cost("bops", "Bit operations", count),
  peak_activation_bytes: cost("peak_activation_bytes", "Activation memory", size),
  latency_ms: cost("latency_ms", "Latency", (value) => `${Number(value.toPrecision(3))}\u202fms`),
  energy_uj: cost("energy_uj", "Energy", (value) => `${Number(value.toPrecision(3))}\u202fµJ`),
};

/**
 * The costs that this search's trials have, its objectives first.
 *
 * @param {Search|null} search
 * @param {Trial|undefined} trial any of it
 */
export function costAxes(search, trial) {
  const objectives = (search?.objectives ?? []).filter((key) => key in COST_AXES);
  const others = Object.keys(COST_AXES).filter((key) => !objectives.includes(key) && trial?.costs[key] !== undefined);
  return [...objectives, ...others].map((key) => COST_AXES[key]);
}

/**
 * The axis across: the one asked for, else the first cost the search minimizes, else size.
 *
 * @param {Search|null} search
 * @param {string|null} [asked]
 */
export function costAxis(search, asked = null) {
  const objective = search?.objectives.find((name) => name in COST_AXES);
  return COST_AXES[asked ?? ""] ?? COST_AXES[objective ?? "size_bytes"];
}

/** The axis up: accuracy where nothing else is asked for. @param {string|null} asked */
export const upAxis = (asked) => COST_AXES[asked ?? ""] ?? ACCURACY;

/** @param {readonly number[]} values at least one; too many to be arguments */
const lowest = (values) => values.reduce((a, b) => Math.min(a, b));

/** @param {readonly number[]} values */
const highest = (values) => values.reduce((a, b) => Math.max(a, b));

/**
 * Exponents of ten around positive values, with room at both ends.
 *
 * @param {readonly number[]} values
 * @returns {[number, number]}
 */
export function logRange(values) {
  const known = values.filter((value) => value > 0);
  if (!known.length) return [Math.log10(1024), Math.log10(128 * 1024)];
  const room = OCTAVES_AROUND * Math.log10(2);
  const low = Math.log10(lowest(known)) - room;
  const high = Math.log10(highest(known)) + room;
  const missing = Math.max(0, Math.log10(4) - (high - low)) / 2;
  return [low - missing, high + missing];
}

/**
 * Ticks at powers of two, which is how memory comes; closer ones when zoomed in.
 *
 * @param {readonly [number, number]} range exponents of ten
 * @param {(value: number) => string} words
 * @param {number} most how many labels there is room for
 */
export function logTicks([low, high], words, most) {
  const first = low / Math.log10(2);
  const octaves = high / Math.log10(2) - first;
  const steps = [0.125, 0.25, 0.5, 1, 2, 3, 4, 6, 8];
  const step = steps.find((candidate) => octaves / candidate <= most) ?? 12;
  const ticks = [];
  for (let k = Math.ceil(first / step); k * step <= first + octaves; k += 1) ticks.push(2 ** (k * step));
  return { tickvals: ticks, ticktext: ticks.map(words) };
}

/**
 * The accuracies to show. A trial far below the front does not squeeze it: it is drawn on the floor.
 *
 * @param {readonly number[]} ofFront accuracies and ends of intervals of front points, 0 to 1
 * @param {readonly number[]} others accuracies of the other trials
 * @returns {[number, number]}
 */
export function accuracyRange(ofFront, others) {
  const leading = ofFront.length ? ofFront : others;
  if (!leading.length) return [0, 1];
  const top = highest([...leading, ...others]);
  const span = Math.max(top - lowest(leading), SMALLEST_SPAN);
  const low = lowest(leading) - ROOM_BELOW * span;
  return [Math.max(low, -0.02), Math.min(top + 0.12 * span, 1.01)];
}
