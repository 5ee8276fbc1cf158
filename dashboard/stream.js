// @ts-check
/**
 * The event stream of a search: without a gap, without a duplicate, over any number of connections.
 *
 * The browser's own reconnection gives up for good after an HTTP error, such as a proxy's 503 while
 * the server restarts. So each connection is opened here, asking for what came after the last event.
 */

import { noteLost, onReconnected } from "./connection.js";

/** @import {SearchEvent} from "./types.js" */

const EVENT_TYPES = [
  "search.state",
  "search.extended",
  "trial.created",
  "trial.started",
  "trial.progress",
  "trial.rung",
  "trial.finished",
  "trial.stopped",
  "trial.failed",
  "trial.cancelled",
  "trial.requeued",
  "trial.tested",
  "front.changed",
];
const BATCH_MS = 50;
const FIRST_RETRY_MS = 500;
const LONGEST_RETRY_MS = 10_000;

/** @typedef {"connecting"|"live"|"waiting"|"ended"} Connection */

/**
 * @param {(after: number) => string} urlAfter
 * @param {object} listeners
 * @param {(events: SearchEvent[]) => void} listeners.onEvents rising ids, at most 20 calls a second
 * @param {(connection: Connection) => void} listeners.onConnection
 * @param {number} [after] the event before the first one wanted
 * @returns {() => void} closes the stream
 */
export function openStream(urlAfter, { onEvents, onConnection }, after = 0) {
  let lastId = after;
  let retryMs = FIRST_RETRY_MS;
  let isClosed = false;
  /** @type {SearchEvent[]} */
  let batch = [];
  /** @type {EventSource|null} */
  let source = null;
  let retryTimer = 0;
  let batchTimer = 0;

  function deliver() {
    batchTimer = 0;
    const events = batch;
    batch = [];
    if (!isClosed && events.length) onEvents(events);
  }

  /** @param {MessageEvent} message */
  function receive(message) {
    const event = JSON.parse(message.data);
    if (!(event.id > lastId)) return;
    lastId = event.id;
    batch.push(event);
    batchTimer ||= window.setTimeout(deliver, BATCH_MS);
  }

  function connect() {
    window.clearTimeout(retryTimer);
    source?.close();
    onConnection("connecting");
    const opened = new EventSource(urlAfter(lastId));
    source = opened;
    opened.addEventListener("open", () => {
      retryMs = FIRST_RETRY_MS;
      onConnection("live");
    });
    for (const type of EVENT_TYPES) opened.addEventListener(type, receive);
    opened.addEventListener("done", () => {
      stopListening();
      opened.close();
      onConnection("ended");
    });
    opened.addEventListener("error", () => {
      opened.close();
      if (isClosed || opened !== source) return;
      onConnection("waiting");
      noteLost();
      retryTimer = window.setTimeout(connect, retryMs);
      retryMs = Math.min(2 * retryMs, LONGEST_RETRY_MS);
    });
  }

  const stopListening = onReconnected(connect);
  connect();
  return () => {
    isClosed = true;
    window.clearTimeout(retryTimer);
    window.clearTimeout(batchTimer);
    stopListening();
    source?.close();
  };
}
