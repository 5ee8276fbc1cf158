// @ts-check
/** One row of the table of trials: changed in place, so that focus stays. */

import { h, setText } from "./dom.js";
import { exactBytes, size } from "./format.js";
import { COLUMNS } from "./trial_columns.js";

/** @import {Trial} from "./types.js" */

/** @type {Record<string, string>} */
const PHASES = { float: "float", qat: "fine-tuning", pack: "packing" };

/**
 * @param {Trial} trial
 * @param {boolean} isOnFront
 */
function stateInWords({ state, progress, outcome }, isOnFront) {
  if (state === "running" && progress) {
    return `${PHASES[progress.phase] ?? progress.phase} ${progress.epoch}/${progress.n_epochs}`;
  }
  if (state === "failed" && outcome) return outcome.replaceAll("_", " ");
  return isOnFront ? "on the front" : state;
}

/** @param {(trialId: string) => void} onSelect */
export function createRow(onSelect, /** @type {string} */ trialId) {
  const cells = COLUMNS.map((column) => h(column.key === "number" ? "th" : "td", column.key === "number" ? { scope: "row" } : { class: column.isNumber ? "number" : column.key }));
  const select = h("button", { type: "button", class: "row-button", onclick: () => onSelect(trialId) });
  const state = h("span", { class: "trial-state" });
  const bar = h("progress", { class: "thin", hidden: true });
  const file = h("a", { hidden: true, download: true }, "Download");
  cells[0].append(select);
  cells[1].append(state, bar);
  cells[COLUMNS.length - 1].append(file);
  const element = h("tr", { onclick: (/** @type {MouseEvent} */ event) => !(/** @type {Element} */ (event.target).closest("a, button")) && onSelect(trialId) }, ...cells);
  /** @type {Trial|null} */
  let shown = null;
  let wasOnFront = false;

  /** @param {Trial} trial @param {boolean} isOnFront */
  function fill(trial, isOnFront) {
    setText(select, String(trial.number));
    select.setAttribute("aria-label", `Trial ${trial.number}${isOnFront ? ", on the front" : ""}`);
    setText(state, stateInWords(trial, isOnFront));
    state.dataset.state = isOnFront ? "front" : trial.state;
    state.title = trial.state_reason?.message ?? "";
    bar.hidden = trial.state !== "running" || !trial.progress;
    if (trial.progress) {
      bar.max = Math.max(1, trial.progress.n_epochs);
      bar.value = trial.progress.epoch;
      bar.setAttribute("aria-label", `Progress of trial ${trial.number}`);
    }
    COLUMNS.forEach((column, i) => column.words && setText(cells[i], column.words(trial)));
    cells[3].title = exactBytes(trial.costs.size_bytes);
    file.hidden = !trial.artifact;
    if (trial.artifact) {
      file.href = trial.artifact.href;
      file.setAttribute("aria-label", `Download the file of trial ${trial.number}, ${size(trial.artifact.size_bytes)}`);
    }
    element.classList.toggle("on-front", isOnFront);
  }

  return {
    element,
    /** @param {Trial} trial @param {boolean} isOnFront @param {boolean} isSelected */
    update(trial, isOnFront, isSelected) {
      if (trial !== shown || isOnFront !== wasOnFront) fill(trial, isOnFront);
      shown = trial;
      wasOnFront = isOnFront;
      element.classList.toggle("selected", isSelected);
      select.setAttribute("aria-pressed", String(isSelected));
    },
  };
}
