// @ts-check
/** The page of one search. */

import { createCancelDialog } from "./cancel_dialog.js";
import { announce, h, oncePerFrame } from "./dom.js";
import { createEventLog } from "./event_log.js";
import { createFrontChart } from "./front_chart.js";
import { sentence } from "./format.js";
import { frontTable } from "./front_table.js";
import { followSearch } from "./live_search.js";
import { problemNotice } from "./notices.js";
import { createPauseButton } from "./pause_button.js";
import { createSearchHeader, nameOf } from "./search_header.js";
import { createSelectedTrial } from "./selected_trial.js";
import { isSearchEnded } from "./state.js";
import { createTrialsTable } from "./trials_table.js";

/** @import {Front, Search} from "./types.js" */

const CLOCK_MS = 1000;

/**
 * @param {HTMLElement} root
 * @param {string} searchId
 * @returns {() => void} unmounts
 */
export function showSearch(root, searchId) {
  /** @type {string|null} */
  let selectedId = null;
  /** @type {Front|null} */
  let tabledFront = null;
  let announcedState = "";

  const dialog = createCancelDialog(searchId, (search) => live.adopt(search));
  const pause = createPauseButton(searchId, (search) => live.adopt(search));
  const header = createSearchHeader(() => dialog.open(), pause.element);
  const chart = createFrontChart(select);
  const table = createTrialsTable(select);
  const log = createEventLog(select);
  const selected = createSelectedTrial(() => select(null));
  const alternative = h("div");
  const asTable = h("details", { class: "alternative", ontoggle: () => frame.ask() }, h("summary", {}, "The front as a table"), alternative);
  const content = h(
    "div",
    { class: "search", hidden: true },
    header.element,
    h(
      "div",
      { class: "columns" },
      h("section", { class: "panel front-panel", "aria-labelledby": "front-title" }, h("div", { class: "panel-head" }, h("h2", { id: "front-title" }, "Front"), h("span", { class: "note hint" }, "Bars are 95 % intervals. Drag to zoom.")), chart.element, selected.element, asTable),
      log.element,
    ),
    table.element,
    dialog.element,
  );
  const notice = h("div", {}, h("p", { class: "loading" }, "Loading the search…"));
  root.replaceChildren(notice, content);

  /** @param {string|null} trialId selected again, it is no longer selected */
  function select(trialId) {
    selectedId = selectedId === trialId ? null : trialId;
    frame.ask();
  }

  /** @param {Search} search */
  function announceState(search) {
    if (search.state === announcedState) return;
    announce(`${nameOf(search)} is ${search.state}. ${sentence(search.state_reason.message)}`);
    announcedState = search.state;
  }

  function render() {
    const state = live.state();
    if (!state.search) return;
    notice.hidden = true;
    content.hidden = false;
    document.title = `${nameOf(state.search)} · bitpareto`;
    announceState(state.search);
    header.update(state, live.connection());
    pause.update(state.search);
    if (isSearchEnded(state.search)) dialog.close();
    table.update(state, selectedId);
    log.update(state);
    selected.update(state, selectedId);
    if (asTable.open && tabledFront !== state.front) {
      tabledFront = state.front;
      alternative.replaceChildren(frontTable(state.front));
    }
    void chart.update(state, selectedId);
  }

  const frame = oncePerFrame(render);
  const live = followSearch(searchId, {
    onChange: frame.ask,
    onError(error) {
      if (!live.state().search) notice.replaceChildren(problemNotice(error, "This search cannot be shown"));
    },
  });
  const clock = window.setInterval(() => {
    const { search } = live.state();
    if (search && !isSearchEnded(search)) header.update(live.state(), live.connection());
  }, CLOCK_MS);

  return () => {
    window.clearInterval(clock);
    frame.stop();
    live.stop();
    chart.stop();
  };
}
