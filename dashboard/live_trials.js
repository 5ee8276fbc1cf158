// @ts-check
/** The trials in training, each with its curve so far. */

import { ApiError, getCurves } from "./api.js";
import { h, s, setChildren, setText } from "./dom.js";
import { percent, plural, size } from "./format.js";
import { trialHref } from "./router.js";
import { isSearchEnded } from "./state.js";

/** @import {Progress, Trial} from "./types.js" */
/** @import {ViewState} from "./state.js" */

const MOST = 12;
const [WIDTH, HEIGHT] = [150, 44];
const MOST_POINTS = 4 * WIDTH;

/** @param {readonly number[]} measured of which no more are drawn than there is room for */
function curve(measured) {
  const step = Math.ceil(measured.length / WIDTH) || 1;
  const accuracies = measured.filter((_, i) => (measured.length - 1 - i) % step === 0);
  const x = (/** @type {number} */ i) => 2 + (i * (WIDTH - 4)) / Math.max(1, accuracies.length - 1);
  const y = (/** @type {number} */ value) => HEIGHT - 2 - value * (HEIGHT - 4);
  const path = accuracies.map((value, i) => `${i ? "L" : "M"}${x(i).toFixed(1)} ${y(value).toFixed(1)}`).join("");
  return s("svg", { class: "sparkline live-curve", viewBox: `0 0 ${WIDTH} ${HEIGHT}`, width: WIDTH, height: HEIGHT, "aria-hidden": "true" }, s("path", { d: path }), accuracies.length && s("circle", { cx: x(accuracies.length - 1), cy: y(accuracies[accuracies.length - 1]), r: 2.5 }));
}

/** @param {{phase: string, epoch: number}} at */
const stepOf = ({ phase, epoch }) => `${phase} ${epoch}`;

/** @param {AbortSignal} signal @param {Trial} first */
function createCard(signal, { id, number, costs }) {
  const line = h("span", { class: "live-line" });
  const words = h("span", { class: "note" });
  const element = h("li", {}, h("a", { class: "card live-card", href: trialHref(id), "data-route": true }, h("span", { class: "card-title" }, h("strong", {}, `Trial ${number}`), h("span", { class: "note" }, size(costs.size_bytes))), line, words));
  /** @type {number[]} */
  let accuracies = [];
  let [stride, skipped] = [1, 0];
  /** @type {Progress|null} */
  let last = null;
  /** What was read of the past before it was told. @type {Set<string>} */
  let ahead = new Set();

  /** @param {number} accuracy of which all, then every second, every fourth are kept: a page stays open for days */
  function keep(accuracy) {
    skipped += 1;
    if (skipped < stride) return;
    skipped = 0;
    accuracies.push(accuracy);
    if (accuracies.length < MOST_POINTS) return;
    accuracies = accuracies.filter((_, i) => i % 2 === 1);
    stride *= 2;
  }

  async function readPast() {
    try {
      const { points } = await getCurves(id, signal);
      [accuracies, stride, skipped] = [[], 1, 0];
      for (const { accuracy } of points) if (typeof accuracy === "number") keep(accuracy);
      const steps = points.map(stepOf);
      const told = last ? steps.lastIndexOf(stepOf(last)) : -1;
      ahead = new Set(last && told < 0 ? [] : steps.slice(told + 1));
      if (last && told < 0 && typeof last.accuracy === "number") keep(last.accuracy);
      line.replaceChildren(curve(accuracies));
    } catch (error) {
      if (!signal.aborted && !(error instanceof ApiError)) throw error; // without its past the curve starts now
    }
  }

  void readPast();
  return {
    element,
    /** @param {Trial} trial */
    update({ progress }) {
      if (progress === last) return;
      const isNext = last !== null;
      last = progress;
      setText(words, progress ? `${progress.phase === "qat" ? "fine-tuning" : progress.phase}, epoch ${progress.epoch} of ${progress.n_epochs}: ${percent(progress.accuracy)}` : "starting");
      if (!isNext || typeof progress?.accuracy !== "number" || ahead.has(stepOf(progress))) return;
      ahead.clear();
      keep(progress.accuracy);
      line.replaceChildren(curve(accuracies));
    },
  };
}

export function createLiveTrials() {
  const abort = new AbortController();
  const list = h("ul", { class: "live-trials" });
  const more = h("p", { class: "note" });
  const nothing = h("p", { class: "note live-nothing" });
  const element = h("section", { class: "panel live-panel", "aria-labelledby": "live-title", hidden: true }, h("div", { class: "panel-head" }, h("h2", { id: "live-title" }, "In training")), list, nothing, more);
  /** @type {Map<string, ReturnType<typeof createCard>>} */
  const cards = new Map();

  return {
    element,
    /** @param {ViewState} state @param {ReadonlyMap<string, Trial>|null} budgeted those within the budget; null: all are */
    update({ search, trials }, budgeted) {
      const running = [...trials.values()].filter((trial) => trial.state === "running" && (!budgeted || budgeted.has(trial.id)));
      const shown = running.slice(0, MOST);
      const ids = new Set(shown.map((trial) => trial.id));
      for (const id of cards.keys()) if (!ids.has(id)) cards.delete(id);
      const elements = shown.map((trial) => {
        const card = cards.get(trial.id) ?? createCard(abort.signal, trial);
        cards.set(trial.id, card);
        card.update(trial);
        return card.element;
      });
      setChildren(list, elements);
      // between two trials it stays, so that what is below does not jump
      element.hidden = running.length === 0 && (!search || isSearchEnded(search) || !search.trial_counts.completed);
      nothing.hidden = running.length > 0;
      setText(nothing, budgeted ? "Nothing within the budget is in training." : "Nothing is in training at the moment.");
      setText(more, running.length > MOST ? `and ${plural(running.length - MOST, "more trial")}` : "");
    },
    stop: () => abort.abort(),
  };
}
