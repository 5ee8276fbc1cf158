// @ts-check
/** A page that shows a list the server holds and reads it anew every few seconds. */

import { ApiError } from "./api.js";
import { onReconnected } from "./connection.js";
import { h, setText } from "./dom.js";
import { problemNotice } from "./notices.js";

const REFRESH_MS = 4000;

/** @typedef {string|number|Node|null} Cell */

/**
 * @template Entry
 * @param {HTMLElement} root
 * @param {object} page
 * @param {string} page.title
 * @param {string} page.about one sentence
 * @param {(signal: AbortSignal) => Promise<Entry[]>} page.read
 * @param {readonly string[]} page.columns
 * @param {(entry: Entry) => Cell[]} page.row the first cell names the row
 * @param {(entries: Entry[]) => string} page.summary
 * @param {() => Node} page.empty
 * @param {(refresh: () => void) => Node} [page.controls] above the list
 * @returns {() => void} unmounts
 */
export function showList(root, { title, about, read, columns, row, summary, empty, controls }) {
  const abort = new AbortController();
  const notice = h("div", {}, h("p", { class: "loading" }, `Loading ${title.toLowerCase()}…`));
  const words = h("p", { class: "note" });
  const body = h("tbody", { role: "rowgroup" });
  const table = h(
    "section",
    { class: "panel", "aria-label": title, hidden: true },
    words,
    h("div", { class: "table-scroll", tabindex: "0", role: "region", "aria-label": `${title}, a table` }, h("table", { class: "list", role: "table" }, h("caption", { class: "visually-hidden" }, title), h("thead", {}, h("tr", {}, ...columns.map((name) => h("th", { scope: "col" }, name)))), body)),
  );
  root.replaceChildren(h("h1", { class: "page-title" }, title), h("p", { class: "note about" }, about), ...(controls ? [controls(() => void refresh())] : []), notice, table);
  document.title = `${title} · bitpareto`;
  let shown = "";

  /** @param {Entry[]} entries */
  function show(entries) {
    const inWords = summary(entries);
    const json = JSON.stringify([entries, inWords]);
    if (json === shown) return;
    shown = json;
    setText(words, inWords);
    table.hidden = entries.length === 0;
    notice.replaceChildren(...(entries.length ? [] : [h("div", { class: "empty" }, empty())]));
    const cell = (/** @type {Cell} */ value, /** @type {number} */ i) => h(i ? "td" : "th", i ? { role: "cell", "data-label": columns[i] } : { role: "rowheader", scope: "row" }, value ?? "–");
    if (!body.contains(document.activeElement)) body.replaceChildren(...entries.map((entry) => h("tr", { role: "row" }, ...row(entry).map(cell))));
    else shown = ""; // the focused link stays where it is until it is left
  }

  async function refresh() {
    if (document.hidden) return;
    try {
      show(await read(abort.signal));
    } catch (error) {
      if (abort.signal.aborted) return;
      if (!(error instanceof ApiError)) throw error;
      if (!shown) notice.replaceChildren(problemNotice(error, `${title} cannot be read`));
    }
  }

  void refresh();
  const timer = window.setInterval(refresh, REFRESH_MS);
  const stopListening = onReconnected(refresh);
  return () => {
    abort.abort();
    window.clearInterval(timer);
    stopListening();
  };
}
