// @ts-check
/** The processes that work, and what each is doing. */

import { countQueuedTrials, getTrial, listWorkers } from "./api.js";
import { h } from "./dom.js";
import { duration, elapsed, plural, size } from "./format.js";
import { showList } from "./list_page.js";
import { searchHref, trialHref } from "./router.js";

/** @import {Worker} from "./types.js" */

/** Heartbeats come every few seconds; after so long the process is likely gone. */
const SILENT_S = 30;

/** @param {Worker} worker @param {ReadonlyMap<string, string>} names of trials */
function doing({ trial_id: trial, search_id: search }, names) {
  if (trial) return h("a", { href: trialHref(trial), "data-route": true }, names.get(trial) ?? "a trial");
  return search ? h("a", { href: searchHref(search), "data-route": true }, "a search") : "waiting for work";
}

/** @param {Worker} worker */
const heartbeat = ({ silent_s: silent }) => h("span", { class: "pill", "data-state": silent > SILENT_S ? "failed" : "succeeded" }, silent > SILENT_S ? `silent for ${duration(silent)}` : "alive");

/** @param {Worker} worker */
function device({ device: name, capabilities }) {
  if (!capabilities) return name;
  return `${capabilities.device_name || name}, ${size(capabilities.free_memory_bytes)} of ${size(capabilities.memory_bytes)} free, ${plural(capabilities.n_threads, "thread")}`;
}

/** @param {HTMLElement} root */
export function showWorkers(root) {
  let nQueued = 0;
  /** @type {Map<string, string>} read once for each trial */
  const names = new Map();
  const waiting = () => `${plural(nQueued, "trial")} in the queue for train workers.`;

  /** @param {AbortSignal} signal */
  async function read(signal) {
    const [workers, queued] = await Promise.all([listWorkers(signal), countQueuedTrials(signal)]);
    nQueued = queued;
    const ids = workers.flatMap(({ trial_id: id }) => (id && !names.has(id) ? [id] : []));
    for (const { id, number, costs } of await Promise.all(ids.map((trialId) => getTrial(trialId, signal)))) names.set(id, `trial ${number}, ${size(costs.size_bytes)}`);
    return workers;
  }

  return showList(root, {
    title: "Workers",
    about: "Every process that reports: optimize workers propose candidates, train workers train them.",
    read,
    columns: ["Worker", "Queue", "Doing", "Heartbeat", "Device", "Host", "Up for"],
    row: (worker) => [h("code", {}, worker.id), worker.queue, doing(worker, names), heartbeat(worker), device(worker), `${worker.host}, process ${worker.pid}`, elapsed(worker.started_at, null)],
    summary(workers) {
      const busy = workers.filter((worker) => worker.trial_id || worker.search_id).length;
      return `${plural(workers.length, "worker")}, ${busy} at work, ${workers.filter(({ silent_s: silent }) => silent > SILENT_S).length} silent. ${waiting()}`;
    },
    empty: () => h("p", {}, "No worker has reported. Start one with ", h("code", {}, "bitpareto-server worker --queue train"), "; ", h("code", {}, "bitpareto-server up"), ` starts both kinds. ${waiting()}`),
  });
}
