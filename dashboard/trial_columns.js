// @ts-check
/** The columns of the table of trials, and its order. Pure. */

import { bits, count, percent, size } from "./format.js";

/** @import {Trial} from "./types.js" */

/** @typedef {number|string|null|undefined} SortKey */
/**
 * @typedef {object} Column
 * @property {string} key
 * @property {string} title
 * @property {boolean} isNumber
 * @property {(trial: Trial) => SortKey} sortKey
 * @property {(trial: Trial) => string} [words]
 */

/** @type {Column[]} */
export const COLUMNS = [
  { key: "number", title: "Trial", isNumber: false, sortKey: (trial) => trial.number },
  { key: "state", title: "State", isNumber: false, sortKey: (trial) => trial.state },
  { key: "accuracy", title: "Accuracy", isNumber: true, sortKey: (trial) => trial.metrics.accuracy, words: (trial) => percent(trial.metrics.accuracy) },
  { key: "size", title: "Size", isNumber: true, sortKey: (trial) => trial.costs.size_bytes, words: (trial) => size(trial.costs.size_bytes) },
  { key: "bits", title: "Mean bits", isNumber: true, sortKey: (trial) => trial.mean_weight_bits, words: (trial) => bits(trial.mean_weight_bits) },
  { key: "macs", title: "MACs", isNumber: true, sortKey: (trial) => trial.costs.macs, words: (trial) => count(trial.costs.macs) },
  { key: "method", title: "Method", isNumber: false, sortKey: (trial) => trial.gen_method, words: (trial) => trial.gen_method },
  { key: "attempt", title: "Attempt", isNumber: true, sortKey: (trial) => trial.attempt, words: (trial) => (trial.attempt ? String(trial.attempt) : "–") },
  { key: "file", title: "File", isNumber: false, sortKey: (trial) => trial.artifact?.size_bytes },
];

/**
 * Unknown values come last in either direction.
 *
 * @param {readonly Trial[]} trials
 * @param {Column} column
 * @param {1|-1} direction
 */
export function sorted(trials, column, direction) {
  return [...trials].sort((a, b) => {
    const [p, q] = [column.sortKey(a), column.sortKey(b)];
    const [isUnknownP, isUnknownQ] = [p === null || p === undefined, q === null || q === undefined];
    if (isUnknownP || isUnknownQ) return Number(isUnknownP) - Number(isUnknownQ) || a.number - b.number;
    const order = typeof p === "string" ? p.localeCompare(String(q)) : Number(p) - Number(q);
    return direction * order || a.number - b.number;
  });
}
