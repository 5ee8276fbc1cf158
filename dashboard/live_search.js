// @ts-check
/** Keeps the view state of one search up to date: snapshots first, then events, then few re-reads. */

import { ApiError, eventsUrl, getFront, getHypervolume, getSearch, getTrial, getTrials } from "./api.js";
import { EMPTY, isSearchEnded, reduce, staleAfter } from "./state.js";
import { openStream } from "./stream.js";

/** @import {Search, SearchEvent, Trial} from "./types.js" */
/** @import {Action, ViewState} from "./state.js" */
/** @import {Connection} from "./stream.js" */

const ROUND_MS = 400;
const SINGLE_READS = 4;
const RETRY_MS = 2000;
/** While nothing is in work no event says so, or how long it has been. */
const WAITING_MS = 3000;
const SHOW_TRIALS_MS = 1000;
/** The log of a search with more trials than this starts with its recent events. */
const LONG_SEARCH = 500;
const RECENT_EVENTS = 4000;

/**
 * @typedef {object} LiveSearch
 * @property {() => ViewState} state
 * @property {() => Connection} connection
 * @property {(search: Search) => void} adopt takes a search that an action answered with
 * @property {() => void} stop
 */

/**
 * @param {string} id
 * @param {object} listeners
 * @param {() => void} listeners.onChange state or connection changed
 * @param {(error: ApiError) => void} listeners.onError the search cannot be shown
 * @returns {LiveSearch}
 */
export function followSearch(id, { onChange, onError }) {
  const abort = new AbortController();
  const { signal } = abort;
  let state = EMPTY;
  /** @type {Connection} */
  let connection = "connecting";
  let closeStream = () => {};
  let timer = 0;
  let isReading = false;
  let firstEvent = 0;
  const stale = { search: false, front: false, trialIds: /** @type {Set<string>} */ (new Set()) };

  /** @param {Action} action */
  function apply(action) {
    state = reduce(state, action);
    onChange();
  }

  async function readTrials() {
    const ids = [...stale.trialIds];
    stale.trialIds.clear();
    const trials = ids.length > SINGLE_READS ? await getTrials(id, signal) : await Promise.all(ids.map((trialId) => getTrial(trialId, signal)));
    if (trials.length) apply({ type: "trials", trials });
  }

  async function readStale() {
    const { search, front } = stale;
    stale.search = stale.front = false;
    await Promise.all([
      front && getFront(id, signal).then((read) => apply({ type: "front", front: read })),
      search && getSearch(id, signal).then((read) => apply({ type: "search", search: read })),
      readTrials(),
    ]);
  }

  /** At most one round of reads at a time and ROUND_MS apart. */
  function askForRound() {
    if (timer || isReading || signal.aborted) return;
    timer = window.setTimeout(async () => {
      timer = 0;
      isReading = true;
      try {
        await readStale();
      } catch (error) {
        if (signal.aborted) return;
        if (!(error instanceof ApiError)) throw error;
        markAllStale(); // what this round missed is read again, whatever it was
        await new Promise((resolve) => window.setTimeout(resolve, RETRY_MS));
      } finally {
        isReading = false;
      }
      if (stale.search || stale.front || stale.trialIds.size) askForRound();
    }, ROUND_MS);
  }

  function markAllStale() {
    stale.search = stale.front = true;
    for (const trialId of state.trials.keys()) stale.trialIds.add(trialId);
  }

  /** @param {SearchEvent[]} events */
  function onEvents(events) {
    apply({ type: "events", events });
    const more = staleAfter(events, state.settledEvent);
    stale.search ||= more.search;
    stale.front ||= more.front;
    for (const trialId of more.trialIds) stale.trialIds.add(trialId);
    if (stale.search || stale.front || stale.trialIds.size) askForRound();
  }

  /** All of them; what has come is shown once a second, since drawing thousands takes its time. */
  async function readAllTrials() {
    /** @type {Trial[]} */
    let waiting = [];
    let shownAt = 0;
    await getTrials(id, signal, (trials) => {
      waiting.push(...trials);
      if (performance.now() - shownAt < SHOW_TRIALS_MS) return;
      shownAt = performance.now();
      apply({ type: "trials", trials: waiting });
      waiting = [];
    });
    apply({ type: "trials", trials: waiting, isLast: true });
  }

  async function begin() {
    try {
      // the front first: what it does not contain yet arrives as events above its `as_of_event`
      const [front, search] = await Promise.all([getFront(id, signal), getSearch(id, signal)]);
      state = reduce(state, { type: "front", front });
      apply({ type: "search", search });
      const isLong = Object.values(search.trial_counts).reduce((a, b) => a + b, 0) > LONG_SEARCH;
      const readHistory = async () => apply({ type: "history", points: (await getHypervolume(id, signal)).points });
      await Promise.all([isLong && readHistory(), readAllTrials()]);
      if (isLong) firstEvent = Math.max(0, front.as_of_event - RECENT_EVENTS);
    } catch (error) {
      if (signal.aborted) return;
      if (!(error instanceof ApiError)) throw error;
      onError(error);
      if (error.isTemporary) window.setTimeout(begin, RETRY_MS);
      return;
    }
    listen(firstEvent);
  }

  /** @param {number} after */
  function listen(after) {
    const onConnection = (/** @type {Connection} */ next) => {
      connection = next;
      onChange();
    };
    closeStream = openStream((last) => eventsUrl(id, last), { onEvents, onConnection }, after);
  }

  /** @param {Search} search */
  function adopt(search) {
    apply({ type: "search", search });
    if (connection !== "ended" || isSearchEnded(search)) return;
    closeStream(); // the stream of one that had ended is over; it runs again
    listen(state.lastEvent);
  }

  const waitingTimer = window.setInterval(() => {
    const { search } = state;
    if (!search || isSearchEnded(search) || search.trial_counts.running) return;
    stale.search = true;
    askForRound();
  }, WAITING_MS);

  begin();
  return {
    state: () => state,
    connection: () => connection,
    adopt,
    stop() {
      abort.abort();
      window.clearTimeout(timer);
      window.clearInterval(waitingTimer);
      closeStream();
    },
  };
}
