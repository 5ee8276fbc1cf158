// @ts-check
/** The table of trials: sortable, exportable; of many trials only the rows in sight exist. */

import { asCsv } from "./csv.js";
import { h, oncePerFrame, setChildren, setText } from "./dom.js";
import { plural } from "./format.js";
import { saveText } from "./save.js";
import { differInProgressAlone, frontTrialIds } from "./state.js";
import { COLUMNS, sorted } from "./trial_columns.js";
import { createRow } from "./trial_row.js";

/** @import {Column} from "./trial_columns.js" */
/** @import {Trial} from "./types.js" */
/** @import {SearchView} from "./search_view.js" */
/** @import {ViewState} from "./state.js" */

/** Up to so many trials every row exists, so that the browser's own search finds them. */
const FEW = 120;
const ROWS_AROUND = 12;
const USUAL_ROW_PX = 37;

/**
 * @param {(trialId: string) => void} onSelect
 * @param {(change: Partial<SearchView>) => void} onView
 */
export function createTrialsTable(onSelect, onView) {
  let sortColumn = COLUMNS[0];
  /** @type {1|-1} */
  let direction = -1;
  let isFrontOnly = false;
  /** @type {{state: ViewState, selectedId: string|null, brushed: ReadonlySet<string>|null}|null} */
  let latest = null;
  /** @type {Trial[]} */
  let ordered = [];
  let orderedFor = /** @type {unknown[]} */ ([]);
  /** @type {ViewState["trials"]|null} */
  let orderedTrials = null;
  /** @type {Map<string, ReturnType<typeof createRow>>} */
  const rows = new Map();

  const headings = COLUMNS.map((column) =>
    h("th", { scope: "col", class: column.isNumber ? "number" : "" }, h("button", { type: "button", class: "sort", onclick: () => sortBy(column) }, column.title)),
  );
  const body = h("tbody");
  const above = h("tr", { class: "rows-out-of-sight", "aria-hidden": "true" }, h("td", { colspan: COLUMNS.length }));
  const below = h("tr", { class: "rows-out-of-sight", "aria-hidden": "true" }, h("td", { colspan: COLUMNS.length }));
  const table = h("table", { class: "trials" }, h("caption", { class: "visually-hidden" }, "Trials of this search; the headings sort"), h("thead", {}, h("tr", {}, ...headings)), body);
  const empty = h("p", { class: "empty small", hidden: true });
  const shownCount = h("span", { class: "note" });
  const frontOnly = h("input", { type: "checkbox", onchange: () => { isFrontOnly = frontOnly.checked; render(); onView({ frontOnly: isFrontOnly }); } });
  const element = h(
    "section",
    { class: "panel", "aria-labelledby": "trials-title" },
    h("div", { class: "panel-head" }, h("h2", { id: "trials-title" }, "Trials"), h("div", { class: "actions" }, shownCount, h("label", { class: "check" }, frontOnly, "Front only"), h("button", { type: "button", class: "quiet", onclick: exportCsv }, "Export CSV"))),
    h("div", { class: "table-scroll" }, table),
    empty,
  );

  /** @param {Column} column */
  function sortBy(column) {
    direction = column === sortColumn ? (direction === 1 ? -1 : 1) : column.key === "accuracy" ? -1 : 1;
    sortColumn = column;
    render();
    onView({ order: `${direction === -1 ? "-" : ""}${column.key}` });
  }

  function exportCsv() {
    if (latest) saveText("trials.csv", asCsv(ordered, frontTrialIds(latest.state.front)), "text/csv");
  }

  /** The rows in sight and some around them. @returns {[number, number]} */
  function range() {
    if (ordered.length <= FEW) return [0, ordered.length];
    const height = body.querySelector("tr:not(.rows-out-of-sight)")?.getBoundingClientRect().height || USUAL_ROW_PX;
    const top = -body.getBoundingClientRect().top;
    const first = Math.max(0, Math.min(ordered.length - 1, Math.floor(top / height) - ROWS_AROUND));
    const last = Math.min(ordered.length, first + Math.ceil(window.innerHeight / height) + 2 * ROWS_AROUND);
    /** @type {HTMLElement} */ (above.firstElementChild).style.height = `${first * height}px`;
    /** @type {HTMLElement} */ (below.firstElementChild).style.height = `${(ordered.length - last) * height}px`;
    return [first, last];
  }

  function showRows() {
    if (!latest) return;
    const { state, selectedId } = latest;
    const onFront = frontTrialIds(state.front);
    const [first, last] = range();
    const inSight = ordered.slice(first, last).map((trial) => state.trials.get(trial.id) ?? trial); // as far as it has come
    const elements = inSight.map((trial, i) => {
      const row = rows.get(trial.id) ?? createRow(onSelect, trial.id);
      rows.set(trial.id, row);
      row.update(trial, onFront.has(trial.id), trial.id === selectedId);
      row.element.setAttribute("aria-rowindex", String(first + i + 2)); // the headings are row 1
      return row.element;
    });
    const ids = new Set(inSight.map((trial) => trial.id));
    for (const id of rows.keys()) if (!ids.has(id)) rows.delete(id);
    setChildren(body, [...(first > 0 ? [above] : []), ...elements, ...(last < ordered.length ? [below] : [])]);
  }

  function render() {
    if (!latest) return;
    const { state, brushed } = latest;
    const wanted = [state.front, state.hasAllTrials, brushed, sortColumn, direction, isFrontOnly];
    const areSame = differInProgressAlone(orderedTrials, state.trials);
    orderedTrials = state.trials;
    if (!areSame || wanted.some((part, i) => part !== orderedFor[i])) {
      orderedFor = wanted;
      const onFront = frontTrialIds(state.front);
      const isShown = (/** @type {Trial} */ trial) => (!isFrontOnly || onFront.has(trial.id)) && (!brushed || brushed.has(trial.id));
      ordered = sorted([...state.trials.values()].filter(isShown), sortColumn, direction);
      table.setAttribute("aria-rowcount", String(ordered.length + 1));
      setText(shownCount, plural(ordered.length, "trial"));
      setText(empty, !state.hasAllTrials ? "Reading the trials…" : state.trials.size || state.search?.trial_counts.completed ? "No trial is within what is chosen above." : "No trial yet. The optimizer is choosing the first candidates.");
      empty.hidden = ordered.length > 0;
      headings.forEach((heading, i) => {
        if (COLUMNS[i] === sortColumn) heading.setAttribute("aria-sort", direction === 1 ? "ascending" : "descending");
        else heading.removeAttribute("aria-sort");
      });
    }
    showRows();
  }

  const scrolled = oncePerFrame(() => {
    if (ordered.length > FEW) showRows();
  });
  window.addEventListener("scroll", scrolled.ask, { passive: true });
  window.addEventListener("resize", scrolled.ask);

  return {
    element,
    /** @param {ViewState} state @param {SearchView} view @param {ReadonlySet<string>|null} brushed null: all */
    update(state, { selected, order, frontOnly: only }, brushed) {
      latest = { state, selectedId: selected, brushed };
      sortColumn = COLUMNS.find((column) => column.key === order.replace("-", "")) ?? COLUMNS[0];
      direction = order.startsWith("-") ? -1 : 1;
      frontOnly.checked = isFrontOnly = only;
      render();
    },
    stop() {
      scrolled.stop();
      window.removeEventListener("scroll", scrolled.ask);
      window.removeEventListener("resize", scrolled.ask);
    },
  };
}
