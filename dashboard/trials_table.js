// @ts-check
/** The table of trials: sortable, updated row by row so that focus and scroll stay. */

import { h, setChildren, setText } from "./dom.js";
import { bits, count, exactBytes, percent, size } from "./format.js";
import { frontTrialIds } from "./state.js";

/** @import {Trial} from "./types.js" */
/** @import {ViewState} from "./state.js" */

/** @typedef {number|string|null|undefined} SortKey */
/**
 * @typedef {object} Column
 * @property {string} key
 * @property {string} title
 * @property {boolean} isNumber
 * @property {(trial: Trial) => SortKey} sortKey
 * @property {(trial: Trial) => string} [words]
 */

/** @type {Column[]} */
const COLUMNS = [
  { key: "number", title: "Trial", isNumber: false, sortKey: (trial) => trial.number },
  { key: "state", title: "State", isNumber: false, sortKey: (trial) => trial.state },
  { key: "accuracy", title: "Accuracy", isNumber: true, sortKey: (trial) => trial.metrics.accuracy, words: (trial) => percent(trial.metrics.accuracy) },
  { key: "size", title: "Size", isNumber: true, sortKey: (trial) => trial.costs.size_bytes, words: (trial) => size(trial.costs.size_bytes) },
  { key: "bits", title: "Mean bits", isNumber: true, sortKey: (trial) => trial.mean_weight_bits, words: (trial) => bits(trial.mean_weight_bits) },
  { key: "macs", title: "MACs", isNumber: true, sortKey: (trial) => trial.costs.macs, words: (trial) => count(trial.costs.macs) },
  { key: "method", title: "Method", isNumber: false, sortKey: (trial) => trial.gen_method, words: (trial) => trial.gen_method },
  { key: "attempt", title: "Attempt", isNumber: true, sortKey: (trial) => trial.attempt, words: (trial) => (trial.attempt ? String(trial.attempt) : "–") },
  { key: "file", title: "File", isNumber: false, sortKey: (trial) => trial.artifact?.size_bytes },
];

/** @type {Record<string, string>} */
const PHASES = { float: "float", qat: "fine-tuning", pack: "packing" };

/**
 * Unknown values come last in either direction.
 *
 * @param {readonly Trial[]} trials
 * @param {Column} column
 * @param {1|-1} direction
 */
function sorted(trials, column, direction) {
  return [...trials].sort((a, b) => {
    const [p, q] = [column.sortKey(a), column.sortKey(b)];
    const [isUnknownP, isUnknownQ] = [p === null || p === undefined, q === null || q === undefined];
    if (isUnknownP || isUnknownQ) return Number(isUnknownP) - Number(isUnknownQ) || a.number - b.number;
    const order = typeof p === "string" ? p.localeCompare(String(q)) : Number(p) - Number(q);
    return direction * order || a.number - b.number;
  });
}

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
function createRow(onSelect, /** @type {string} */ trialId) {
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

/**
 * @param {(trialId: string) => void} onSelect
 */
export function createTrialsTable(onSelect) {
  let sortColumn = COLUMNS[0];
  /** @type {1|-1} */
  let direction = -1;
  let isFrontOnly = false;
  /** @type {{state: ViewState, selectedId: string|null}|null} */
  let latest = null;
  /** @type {Map<string, ReturnType<typeof createRow>>} */
  const rows = new Map();

  const headings = COLUMNS.map((column) =>
    h("th", { scope: "col", class: column.isNumber ? "number" : "" }, h("button", { type: "button", class: "sort", onclick: () => sortBy(column) }, column.title)),
  );
  const body = h("tbody");
  const empty = h("p", { class: "empty small", hidden: true }, "No trial yet. The optimizer is choosing the first candidates.");
  const frontOnly = h("input", { type: "checkbox", onchange: () => { isFrontOnly = frontOnly.checked; render(); } });
  const element = h(
    "section",
    { class: "panel", "aria-labelledby": "trials-title" },
    h("div", { class: "panel-head" }, h("h2", { id: "trials-title" }, "Trials"), h("label", { class: "check" }, frontOnly, "Front only")),
    h("div", { class: "table-scroll" }, h("table", { class: "trials" }, h("caption", { class: "visually-hidden" }, "Trials of this search; the headings sort"), h("thead", {}, h("tr", {}, ...headings)), body)),
    empty,
  );

  /** @param {Column} column */
  function sortBy(column) {
    direction = column === sortColumn ? (direction === 1 ? -1 : 1) : column.key === "accuracy" ? -1 : 1;
    sortColumn = column;
    render();
  }

  function render() {
    if (!latest) return;
    const { state, selectedId } = latest;
    const onFront = frontTrialIds(state.front);
    const trials = [...state.trials.values()].filter((trial) => !isFrontOnly || onFront.has(trial.id));
    const elements = sorted(trials, sortColumn, direction).map((trial) => {
      const row = rows.get(trial.id) ?? createRow(onSelect, trial.id);
      rows.set(trial.id, row);
      row.update(trial, onFront.has(trial.id), trial.id === selectedId);
      return row.element;
    });
    setChildren(body, elements);
    empty.hidden = elements.length > 0;
    headings.forEach((heading, i) => {
      if (COLUMNS[i] === sortColumn) heading.setAttribute("aria-sort", direction === 1 ? "ascending" : "descending");
      else heading.removeAttribute("aria-sort");
    });
  }

  return {
    element,
    /** @param {ViewState} state @param {string|null} selectedId */
    update(state, selectedId) {
      latest = { state, selectedId };
      render();
    },
  };
}
