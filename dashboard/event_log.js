// @ts-check
/** The log of a search in words, newest first. */

import { h, setChildren } from "./dom.js";
import { inWords } from "./events_in_words.js";
import { clock, dayAndTime } from "./format.js";

/** @import {SearchEvent} from "./types.js" */
/** @import {ViewState} from "./state.js" */

const SHOWN = 200;

/** @param {(trialId: string) => void} onSelect */
export function createEventLog(onSelect) {
  const list = h("ol", { class: "log", tabindex: "0", "aria-labelledby": "log-title" });
  const empty = h("p", { class: "empty small" }, "Nothing has happened yet.");
  const element = h("section", { class: "panel log-panel", "aria-labelledby": "log-title" }, h("div", { class: "panel-head" }, h("h2", { id: "log-title" }, "What happened")), list, empty);
  /** @type {Map<number, {item: HTMLLIElement, line: HTMLElement, event: SearchEvent}>} */
  const items = new Map();

  /** @param {SearchEvent} event */
  function createItem(event) {
    const line = h("span", { class: "log-text" });
    const time = h("time", { datetime: event.at, title: dayAndTime(event.at) }, clock(event.at));
    const trialId = event.payload.trial_id ?? event.payload.added?.[0];
    const item = h("li", trialId ? { onclick: () => onSelect(trialId) } : {}, time, line);
    return { item, line, event };
  }

  return {
    element,
    /** @param {ViewState} state */
    update({ log, trials }) {
      const shown = log.slice(-SHOWN).reverse();
      const kept = new Set(shown.map((event) => event.id));
      for (const id of items.keys()) if (!kept.has(id)) items.delete(id);
      const elements = shown.map((event) => {
        const known = items.get(event.id) ?? createItem(event);
        items.set(event.id, known);
        // a trial's number and accuracy may arrive after the event that names it
        const { text, tone } = inWords(event, trials);
        if (known.line.textContent !== text) {
          known.line.textContent = text;
          known.item.dataset.tone = tone;
        }
        return known.item;
      });
      setChildren(list, elements);
      list.hidden = elements.length === 0;
      empty.hidden = elements.length > 0;
    },
  };
}
