// @ts-check
/** One search as a row of the list. Cells change where they stand: focus stays and nothing jumps. */

import { h, setText } from "./dom.js";
import { dayAndTime, duration, elapsed, hypervolume, percent, sentence, size } from "./format.js";
import { hypervolumeLine } from "./hypervolume_line.js";
import { searchHref } from "./router.js";
import { nameOf, progressBar, progressInWords, statePill, subjectOf, timeInWords } from "./search_header.js";

/** @import {Child} from "./dom.js" */
/** @import {Search} from "./types.js" */

/**
 * @typedef {object} Column
 * @property {string} name
 * @property {string|null} sort what the server sorts by; `-` puts the largest first
 * @property {string} kind class of its cells
 * @property {(search: Search) => string} words changes when the cell must
 * @property {(search: Search) => Child[]} content
 */

/** @param {Search} search */
const reasonOf = (search) => (search.waiting ? `waiting: ${search.waiting.message}` : search.state_reason.message);

/** @param {(search: Search) => string} words @returns {Pick<Column, "words"|"content">} */
const plain = (words) => ({ words, content: (search) => [words(search)] });

/** The columns after the name. @type {readonly Column[]} */
const FACTS = [
  {
    name: "State",
    sort: null,
    kind: "state-cell",
    words: (search) => `${search.state} ${reasonOf(search)}`,
    content: (search) => [statePill(search.state), h("span", { class: "note clamped", title: sentence(reasonOf(search)) }, sentence(reasonOf(search)))],
  },
  {
    name: "Progress",
    sort: null,
    kind: "progress-cell",
    words: (search) => JSON.stringify([search.trial_counts, search.limits.max_trials]),
    content: (search) => [progressBar(search), h("span", { class: "note" }, progressInWords(search))],
  },
  { name: "Best accuracy", sort: "-best_accuracy", kind: "number", ...plain((search) => percent(search.best_accuracy)) },
  { name: "Smallest", sort: "smallest_bytes", kind: "number", ...plain((search) => size(search.smallest_bytes)) },
  {
    name: "Hypervolume",
    sort: null,
    kind: "volume-cell",
    words: (search) => JSON.stringify(search.growth),
    content: ({ growth, hypervolume: volume }) => [hypervolumeLine(growth.map((point) => point.hypervolume)), h("span", {}, growth.length ? hypervolume(volume) : "–")],
  },
  {
    name: "Compute",
    sort: "-compute_seconds",
    kind: "number",
    words: (search) => `${search.compute_seconds} ${timeInWords(search)}`,
    content: (search) => [duration(search.compute_seconds), h("span", { class: "note", title: sentence(timeInWords(search)) }, `in ${elapsed(search.created_at, search.finished_at)}`)],
  },
];

/** @type {readonly {name: string, sort: string|null, kind: string}[]} */
export const COLUMNS = [{ name: "Search", sort: "name", kind: "name-cell" }, ...FACTS];

/** @param {Search} first */
export function createSearchRow(first) {
  const link = h("a", { href: searchHref(first.id), "data-route": true });
  const subject = h("span", { class: "note" });
  const times = h("span", { class: "note" });
  const cells = FACTS.map(({ name, kind }) => ({ words: "", element: h("td", { class: kind, role: "cell", "data-name": name }) }));
  const element = h("tr", { role: "row" }, h("th", { class: "name-cell", scope: "row", role: "rowheader" }, link, subject, times), ...cells.map((cell) => cell.element));

  return {
    element,
    /** @param {Search} search */
    update(search) {
      setText(link, nameOf(search));
      setText(subject, [subjectOf(search), search.strategy.name].join(" · "));
      setText(times, dayAndTime(search.created_at));
      FACTS.forEach((column, i) => {
        const words = column.words(search);
        if (cells[i].words === words) return;
        cells[i].words = words;
        cells[i].element.replaceChildren(...column.content(search).map((child) => /** @type {Node|string} */ (child ?? "")));
      });
    },
  };
}
