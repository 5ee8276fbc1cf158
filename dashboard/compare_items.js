// @ts-check
/** Searches and trials as columns that can be laid side by side. */

import { getFront, getSearch, getTrial } from "./api.js";
import { bits, count, hypervolume, inPoints, percent, signed, size } from "./format.js";
import { nameOf } from "./search_header.js";

/** @import {Front, Search, Trial} from "./types.js" */

export const MOST_ITEMS = 6;

/** @typedef {{number: number, accuracy: number, bytes: number, interval: [number, number]|null}} Point */
/** @typedef {(value: number, first: number) => string} More how much more than the first's, in words */
/** @typedef {{words: string, value: number|string|null, more?: More}} Fact */
/**
 * @typedef {object} Item
 * @property {string} id
 * @property {"search"|"trial"} kind
 * @property {string} name
 * @property {Point[]} points smallest first
 * @property {Map<string, Fact>} facts
 */

/** @param {unknown} value @returns {Fact} */
const text = (value) => ({ words: value === null || value === undefined ? "–" : String(value), value: value === undefined || value === null ? null : String(value) });

/** @type {More} */
const relative = (value, first) => (first === 0 ? "" : signed((100 * (value - first)) / Math.abs(first), (share) => `${share.toFixed(1)}\u202f%`));

/** Of accuracies. @type {More} */
const ofShares = (value, first) => inPoints(value - first);

/** Of widths and other choices. @type {More} */
const absolute = (value, first) => signed(value - first, (size) => String(Number(size.toFixed(2))));

/** @param {number|null|undefined} value @param {(value: number) => string} words @param {More} [more] @returns {Fact} */
const number = (value, words, more = relative) => (value === null || value === undefined ? text(null) : { words: words(value), value, more });

/** @param {object} object */
const inOneLine = (object) => Object.entries(object).filter(([, value]) => value !== null && typeof value !== "object").map(([key, value]) => `${key} ${value}`).join(", ");

/** @param {Trial} trial @param {[number, number]|null} interval @returns {Point} */
const pointOf = (trial, interval) => ({ number: trial.number, accuracy: trial.metrics.accuracy, bytes: trial.costs.size_bytes, interval });

/** @param {Search} search @param {Front} front @returns {Item} */
function ofSearch(search, front) {
  const points = front.points.map((point) => pointOf(point.trial, point.accuracy_interval)).sort((a, b) => a.bytes - b.bytes);
  const [least, most] = [points.at(0), points.at(-1)];
  /** @type {[string, Fact][]} */
  const facts = [
    ["Hypervolume", number(front.hypervolume, hypervolume)],
    ["Networks on the front", number(points.length, String, absolute)],
    ["Most accurate", number(most?.accuracy, percent, ofShares)],
    ["Size of the most accurate", number(most?.bytes, size)],
    ["Smallest", number(least?.bytes, size)],
    ["Accuracy of the smallest", number(least?.accuracy, percent, ofShares)],
    ["Completed trials", number(search.trial_counts.completed ?? 0, String, absolute)],
    ["State", text(search.state)],
    ["Data set", text(search.dataset)],
    ["Space", text(search.space.family)],
    ["Objectives", text(search.objectives.join(", "))],
    ["Budgets", text(inOneLine(search.budgets) || null)],
    ["Strategy", text(inOneLine(search.strategy))],
    ["Recipe", text(inOneLine(search.recipe))],
    ["Seed", text(search.seed)],
  ];
  return { id: search.id, kind: "search", name: nameOf(search), points, facts: new Map(facts) };
}

/** @param {Trial} trial @param {Search} search @returns {Item} */
function ofTrial(trial, search) {
  /** @type {[string, Fact][]} */
  const facts = [
    ["Accuracy", number(trial.metrics.accuracy, percent, ofShares)],
    ["Test accuracy", number(trial.metrics.test_accuracy, percent, ofShares)],
    ["Size of the file", number(trial.costs.size_bytes, size)],
    ["Mean weight bits", number(trial.mean_weight_bits, bits, absolute)],
    ["MACs", number(trial.costs.macs, count)],
    ["BOPs", number(trial.costs.bops, count)],
    ["Activation memory", number(trial.costs.peak_activation_bytes, size)],
    ["State", text(trial.state)],
    ["Proposed by", text(trial.gen_method)],
    ["Data set", text(search.dataset)],
    .../** @type {[string, Fact][]} */ (Object.entries(trial.genes ?? {}).map(([gene, value]) => [gene, typeof value === "number" ? number(value, String, absolute) : text(value)])),
  ];
  const points = trial.metrics.accuracy === undefined ? [] : [pointOf(trial, null)];
  return { id: trial.id, kind: "trial", name: `${nameOf(search)}, trial ${trial.number}`, points, facts: new Map(facts) };
}

/** @param {string} id of a search or a trial @param {AbortSignal} signal @returns {Promise<Item>} */
export async function readItem(id, signal) {
  if (id.startsWith("sea_")) {
    const [search, front] = await Promise.all([getSearch(id, signal), getFront(id, signal)]);
    return ofSearch(search, front);
  }
  const trial = await getTrial(id, signal);
  return ofTrial(trial, await getSearch(/** @type {string} */ (trial.search_id), signal));
}

/**
 * Facts by row, one cell per item; numbers with what they are more than the first's.
 *
 * @param {readonly Item[]} items
 * @param {boolean} differencesOnly
 * @returns {{name: string, cells: {words: string, more: string}[]}[]}
 */
export function differences(items, differencesOnly) {
  const names = [...new Set(items.flatMap((item) => [...item.facts.keys()]))];
  const rows = names.map((name) => {
    const facts = items.map((item) => item.facts.get(name) ?? text(null));
    const first = facts[0].value;
    const cells = facts.map(({ words, value, more }) => {
      const isOther = typeof value === "number" && typeof first === "number" && value !== first;
      return { words, more: (isOther && more?.(value, first)) || "" };
    });
    return { name, cells, differs: facts.some(({ value }) => value !== first) };
  });
  return rows.filter((row) => row.differs || !differencesOnly);
}
