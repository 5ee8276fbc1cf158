// @ts-check
/** What happened to one trial, from the events that name it. Pure. */

import { asReason } from "./state.js";

/** @import {SearchEvent} from "./types.js" */

/** @typedef {{phase: string, epoch: number, loss: number|null, accuracy: number|null, probed: number|null}} Epoch */
/** @typedef {{number: number, workerId: string|null, startedAt: string, endedAt: string|null, end: string, epochs: Epoch[]}} Attempt */

/** @type {Record<string, string>} */
const ENDS = { "trial.finished": "finished", "trial.stopped": "stopped early", "trial.failed": "failed", "trial.cancelled": "cancelled", "trial.requeued": "given up" };

/**
 * @param {readonly SearchEvent[]} events of one trial, oldest first
 * @returns {Attempt[]}
 */
export function attemptsOf(events) {
  /** @type {Attempt[]} */
  const attempts = [];
  for (const { type, at, payload } of events) {
    const current = attempts.at(-1);
    if (type === "trial.started") attempts.push({ number: payload.attempt, workerId: payload.worker_id, startedAt: at, endedAt: null, end: "running", epochs: [] });
    else if (type === "trial.progress" && current) addEpoch(current, payload);
    else if (ENDS[type] && current && !current.endedAt) {
      const message = asReason(payload.reason, "")?.message;
      current.endedAt = at;
      current.end = message ? `${ENDS[type]}: ${message}` : ENDS[type];
    }
  }
  return attempts;
}

/**
 * @param {Attempt} attempt
 * @param {Record<string, any>} payload
 */
function addEpoch(attempt, { phase, epoch, train_loss: loss, accuracy, probe_accuracy: probed }) {
  if (phase === "pack") return; // a step, not an epoch: it repeats the last accuracy
  const last = attempt.epochs.at(-1);
  if (last?.phase === phase && last?.epoch === epoch) return;
  if (loss === null && accuracy === null) return;
  if (loss === undefined && accuracy === undefined) return;
  attempt.epochs.push({ phase, epoch, loss: loss ?? null, accuracy: accuracy ?? null, probed: probed ?? null });
}
