// @ts-check
/** The line under the front: the selected trial or the best within budget, its numbers and its file. */

import { h } from "./dom.js";
import { pageHref, trialHref } from "./router.js";
import { bits, count, exactBytes, interval, percent } from "./format.js";

/** @import {Front, Trial} from "./types.js" */
/** @import {ViewState} from "./state.js" */

/**
 * @param {Trial} trial
 * @param {[number, number]|null|undefined} range
 */
function facts(trial, range) {
  const { accuracy } = trial.metrics;
  const measured = accuracy === undefined ? trial.state : `${percent(accuracy)}${range ? ` (${interval(range)})` : ""}`;
  const numbers = [measured, exactBytes(trial.costs.size_bytes), `${bits(trial.mean_weight_bits)} bits on average`, `${count(trial.costs.macs)} MACs`];
  return numbers.join(" · ");
}

/** @param {Front|null} front */
const bestOf = (front) => (front?.points ?? []).reduce((/** @type {Trial|null} */ best, { trial }) => (best && best.metrics.accuracy >= trial.metrics.accuracy ? best : trial), null);

/** @param {() => void} onClose */
export function createSelectedTrial(onClose) {
  const element = h("p", { class: "selected-trial", "aria-live": "polite" });
  let shown = "";

  return {
    element,
    /**
     * @param {ViewState} within what is within budget
     * @param {ViewState} all
     * @param {string|null} selectedId
     * @param {string} budget in words; empty without one
     */
    update({ front }, all, selectedId, budget) {
      const selected = selectedId ? all.trials.get(selectedId) : undefined;
      const trial = selected ?? bestOf(front);
      const range = [...(front?.points ?? []), ...(all.front?.points ?? [])].find((point) => point.trial.id === trial?.id)?.accuracy_interval;
      const nothing = budget && all.front?.points.length ? `No network of the front is within ${budget}.` : "Select a point or a row to see its numbers and its file.";
      const text = trial ? facts(trial, range) : nothing;
      const name = trial && (selected ? `Trial ${trial.number}` : `Most accurate${budget ? ` within ${budget}` : ""}: trial ${trial.number}`);
      const key = `${name}${text}${trial?.artifact?.href}`;
      if (key === shown) return;
      shown = key;
      if (!trial) {
        element.replaceChildren(h("span", { class: "note" }, text));
        return;
      }
      const parts = [h("strong", {}, name), h("span", {}, text)];
      parts.push(h("a", { href: trialHref(trial.id), "data-route": true }, "Open the trial"));
      parts.push(h("a", { href: pageHref("compare", { items: trial.id }), "data-route": true }, "Compare"));
      if (trial.artifact) parts.push(h("a", { href: trial.artifact.href, download: true }, "Download its file"));
      if (selected) parts.push(h("button", { type: "button", class: "quiet", onclick: onClose }, "Clear"));
      element.replaceChildren(...parts);
    },
  };
}
