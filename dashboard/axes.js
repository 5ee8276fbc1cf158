// @ts-check
/** The two axes of the front: where they end and what their ticks say. Pure. */

import { count, size } from "./format.js";

/** @import {Search} from "./types.js" */

const OCTAVES_AROUND = 0.35;
const ROOM_BELOW = 0.3;
const SMALLEST_SPAN = 0.04;

/**
 * @typedef {object} CostAxis
 * @property {string} key in a trial's costs
 * @property {string} title
 * @property {(value: number) => string} words
 */

/** @type {Record<string, CostAxis>} */
const COST_AXES = {
  size_bytes: { key: "size_bytes", title: "Size of the packed file", words: size },
  macs: { key: "macs", title: "Multiply-accumulates", words: count },
  bops: { key: "bops", title: "Bit operations", words: count },
  peak_activation_bytes: { key: "peak_activation_bytes", title: "Activation memory", words: size },
};

/**
 * The first cost the search minimizes; size where it minimizes none.
 *
 * @param {Search|null} search
 */
export function costAxis(search) {
  const key = search?.objectives.find((name) => name in COST_AXES);
  return COST_AXES[key ?? "size_bytes"];
}

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
  const low = Math.log10(Math.min(...known)) - room;
  const high = Math.log10(Math.max(...known)) + room;
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
  const top = Math.max(...leading, ...others);
  const span = Math.max(top - Math.min(...leading), SMALLEST_SPAN);
  const low = Math.min(...leading) - ROOM_BELOW * span;
  return [Math.max(low, -0.02), Math.min(top + 0.12 * span, 1.01)];
}
