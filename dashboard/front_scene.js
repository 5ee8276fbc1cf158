// @ts-check
/** What the picture of the front shows, apart from how it is drawn. Pure. */

import { accuracyRange, logRange } from "./axes.js";
import { percent } from "./format.js";
import { frontTrialIds, isTrialEnded } from "./state.js";

/** @import {FrontPoint, Trial} from "./types.js" */
/** @import {ViewState} from "./state.js" */
/** @import {CostAxis} from "./axes.js" */

/**
 * @typedef {object} Scene
 * @property {FrontPoint[]} front smallest first
 * @property {Trial[]} dominated completed, off the front, within the shown accuracies
 * @property {Trial[]} below completed, less accurate than the axis shows
 * @property {Trial[]} open waiting or running
 * @property {Trial|null} float the trial whose float network is the most accurate one known
 * @property {Trial|null} selected
 * @property {[number, number]} xRange
 * @property {[number, number]} yRange
 * @property {number|null} budget
 */

/** @param {Iterable<Trial>} trials */
function bestFloat(trials) {
  let best = null;
  for (const trial of trials) {
    const { float_accuracy: accuracy, float_size_bytes: bytes } = trial.metrics;
    if (accuracy === undefined || bytes === undefined) continue;
    if (!best || accuracy > best.metrics.float_accuracy) best = trial;
  }
  return best;
}

/**
 * What is drawn, apart from how.
 *
 * @param {ViewState} state
 * @param {CostAxis} axis
 * @param {string|null} selectedId
 * @returns {Scene}
 */
export function sceneOf({ search, front, trials }, axis, selectedId) {
  const all = [...trials.values()];
  const points = front?.points ?? [];
  const onFront = frontTrialIds(front);
  const others = all.filter((trial) => trial.metrics.accuracy !== undefined && !onFront.has(trial.id));
  const open = all.filter((trial) => !isTrialEnded(trial) && trial.costs[axis.key] > 0);
  const float = axis.key === "size_bytes" ? bestFloat(all) : null;
  const budget = search?.budgets[axis.key] ?? null;
  const ofFront = points.flatMap((point) => [point.trial.metrics.accuracy, ...(point.accuracy_interval ?? [])]);
  const yRange = accuracyRange(ofFront, [...others.map((trial) => trial.metrics.accuracy), ...(float ? [float.metrics.float_accuracy] : [])]);
  const costs = [...points.map((point) => point.trial), ...others, ...open].map((trial) => trial.costs[axis.key]);
  const xRange = logRange([...costs, ...(float ? [float.metrics.float_size_bytes] : []), ...(budget ? [budget] : [])]);
  return {
    front: points,
    dominated: others.filter((trial) => trial.metrics.accuracy >= yRange[0]),
    below: others.filter((trial) => trial.metrics.accuracy < yRange[0]),
    open,
    float,
    selected: (selectedId && trials.get(selectedId)) || null,
    xRange,
    yRange,
    budget,
  };
}

/**
 * One sentence that says what the picture shows.
 *
 * @param {Scene} scene
 * @param {CostAxis} axis
 */
export function frontInWords(scene, axis) {
  if (!scene.front.length) return "No trial has finished yet, so there is no front.";
  const first = scene.front[0].trial;
  const last = scene.front[scene.front.length - 1].trial;
  const from = `${percent(first.metrics.accuracy)} at ${axis.words(first.costs[axis.key])}`;
  if (scene.front.length === 1) return `The front has one network: ${from}.`;
  return `The front has ${scene.front.length} networks, from ${from} to ${percent(last.metrics.accuracy)} at ${axis.words(last.costs[axis.key])}.`;
}
