// @ts-check
/** The line under the front: the selected trial, its numbers and its file. */

import { h } from "./dom.js";
import { trialHref } from "./router.js";
import { bits, count, exactBytes, interval, percent } from "./format.js";

/** @import {Trial} from "./types.js" */
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

/** @param {() => void} onClose */
export function createSelectedTrial(onClose) {
  const element = h("p", { class: "selected-trial", "aria-live": "polite" });
  let shown = "";

  return {
    element,
    /** @param {ViewState} state @param {string|null} selectedId */
    update({ trials, front }, selectedId) {
      const trial = selectedId ? trials.get(selectedId) : undefined;
      const range = front?.points.find((point) => point.trial.id === selectedId)?.accuracy_interval;
      const text = trial ? facts(trial, range) : "Select a point or a row to see its numbers and its file.";
      const key = `${selectedId}${text}${trial?.artifact?.href}`;
      if (key === shown) return;
      shown = key;
      if (!trial) {
        element.replaceChildren(h("span", { class: "note" }, text));
        return;
      }
      const parts = [h("strong", {}, `Trial ${trial.number}`), h("span", {}, text)];
      parts.push(h("a", { href: trialHref(trial.id), "data-route": true }, "Open the trial"));
      if (trial.artifact) parts.push(h("a", { href: trial.artifact.href, download: true }, "Download its file"));
      element.replaceChildren(...parts, h("button", { type: "button", class: "quiet", onclick: onClose }, "Clear"));
    },
  };
}
