// @ts-check
/** The page of one search. */

import { costAxis } from "./axes.js";
import { createBitsMap } from "./bits_map.js";
import { announce, h, oncePerFrame } from "./dom.js";
import { createEventLog } from "./event_log.js";
import { createExplanationPanel } from "./explanation_panel.js";
import { sentence } from "./format.js";
import { createFrontPanel } from "./front_panel.js";
import { createGrowthPanel } from "./growth_panel.js";
import { followSearch } from "./live_search.js";
import { createLiveTrials } from "./live_trials.js";
import { problemNotice } from "./notices.js";
import { createParallel } from "./parallel.js";
import { createSearchActions } from "./search_actions.js";
import { createSearchHeader, nameOf } from "./search_header.js";
import { keepInAddress, viewOfAddress, within } from "./search_view.js";
import { isSearchEnded } from "./state.js";
import { createTrialsTable } from "./trials_table.js";

/** @import {SearchView} from "./search_view.js" */
/** @import {Search} from "./types.js" */

const CLOCK_MS = 1000;
/** Browsers refuse to change the address at every frame of a drag. */
const ADDRESS_MS = 150;

/**
 * @param {HTMLElement} root
 * @param {string} searchId
 * @returns {() => void} unmounts
 */
export function showSearch(root, searchId) {
  let view = viewOfAddress();
  let keptView = view;
  let addressTimer = 0;
  let announcedState = "";
  /** @type {Set<string>|null} */
  let brushed = null;

  const actions = createSearchActions(searchId, (search) => live.adopt(search));
  const header = createSearchHeader(actions.buttons);
  const front = createFrontPanel(searchId, { onView: look, onFront: () => frame.ask() });
  const table = createTrialsTable(select, look);
  const log = createEventLog(select);
  const running = createLiveTrials();
  const parallel = createParallel({ onBrushes: (brushes) => look({ brushes }), onGenes: (genes) => look({ genes }) });
  const bitsMap = createBitsMap(select);
  const growth = createGrowthPanel(searchId, look);
  const explanation = createExplanationPanel(searchId);
  const folds = { bits: bitsMap.element, model: explanation.element };
  const content = h(
    "div",
    { class: "search", hidden: true },
    header.element,
    h(
      "div",
      { class: "columns" },
      front.element,
      log.element,
    ),
    running.element,
    h("div", { class: "pair" }, growth.element, parallel.element),
    bitsMap.element,
    explanation.element,
    table.element,
    ...actions.dialogs,
  );
  const notice = h("div", {}, h("p", { class: "loading" }, "Loading the search…"));
  root.replaceChildren(notice, content);

  for (const [name, panel] of Object.entries(folds)) {
    panel.open = view.open.includes(name);
    panel.addEventListener("toggle", () => look({ open: Object.entries(folds).flatMap(([key, { open }]) => (open ? key : [])) }));
  }

  /** @param {Partial<SearchView>} change */
  function look(change) {
    const isAgain = change.selected && change.selected === view.selected; // selected again, it is no longer
    view = { ...view, ...change, ...(isAgain ? { selected: null } : {}) };
    frame.ask();
  }

  /** @param {string} selected id of a trial */
  function select(selected) {
    look({ selected });
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
    actions.update(state.search);
    const shown = front.update(state, view, brushed);
    const chosen = parallel.update(shown, view);
    if (chosen !== brushed) {
      brushed = chosen;
      front.update(state, view, brushed);
    }
    table.update(shown, view, brushed);
    running.update(state, view.budget === null ? null : within(state, costAxis(state.search, view.x), view.budget).trials);
    growth.update(state, view);
    bitsMap.update(shown);
    explanation.update(state.search);
    log.update(state);
    if (keptView !== view) {
      keptView = view;
      window.clearTimeout(addressTimer);
      addressTimer = window.setTimeout(() => keepInAddress(view), ADDRESS_MS);
    }
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
    window.clearTimeout(addressTimer);
    frame.stop();
    live.stop();
    front.stop();
    parallel.stop();
    growth.stop();
    bitsMap.stop();
    explanation.stop();
    running.stop();
    table.stop();
  };
}
