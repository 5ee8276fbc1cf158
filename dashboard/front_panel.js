// @ts-check
/** The panel of the front: the picture, its controls, the network asked for, and the table. */

import { ApiError, getFront } from "./api.js";
import { costAxis } from "./axes.js";
import { h, setText } from "./dom.js";
import { createFrontChart } from "./front_chart.js";
import { createFrontControls } from "./front_controls.js";
import { frontTable } from "./front_table.js";
import { asOf, within } from "./search_view.js";
import { createSelectedTrial } from "./selected_trial.js";

/** @import {Front} from "./types.js" */
/** @import {SearchView} from "./search_view.js" */
/** @import {ViewState} from "./state.js" */

/**
 * @param {string} searchId
 * @param {object} listeners
 * @param {(change: Partial<SearchView>) => void} listeners.onView
 * @param {() => void} listeners.onFront an earlier front has arrived
 */
export function createFrontPanel(searchId, { onView, onFront }) {
  const abort = new AbortController();
  const controls = createFrontControls(onView);
  const chart = createFrontChart({ onSelect: (selected) => onView({ selected }), onBudget: (budget) => onView({ budget }) });
  const selected = createSelectedTrial(() => onView({ selected: null }));
  const alternative = h("div");
  const asTable = h("details", { class: "alternative", ontoggle: showTable }, h("summary", {}, "The front as a table"), alternative);
  const failure = h("p", { class: "failure", role: "alert", hidden: true });
  const head = h("div", { class: "panel-head" }, h("h2", { id: "front-title" }, "Front"), h("span", { class: "note hint" }, "Bars are 95 % intervals. Drag the line to set a budget, the picture to zoom."));
  const element = h("section", { class: "panel front-panel", "aria-labelledby": "front-title" }, head, controls.element, failure, chart.element, selected.element, asTable);
  /** @type {Front|null} */
  let earlier = null;
  /** @type {number|null} */
  let asked = null;
  /** @type {Front|null} */
  let tabled = null;
  /** @type {ViewState|null} */
  let shown = null;
  /** @type {{source: ViewState, front: Front, state: ViewState}|null} */
  let past = null;

  function showTable() {
    if (!asTable.open || !shown || tabled === shown.front) return;
    tabled = shown.front;
    alternative.replaceChildren(frontTable(shown.front));
  }

  /** @param {number} event */
  async function readEarlier(event) {
    asked = event;
    try {
      const front = await getFront(searchId, abort.signal, event);
      if (asked !== event) return;
      earlier = front;
      failure.hidden = true;
      onFront();
    } catch (error) {
      if (abort.signal.aborted) return;
      if (!(error instanceof ApiError)) throw error;
      setText(failure, `The front as of event ${event} cannot be read: ${error.message}`);
      failure.hidden = false;
    }
  }

  /** The state at the moment asked for, once its front is here. @param {ViewState} state @param {SearchView} view */
  function atMoment(state, { asOf: event }) {
    if (event === null) {
      asked = earlier = null;
      return state;
    }
    if (asked !== event) void readEarlier(event);
    const change = state.hypervolumes.findLast(({ eventId }) => eventId <= event);
    if (!earlier || !change) return state;
    if (past?.source.trials !== state.trials || past.front !== earlier) past = { source: state, front: earlier, state: asOf(state, earlier, change.at) };
    return { ...state, front: past.state.front, trials: past.state.trials };
  }

  return {
    element,
    /**
     * @param {ViewState} state
     * @param {SearchView} view
     * @param {ReadonlySet<string>|null} brushed
     * @returns {ViewState} what of the state is within budget at the moment looked at
     */
    update(state, view, brushed) {
      const moment = atMoment(state, view);
      controls.update(state, view);
      void chart.update(moment, view, brushed);
      const axis = costAxis(state.search, view.x);
      shown = within(moment, axis, view.budget);
      selected.update(shown, state, view.selected, view.budget === null ? "" : axis.words(view.budget));
      showTable();
      return shown;
    },
    stop() {
      abort.abort();
      chart.stop();
    },
  };
}
