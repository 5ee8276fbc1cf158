// @ts-check
/**
 * What the page of one search shows, as a pure function of snapshots and events.
 *
 * A snapshot may be newer than the events that arrive after it, because the stream replays from the
 * start. So a trial that has ended never goes back, and events up to `settledEvent`, which the
 * snapshots already contain, only enter the log. Front and hypervolume are what the server sent.
 */

/** @import {Front, Search, SearchEvent, Trial, TrialState} from "./types.js" */

const LOG_LIMIT = 2000;
const ENDED_TRIAL = new Set(["completed", "stopped", "failed", "cancelled"]);
const ENDED_SEARCH = new Set(["succeeded", "failed", "cancelled"]);

/**
 * @typedef {object} ViewState
 * @property {Search|null} search
 * @property {Front|null} front
 * @property {ReadonlyMap<string, Trial>} trials by id
 * @property {boolean} hasAllTrials whether the trials of the first snapshot have all come
 * @property {readonly SearchEvent[]} log oldest first, without progress
 * @property {readonly {eventId: number, at: string, value: number}[]} hypervolumes after each change of the front
 * @property {number} settledEvent the last event that the first snapshots contain
 * @property {number} lastEvent
 */

/**
 * @typedef {{type: "search", search: Search}
 *   | {type: "front", front: Front}
 *   | {type: "trials", trials: readonly Trial[], isLast?: boolean}
 *   | {type: "history", points: readonly {event_id: number, at: string, hypervolume: number}[]}
 *   | {type: "events", events: readonly SearchEvent[]}} Action
 */

/** @type {ViewState} */
export const EMPTY = Object.freeze({
  search: null,
  front: null,
  trials: new Map(),
  hasAllTrials: false,
  log: [],
  hypervolumes: [],
  settledEvent: 0,
  lastEvent: 0,
});

/** @param {{state: TrialState}} trial */
export const isTrialEnded = (trial) => ENDED_TRIAL.has(trial.state);

/** @param {Search} search */
export const isSearchEnded = (search) => ENDED_SEARCH.has(search.state);

/**
 * Whether two views of the trials show the same but for the progress of those in training, which comes
 * many times a second and moves nothing in a picture or an order.
 *
 * @param {ViewState["trials"]|null} before
 * @param {ViewState["trials"]} after
 */
export function differInProgressAlone(before, after) {
  if (before === after) return true;
  if (before?.size !== after.size) return false;
  for (const [id, trial] of after) {
    const known = before.get(id);
    if (known !== trial && !(known?.progress && trial.progress && known.state === "running" && trial.state === "running" && known.attempt === trial.attempt)) return false;
  }
  return true;
}

/** @param {Front|null} front */
export const frontTrialIds = (front) => new Set((front?.points ?? []).map((point) => point.trial.id));

/**
 * The later of two views of one trial.
 *
 * @param {Trial|undefined} known
 * @param {Trial} arriving
 */
function laterOf(known, arriving) {
  if (!known) return arriving;
  if (isTrialEnded(known) && !isTrialEnded(arriving)) return known;
  if (!isTrialEnded(arriving) && known.attempt > arriving.attempt) return known;
  return arriving;
}

/**
 * @param {SearchEvent} event
 * @returns {Trial}
 */
function proposedTrial({ payload }) {
  return {
    id: payload.trial_id,
    number: payload.number,
    state: "queued",
    state_reason: null,
    outcome: null,
    costs: payload.costs ?? {},
    metrics: {},
    mean_weight_bits: null,
    gen_method: payload.gen_method ?? "",
    attempt: 0,
    worker_id: null,
    progress: null,
    artifact: null,
  };
}

/** @type {Record<string, (payload: Record<string, any>) => Partial<Trial>>} */
const CHANGES = {
  "trial.started": ({ attempt, worker_id }) => ({
    state: "running",
    state_reason: null,
    attempt,
    worker_id,
    progress: null,
  }),
  "trial.progress": ({ phase, epoch, n_epochs, train_loss, accuracy }) => ({
    state: "running",
    progress: { phase, epoch, n_epochs, train_loss, accuracy },
  }),
  "trial.finished": ({ metrics, costs }) => ({ state: "completed", metrics, costs, progress: null }),
  "trial.stopped": ({ reason }) => ended("stopped", "stopped_early", reason),
  "trial.failed": ({ outcome, reason }) => ended("failed", outcome, reason),
  "trial.cancelled": () => ended("cancelled", null, null),
  "trial.requeued": () => ({ state: "queued", progress: null, worker_id: null }),
};

/**
 * @param {TrialState} state
 * @param {string|null} outcome
 * @param {unknown} reason
 * @returns {Partial<Trial>}
 */
function ended(state, outcome, reason) {
  return { state, outcome, progress: null, state_reason: asReason(reason, outcome ?? state) };
}

/**
 * @param {unknown} reason a message, or code and message
 * @param {string} code
 */
export function asReason(reason, code) {
  if (!reason) return null;
  if (typeof reason === "string") return { code, message: reason };
  return /** @type {{code: string, message: string}} */ (reason);
}

/**
 * @param {Map<string, Trial>} trials changed in place
 * @param {SearchEvent} event
 */
function applyToTrials(trials, event) {
  const id = event.payload.trial_id;
  if (event.type === "trial.created" && !trials.has(id)) trials.set(id, proposedTrial(event));
  const change = CHANGES[event.type];
  const known = trials.get(id);
  if (change && known && !isTrialEnded(known)) trials.set(id, { ...known, ...change(event.payload) });
}

/**
 * @param {Search|null} search
 * @param {SearchEvent} event
 */
function applyToSearch(search, event) {
  if (!search || event.type !== "search.state" || isSearchEnded(search)) return search;
  const { state, reason } = event.payload;
  return { ...search, state, state_reason: asReason(reason, state) ?? search.state_reason };
}

/**
 * @param {ViewState} state
 * @param {readonly SearchEvent[]} events
 * @returns {ViewState}
 */
function withEvents(state, events) {
  const fresh = events.filter((event) => event.id > state.lastEvent);
  if (!fresh.length) return state;
  const trials = new Map(state.trials);
  const log = [...state.log];
  const hypervolumes = [...state.hypervolumes];
  let { search } = state;
  for (const event of fresh) {
    if (event.type !== "trial.progress") log.push(event);
    if (event.type === "front.changed" && event.id > (hypervolumes.at(-1)?.eventId ?? 0)) hypervolumes.push({ eventId: event.id, at: event.at, value: event.payload.hypervolume });
    if (event.id <= state.settledEvent) continue;
    applyToTrials(trials, event);
    search = applyToSearch(search, event);
  }
  const lastEvent = fresh[fresh.length - 1].id;
  return { ...state, search, trials, log: log.slice(-LOG_LIMIT), hypervolumes, lastEvent };
}

/**
 * @param {ViewState} state
 * @param {Action} action
 * @returns {ViewState}
 */
export function reduce(state, action) {
  switch (action.type) {
    case "search":
      return { ...state, search: action.search };
    case "front": {
      if (state.front && state.front.as_of_event > action.front.as_of_event) return state;
      const settledEvent = state.front ? state.settledEvent : action.front.as_of_event;
      return { ...state, front: action.front, settledEvent };
    }
    case "trials": {
      const trials = new Map(state.trials);
      for (const trial of action.trials) trials.set(trial.id, laterOf(trials.get(trial.id), trial));
      return { ...state, trials, hasAllTrials: state.hasAllTrials || action.isLast === true };
    }
    case "history":
      return { ...state, hypervolumes: action.points.map((point) => ({ eventId: point.event_id, at: point.at, value: point.hypervolume })) };
    case "events":
      return withEvents(state, action.events);
  }
}

/**
 * Which resources the events make out of date.
 *
 * @param {readonly SearchEvent[]} events
 * @param {number} settledEvent
 */
export function staleAfter(events, settledEvent) {
  const stale = { search: false, front: false, trialIds: /** @type {Set<string>} */ (new Set()) };
  for (const { id, type, payload } of events) {
    if (id <= settledEvent || type === "trial.progress" || type === "trial.rung") continue;
    if (type === "search.state" || type.startsWith("trial.")) stale.search = true;
    if (type === "front.changed" || type === "trial.tested" || type === "search.state") stale.front = true;
    if (payload.trial_id) stale.trialIds.add(payload.trial_id);
  }
  return stale;
}
