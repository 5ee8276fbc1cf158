// @ts-check
/** How the hypervolume grew, beside searches of the same task where there are any. */

import { ApiError, getHypervolume, listSearches } from "./api.js";
import { createChart } from "./chart_panel.js";
import { h, setChildren, setText } from "./dom.js";
import { hypervolume, plural } from "./format.js";
import { growthPicture, MOST_LINES } from "./growth_chart.js";
import { nameOf } from "./search_header.js";
import { isSearchEnded } from "./state.js";

/** @import {GrowthPoint, Line, Over} from "./growth_chart.js" */
/** @import {Search} from "./types.js" */
/** @import {SearchView} from "./search_view.js" */
/** @import {ViewState} from "./state.js" */

const AGAIN_MS = 2000;
/** Baselines that are still at work move on, too. */
const RENEW_MS = 15_000;
const OFFERED = 30;
const COUNTED = /** @type {const} */ (["completed", "stopped", "failed"]);
/** @type {[Over, string][]} */
const CHOICES = [["trials", "Over trials"], ["compute", "Over compute time"]];

/** @param {Search} search @param {readonly GrowthPoint[]} points @returns {Line} */
const lineOf = (search, points) => ({
  name: nameOf(search),
  points,
  now: { n_trials: COUNTED.reduce((sum, state) => sum + (search.trial_counts[state] ?? 0), 0), compute_seconds: search.compute_seconds },
});

/**
 * @param {string} searchId
 * @param {(change: Partial<SearchView>) => void} onView
 */
export function createGrowthPanel(searchId, onView) {
  const abort = new AbortController();
  const chart = createChart({ label: "Hypervolume", empty: "The front has not changed yet.", height: 320 });
  const radios = CHOICES.map(([value, words]) => {
    const input = h("input", { type: "radio", name: "over", value, onchange: () => onView({ over: value }) });
    return { value, input, element: h("label", { class: "check" }, input, words) };
  });
  const failure = h("p", { class: "failure", role: "alert", hidden: true });
  const list = h("div", { class: "baseline-list" });
  const about = h("p", { class: "note" });
  const baselines = h("fieldset", { class: "baselines", hidden: true }, h("legend", {}, "Baselines"), about, list);
  const element = h(
    "section",
    { class: "panel growth-panel", "aria-labelledby": "growth-title" },
    h("div", { class: "panel-head" }, h("h2", { id: "growth-title" }, "Hypervolume"), h("div", { class: "actions", role: "radiogroup", "aria-labelledby": "growth-title" }, ...radios.map((radio) => radio.element))),
    failure,
    chart.element,
    baselines,
  );
  /** @type {Map<string, {key: string, points: GrowthPoint[]}>} growth that was read, and as of when */
  const known = new Map();
  /** @type {Search[]} */
  let offered = [];
  /** @type {Map<string, {element: HTMLElement, input: HTMLInputElement}>} */
  const boxes = new Map();
  /** @type {Search|null} */
  let own = null;
  /** @type {SearchView|null} */
  let view = null;
  let drawn = "";
  let isReading = false;
  let isOffered = false;
  let timer = 0;

  /** @param {Search} search changes when its growth does */
  const keyOf = (search) => `${search.hypervolume} ${search.growth.length}`;
  const chosen = () => offered.filter((search) => view?.baselines.includes(search.id)).slice(0, MOST_LINES - 1);
  const shown = () => (own ? [own, ...chosen()] : []);

  /** Reads what is missing or old, then asks again where more has come meanwhile. */
  async function read() {
    const stale = shown().filter((search) => known.get(search.id)?.key !== keyOf(search));
    if (isReading || timer || !stale.length) return;
    isReading = true;
    try {
      await Promise.all(
        stale.map(async (search) => {
          const key = keyOf(search);
          known.set(search.id, { key, points: (await getHypervolume(search.id, abort.signal)).points });
        }),
      );
      failure.hidden = true;
    } catch (error) {
      if (abort.signal.aborted) return;
      if (!(error instanceof ApiError)) throw error;
      setText(failure, `The growth of the hypervolume cannot be read: ${error.message}`);
      failure.hidden = false;
    } finally {
      isReading = false;
    }
    draw();
    timer = window.setTimeout(() => {
      timer = 0;
      void read();
    }, AGAIN_MS);
  }

  /** The other searches whose hypervolume measures the same. */
  async function offer() {
    isOffered = true;
    try {
      const found = await listSearches([["comparable_with", searchId], ["limit", String(OFFERED)]], abort.signal);
      offered = found.data;
      drawBoxes(found.has_more);
      draw();
      void read();
    } catch (error) {
      if (abort.signal.aborted) return;
      if (!(error instanceof ApiError)) throw error;
      isOffered = !error.isTemporary; // asked again with the next change
    }
  }

  /** @param {string} id @param {boolean} isChosen */
  function choose(id, isChosen) {
    const others = (view?.baselines ?? []).filter((one) => one !== id);
    onView({ baselines: isChosen ? [...others, id] : others });
  }

  /** @param {boolean} hasMore */
  function drawBoxes(hasMore) {
    baselines.hidden = offered.length === 0;
    setText(about, `${hasMore ? `The newest ${OFFERED} other searches` : plural(offered.length, "other search").replace(/searchs$/, "searches")} of the same data set, space, objectives, budgets and reference point, so that hypervolumes compare. At most ${MOST_LINES - 1} at once.`);
    for (const search of offered) {
      if (boxes.has(search.id)) continue;
      const input = h("input", { type: "checkbox", onchange: () => choose(search.id, input.checked) });
      boxes.set(search.id, { input, element: h("label", { class: "check" }, input, `${nameOf(search)} (${search.strategy.name}, ${hypervolume(search.hypervolume)})`) });
    }
    setChildren(list, offered.flatMap((search) => boxes.get(search.id)?.element ?? []));
  }

  function draw() {
    if (!view) return;
    const { over, baselines: wanted } = view;
    for (const { value, input } of radios) input.checked = value === over;
    const isFull = chosen().length >= MOST_LINES - 1;
    for (const [id, { input }] of boxes) {
      input.checked = wanted.includes(id);
      input.disabled = isFull && !input.checked;
    }
    const lines = shown().map((search) => lineOf(search, known.get(search.id)?.points ?? []));
    const key = JSON.stringify([over, lines]);
    if (key === drawn) return;
    drawn = key;
    void chart.show((colour) => growthPicture(lines, over, colour));
  }

  const renewal = window.setInterval(() => {
    if (!document.hidden && offered.some((search) => !isSearchEnded(search))) void offer();
  }, RENEW_MS);

  return {
    element,
    /** @param {ViewState} state @param {SearchView} next */
    update({ search }, next) {
      if (!search) return;
      own = search;
      view = next;
      if (!isOffered) void offer();
      draw();
      void read();
    },
    stop() {
      abort.abort();
      window.clearInterval(renewal);
      window.clearTimeout(timer);
      chart.stop();
    },
  };
}
