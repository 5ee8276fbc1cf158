// @ts-check
/** The top of a search's page: name, state and its reason, progress, and the numbers that matter. */

import { h, setText } from "./dom.js";
import { dayAndTime, elapsed, hypervolume, percent, plural, sentence, size } from "./format.js";
import { hypervolumeLine } from "./hypervolume_line.js";
import { pageHref } from "./router.js";
import { isSearchEnded } from "./state.js";

/** @import {Search} from "./types.js" */
/** @import {ViewState} from "./state.js" */
/** @import {Connection} from "./stream.js" */

/** @type {Record<Connection, string>} */
export const CONNECTION_WORDS = { connecting: "Connecting", live: "Live", waiting: "Offline, trying again", ended: "" };
const ENDED_COUNTS = ["completed", "stopped", "failed", "cancelled"];

/** @param {string} state */
export function statePill(state) {
  return h("span", { class: "pill", "data-state": state }, state);
}

/** @param {Search} search */
export const nameOf = (search) => search.name || search.id;

/** @param {Search} search */
export function timeInWords(search) {
  const time = elapsed(search.created_at, search.finished_at);
  if (isSearchEnded(search)) return `took ${time}`;
  return search.state === "queued" ? `waiting for ${time}` : `running for ${time}`;
}

/** @param {Search} search */
export const subjectOf = (search) => [search.dataset, search.space.family].filter(Boolean).join(" · ");

/**
 * Finished trials of all, as a bar in the colours of their outcome.
 *
 * @param {Search} search
 */
export function progressBar({ trial_counts: counts, limits }) {
  const done = ENDED_COUNTS.reduce((sum, state) => sum + (counts[state] ?? 0), 0);
  const total = Math.max(limits.max_trials, done);
  const bar = h("div", { class: "bar", role: "progressbar", "aria-label": "Finished trials", "aria-valuemin": 0, "aria-valuemax": total, "aria-valuenow": done });
  for (const state of [...ENDED_COUNTS, "running"].filter((known) => counts[known])) {
    const part = h("span", { "data-state": state });
    part.style.width = `${(100 * counts[state]) / total}%`;
    bar.append(part);
  }
  return bar;
}

/** @param {Search} search */
export function progressInWords({ trial_counts: counts, limits }) {
  const done = ENDED_COUNTS.reduce((sum, state) => sum + (counts[state] ?? 0), 0);
  const parts = [`${done} of ${plural(limits.max_trials, "trial")}`];
  if (counts.running) parts.push(`${counts.running} in training`);
  if (counts.failed) parts.push(`${counts.failed} failed`);
  return parts.join(" · ");
}

/** @template Item @param {readonly Item[]} items @param {(a: Item, b: Item) => boolean} precedes @returns {Item|undefined} */
const first = (items, precedes) => items.reduce((/** @type {Item|undefined} */ best, item) => (best === undefined || precedes(item, best) ? item : best), undefined);

/**
 * @param {string} label
 * @param {Node[]} content
 */
const tile = (label, ...content) => h("div", { class: "tile" }, h("dt", {}, label), h("dd", {}, ...content));

/**
 * @param {readonly HTMLElement[]} buttons what can be done with it
 */
export function createSearchHeader(buttons) {
  const title = h("h1");
  const pill = h("span");
  const reason = h("p", { class: "reason" });
  const waiting = h("p", { class: "waiting", role: "status", hidden: true });
  const facts = h("p", { class: "facts" });
  const live = h("span", { class: "connection", role: "status" });
  const compare = h("a", { "data-route": true }, "Compare");
  const again = h("a", { "data-route": true }, "Use as a start");
  const progress = h("span", { class: "big" });
  const progressDetail = h("div");
  const best = h("span", { class: "big" });
  const bestNote = h("span", { class: "note" });
  const smallest = h("span", { class: "big" });
  const smallestNote = h("span", { class: "note" });
  const volume = h("span", { class: "big" });
  const volumeLine = h("span", { class: "spark-place" });
  const element = h(
    "header",
    { class: "search-head" },
    h("div", { class: "title-row" }, h("div", { class: "title" }, title, pill), h("div", { class: "actions" }, live, compare, again, ...buttons)),
    h("div", { class: "reasons" }, reason, waiting),
    facts,
    h(
      "dl",
      { class: "tiles" },
      tile("Progress", progress, progressDetail),
      tile("Most accurate", best, bestNote),
      tile("Smallest on the front", smallest, smallestNote),
      tile("Hypervolume", volume, volumeLine),
    ),
  );
  /** @type {unknown} */
  let drawnVolumes = null;

  /** @param {Search} search */
  function showSearch(search) {
    setText(title, nameOf(search));
    compare.href = pageHref("compare", { items: search.id });
    again.href = pageHref("new", { from: search.id });
    pill.className = "pill";
    pill.dataset.state = search.state;
    setText(pill, search.state);
    setText(reason, sentence(search.state_reason.message));
    waiting.hidden = !search.waiting;
    setText(waiting, search.waiting ? sentence(`waiting: ${search.waiting.message}`) : "");
    setText(facts, [subjectOf(search), search.strategy.name, `seed ${search.seed}`, dayAndTime(search.created_at), timeInWords(search)].join(" · "));
    const inWords = progressInWords(search);
    if (inWords !== progress.textContent) progressDetail.replaceChildren(progressBar(search));
    setText(progress, inWords);
  }

  return {
    element,
    /** @param {ViewState} state @param {Connection} connection */
    update({ search, front, hypervolumes }, connection) {
      if (search) showSearch(search);
      const points = front?.points ?? [];
      const trials = points.map((point) => point.trial);
      const mostAccurate = first(trials, (a, b) => a.metrics.accuracy > b.metrics.accuracy);
      const leastLarge = first(trials, (a, b) => a.costs.size_bytes < b.costs.size_bytes);
      setText(best, percent(mostAccurate?.metrics.accuracy));
      setText(bestNote, mostAccurate ? `trial ${mostAccurate.number}, ${size(mostAccurate.costs.size_bytes)}` : "");
      setText(smallest, size(leastLarge?.costs.size_bytes));
      setText(smallestNote, leastLarge ? `trial ${leastLarge.number}, ${percent(leastLarge.metrics.accuracy)}` : "");
      setText(volume, points.length ? hypervolume(front?.hypervolume) : hypervolume(null));
      if (drawnVolumes !== hypervolumes) {
        drawnVolumes = hypervolumes;
        volumeLine.replaceChildren(...[hypervolumeLine(hypervolumes.map(({ value }) => value))].filter((line) => line !== null));
      }
      setText(live, CONNECTION_WORDS[connection]);
      live.dataset.connection = connection;
    },
  };
}
