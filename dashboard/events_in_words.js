// @ts-check
/** Events as sentences. Pure: an event and the trials known, in; words out. */

import { duration, hypervolume, listed, percent, plural, sentence, size } from "./format.js";
import { asReason } from "./state.js";

/** @import {SearchEvent, Trial} from "./types.js" */

/** @typedef {"plain"|"good"|"bad"} Tone */
/** @typedef {{text: string, tone: Tone, trialId: string|null}} Entry */

/** @type {Record<string, string>} */
const STATE_WORDS = {
  queued: "The search is waiting for a worker",
  running: "The search is running",
  paused: "The search is paused",
  refining: "All trials are done; the front is being measured on the test split",
  succeeded: "The search is finished",
  failed: "The search failed",
  cancelled: "The search was cancelled",
};

/** @type {Record<string, string>} */
const OUTCOME_WORDS = {
  infeasible: "it cannot be built within the limits",
  diverged: "training diverged",
  out_of_memory: "it ran out of memory",
  artifact_mismatch: "the packed file is less accurate than the network it came from",
  stopped_early: "it could not reach the front",
  lost: "its workers were lost",
  error: "an error",
};

/** @type {Record<string, Tone>} */
const STATE_TONES = { succeeded: "good", failed: "bad" };

/** @param {unknown} reason */
const withReason = (reason) => {
  const message = asReason(reason, "")?.message;
  return message ? `: ${message}` : "";
};

/** @param {Record<string, any>} payload */
const subject = (payload) => `Trial ${payload.number}`;

/**
 * @param {Record<string, any>} payload
 * @param {ReadonlyMap<string, Trial>} trials
 */
function frontChange(payload, trials) {
  /** @param {string} id */
  const number = (id) => trials.get(id)?.number ?? "?";
  const added = (payload.added ?? []).map(number);
  const removed = (payload.removed ?? []).map(number);
  const volume = ` (hypervolume ${hypervolume(payload.hypervolume)})`;
  const trial = trials.get(payload.added?.[0]);
  const what = trial && added.length === 1 ? `: ${percent(trial.metrics.accuracy)} at ${size(trial.costs.size_bytes)}` : "";
  const replaced = removed.length ? `, replacing ${listed(removed)}` : "";
  if (!added.length) return `The front lost ${removed.length === 1 ? "trial" : "trials"} ${listed(removed)}${volume}`;
  return `${added.length === 1 ? "Trial" : "Trials"} ${listed(added)} joined the front${what}${replaced}${volume}`;
}

/** @param {Record<string, any>} payload */
function whyFailed({ outcome, reason }) {
  const message = asReason(reason, "")?.message;
  const words = OUTCOME_WORDS[outcome] ?? outcome ?? "an error";
  return message ? `${words}. ${sentence(message)}` : words;
}

/** Accuracy at a rung of early stopping, and what was decided there. @param {Record<string, any>} payload */
function rung({ number, epoch, n_epochs: nEpochs, accuracy, probe_accuracy: probed, probability, verdict }) {
  const quantized = typeof probed === "number" ? ` (${percent(probed)} quantized)` : "";
  const reached = `Trial ${number} reached ${percent(accuracy)}${quantized} at epoch ${epoch} of ${nEpochs}`;
  if (probability === null || probability === undefined) return `${reached}; it goes on`;
  const chance = `its chance to join the front is ${percent(probability)}`;
  const then = verdict === "stop" ? ", so it stops" : verdict === "audit" ? ", and it goes on to check the rule" : "";
  return `${reached}; ${chance}${then}`;
}

/** @param {Record<string, any>} payload */
function extension({ max_trials: trials, wall_time_s: wallTime, compute_s: compute }) {
  const limits = [`${plural(trials, "trial")}`, wallTime && `${duration(wallTime)} of time`, compute && `${duration(compute)} of training`];
  return `The search may go on to ${listed(limits.filter(Boolean))}`;
}

/** @type {Record<string, (payload: Record<string, any>, trials: ReadonlyMap<string, Trial>) => [string, Tone]>} */
const WORDS = {
  "search.state": ({ state, reason }) => [`${STATE_WORDS[state] ?? state}${withReason(reason)}`, STATE_TONES[state] ?? "plain"],
  "trial.created": (payload) => [
    `${subject(payload)} was proposed by ${payload.gen_method}: ${size(payload.costs?.size_bytes)}`,
    "plain",
  ],
  "trial.started": (payload) => [`${subject(payload)} started${payload.attempt > 1 ? `, attempt ${payload.attempt}` : ""}`, "plain"],
  "trial.progress": (payload) => [`${subject(payload)}: ${payload.phase} epoch ${payload.epoch} of ${payload.n_epochs}`, "plain"],
  "trial.rung": (payload) => [rung(payload), "plain"],
  "search.extended": (payload) => [extension(payload), "plain"],
  "trial.finished": (payload) => [
    `${subject(payload)} finished: ${percent(payload.metrics?.accuracy)} at ${size(payload.costs?.size_bytes)}`,
    "plain",
  ],
  "trial.tested": (payload) => [`${subject(payload)} on the test split: ${percent(payload.metrics?.test_accuracy)}`, "plain"],
  "trial.stopped": (payload) => [`${subject(payload)} was stopped early${withReason(payload.reason)}`, "plain"],
  "trial.failed": (payload) => [`${subject(payload)} failed: ${whyFailed(payload)}`, "bad"],
  "trial.cancelled": (payload, trials) => [
    `Trial ${payload.number ?? trials.get(payload.trial_id)?.number ?? "?"} was cancelled`,
    "plain",
  ],
  "trial.requeued": (payload) => [`${subject(payload)} waits for another worker${withReason(payload.reason)}`, "bad"],
  "front.changed": (payload, trials) => [frontChange(payload, trials), "good"],
};

/**
 * @param {SearchEvent} event
 * @param {ReadonlyMap<string, Trial>} trials
 * @returns {Entry}
 */
export function inWords(event, trials) {
  const words = WORDS[event.type];
  const [text, tone] = words ? words(event.payload, trials) : [event.type, /** @type {Tone} */ ("plain")];
  return { text, tone, trialId: event.payload.trial_id ?? event.payload.added?.[0] ?? null };
}
