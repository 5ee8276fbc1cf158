// @ts-check
/** What the picture of the front shows, apart from how it is drawn. Pure. */

import { accuracyRange, logRange } from "./axes.js";
import { wilson } from "./intervals.js";
import { frontTrialIds, isTrialEnded } from "./state.js";

/** @import {FrontPoint, Trial} from "./types.js" */
/** @import {ViewState} from "./state.js" */
/** @import {Axis} from "./axes.js" */

/**
 * @typedef {object} Scene
 * @property {FrontPoint[]} front smallest first
 * @property {Trial[]} dominated completed, off the front, within the shown accuracies
 * @property {Trial[]} tied of these, such whose 95 % interval reaches the front
 * @property {Trial[]} below completed, less accurate than the axis shows
 * @property {Trial[]} open waiting or running
 * @property {Trial|null} float the trial whose float network is the most accurate one known
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
 * Off the front by less than chance: another draw of validation images could have put it there.
 *
 * @param {Trial} trial
 * @param {readonly FrontPoint[]} front
 * @param {Axis} x
 */
function isTied(trial, front, x) {
  const { accuracy, n_validation: n } = trial.metrics;
  const range = wilson(accuracy, n);
  const cost = /** @type {number} */ (x.of(trial));
  const rivals = front.filter((point) => /** @type {number} */ (x.of(point.trial)) <= cost).map((point) => point.trial.metrics.accuracy);
  return range !== null && rivals.length > 0 && range[1] >= Math.max(...rivals);
}

/**
 * What is drawn, apart from how.
 *
 * @param {ViewState} state
 * @param {Axis} x a cost
 * @param {Axis} y
 * @returns {Scene}
 */
export function sceneOf({ search, front, trials }, x, y) {
  const all = [...trials.values()].filter((trial) => /** @type {number} */ (x.of(trial)) > 0);
  const points = front?.points ?? [];
  const onFront = frontTrialIds(front);
  const others = all.filter((trial) => trial.metrics.accuracy !== undefined && !onFront.has(trial.id));
  const open = all.filter((trial) => !isTrialEnded(trial));
  const float = x.key === "size_bytes" && !y.isLog ? bestFloat(all) : null;
  const budget = search?.budgets[x.key] ?? null;
  const drawn = [...points.map((point) => point.trial), ...others, ...open];
  const values = (/** @type {Axis} */ axis) => drawn.map(axis.of).filter((value) => value !== undefined);
  const ofFront = points.flatMap((point) => [point.trial.metrics.accuracy, ...(point.accuracy_interval ?? [])]);
  const accuracies = others.map((trial) => trial.metrics.accuracy);
  const yRange = y.isLog ? logRange(values(y)) : accuracyRange(ofFront, [...accuracies, ...(float ? [float.metrics.float_accuracy] : [])]);
  const xRange = logRange([...values(x), ...(float ? [float.metrics.float_size_bytes] : []), ...(budget ? [budget] : [])]);
  const isShown = (/** @type {Trial} */ trial) => y.isLog || trial.metrics.accuracy >= yRange[0];
  const within = others.filter(isShown);
  const tied = new Set(y.isLog ? [] : within.filter((trial) => isTied(trial, points, x)));
  return {
    front: [...points].sort((a, b) => /** @type {number} */ (x.of(a.trial)) - /** @type {number} */ (x.of(b.trial))),
    dominated: within.filter((trial) => !tied.has(trial)),
    tied: [...tied],
    below: others.filter((trial) => !isShown(trial)),
    open,
    float,
    xRange,
    yRange,
    budget,
  };
}

/**
 * One sentence that says what the picture shows.
 *
 * @param {Scene} scene
 * @param {Axis} x
 * @param {Axis} y
 */
export function frontInWords(scene, x, y) {
  if (!scene.front.length) return "No trial has finished yet, so there is no front.";
  const words = (/** @type {Axis} */ axis, /** @type {Trial} */ trial) => axis.words(/** @type {number} */ (axis.of(trial)));
  const at = (/** @type {FrontPoint} */ { trial }) => `${words(y, trial)} at ${words(x, trial)}`;
  const from = at(scene.front[0]);
  if (scene.front.length === 1) return `The front has one network: ${from}.`;
  return `The front has ${scene.front.length} networks, from ${from} to ${at(scene.front[scene.front.length - 1])}.`;
}
