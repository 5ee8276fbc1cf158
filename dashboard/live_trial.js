// @ts-check
/** Keeps one trial up to date: its snapshot, its search, and the events that name it. */

import { ApiError, eventsUrl, getSearch, getTrial } from "./api.js";
import { openStream } from "./stream.js";

/** @import {Search, SearchEvent, Trial} from "./types.js" */
/** @import {Connection} from "./stream.js" */

const RETRY_MS = 2000;

/**
 * @param {string} id
 * @param {object} listeners
 * @param {() => void} listeners.onChange
 * @param {(error: ApiError) => void} listeners.onError the trial cannot be shown
 */
export function followTrial(id, { onChange, onError }) {
  const abort = new AbortController();
  const { signal } = abort;
  /** @type {Trial|null} */
  let trial = null;
  /** @type {Search|null} */
  let search = null;
  /** @type {SearchEvent[]} */
  const events = [];
  /** @type {Connection} */
  let connection = "connecting";
  let closeStream = () => {};
  let timer = 0;

  async function read() {
    window.clearTimeout(timer);
    try {
      trial = await getTrial(id, signal);
      search = await getSearch(/** @type {string} */ (trial.search_id), signal);
      onChange();
    } catch (error) {
      if (signal.aborted) return false;
      if (!(error instanceof ApiError)) throw error;
      if (!trial || !search) onError(error);
      if (error.isTemporary) timer = window.setTimeout(trial && search ? read : begin, RETRY_MS);
      return false;
    }
    return true;
  }

  /** @param {SearchEvent[]} batch */
  function onEvents(batch) {
    const own = batch.filter(({ type, payload }) => payload.trial_id === id || (type === "front.changed" && [...payload.added, ...payload.removed].includes(id)));
    if (!own.length) return;
    events.push(...own);
    onChange();
    if (own.some(({ type }) => type !== "trial.progress")) void read();
  }

  async function begin() {
    if (!(await read()) || signal.aborted || !search) return;
    const searchId = search.id;
    closeStream = openStream((after) => eventsUrl(searchId, after), {
      onEvents,
      onConnection(next) {
        connection = next;
        onChange();
      },
    });
  }

  void begin();
  return {
    /** Reads it anew: an action has changed it. */
    refresh: () => void read(),
    state: () => ({ trial, search, events, connection }),
    stop() {
      abort.abort();
      window.clearTimeout(timer);
      closeStream();
    },
  };
}
