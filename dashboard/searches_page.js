// @ts-check
/** The list of searches: found, filtered and sorted by the server, and kept up to date. */

import { ApiError, listSearches } from "./api.js";
import { onReconnected } from "./connection.js";
import { h, setChildren, setText } from "./dom.js";
import { plural } from "./format.js";
import { problemNotice } from "./notices.js";
import { pageHref } from "./router.js";
import { createListControls, isFiltered, keepListView, listQuery, listViewOfAddress } from "./search_filters.js";
import { COLUMNS, createSearchRow } from "./search_row.js";

/** @import {Search} from "./types.js" */
/** @import {ListView} from "./search_filters.js" */

const REFRESH_MS = 3000;
const PAGE = 50;
/** As many as one answer holds: these are kept up to date. */
const MOST_FRESH = 200;

const nothingYet = () =>
  h("div", { class: "empty" }, h("h2", {}, "No searches yet"), h("p", {}, h("a", { href: pageHref("new"), "data-route": true }, "Start one here"), ", with the Python client, the command line or a POST to ", h("code", {}, "/v1/searches"), ". It appears here by itself."));

/** @param {() => void} onClear */
const nothingFits = (onClear) => h("div", { class: "empty" }, h("h2", {}, "No search fits"), h("p", {}, "None has this name, state and data set."), h("button", { type: "button", onclick: onClear }, "Show all"));

/** @param {string} sort as a column's header says it @param {string} shown */
const orderOf = (sort, shown) => (sort.replace("-", "") !== shown.replace("-", "") ? null : shown.startsWith("-") ? "descending" : "ascending");

/** The same column the other way. @param {string} sort */
const turned = (sort) => (sort.startsWith("-") ? sort.slice(1) : `-${sort}`);

/** @param {(sort: string) => void} onSort */
function createHead(onSort) {
  let shown = "";
  const cells = COLUMNS.map(({ name, sort, kind }) => {
    const button = sort && h("button", { type: "button", class: "sort", onclick: () => onSort(sort === shown ? turned(sort) : sort) }, name);
    return { sort, element: h("th", { scope: "col", role: "columnheader", class: kind }, button || name) };
  });
  return {
    element: h("thead", { role: "rowgroup" }, h("tr", { role: "row" }, ...cells.map((cell) => cell.element))),
    /** @param {string} sort */
    update(sort) {
      shown = sort;
      for (const { sort: own, element } of cells) {
        const order = own && orderOf(own, sort);
        if (order) element.setAttribute("aria-sort", order);
        else element.removeAttribute("aria-sort");
      }
    },
  };
}

/**
 * @param {HTMLElement} root
 * @returns {() => void} unmounts
 */
export function showSearches(root) {
  const abort = new AbortController();
  let view = listViewOfAddress();
  /** @type {Search[]} */
  let shown = [];
  /** @type {string|null} */
  let nextCursor = null;
  let turn = 0;
  /** @type {Map<string, ReturnType<typeof createSearchRow>>} */
  const rows = new Map();

  const controls = createListControls(view, look, abort.signal);
  const head = createHead((sort) => look({ sort }));
  const body = h("tbody", { role: "rowgroup" });
  const words = h("p", { class: "note", role: "status" });
  const notice = h("div", {}, h("p", { class: "loading" }, "Loading searches…"));
  const more = h("button", { type: "button", hidden: true, onclick: () => void readMore() }, "Show more");
  const list = h("section", { class: "panel searches-panel", "aria-label": "Searches", hidden: true }, h("table", { class: "searches", role: "table", "aria-label": "Searches" }, head.element, body));
  root.replaceChildren(
    h("div", { class: "title-row page-title" }, h("h1", {}, "Searches"), h("a", { class: "button primary", href: pageHref("new"), "data-route": true }, "New search")),
    controls.element,
    words,
    notice,
    list,
    more,
  );
  document.title = "Searches · bitpareto";

  /** @param {Partial<ListView>} change */
  function look(change) {
    view = { ...view, ...change };
    keepListView(view);
    controls.update(view);
    head.update(view.sort);
    shown = [];
    void refresh();
  }

  function draw() {
    const elements = shown.map((search) => {
      const row = rows.get(search.id) ?? createSearchRow(search);
      rows.set(search.id, row);
      row.update(search);
      return row.element;
    });
    setChildren(body, elements);
    list.hidden = shown.length === 0;
    more.hidden = !nextCursor;
    setText(words, shown.length ? `${plural(shown.length, "search").replace(/searchs$/, "searches")}${nextCursor ? " shown, there are more" : ""}` : "");
    const isEmpty = shown.length === 0;
    if (!isEmpty) notice.replaceChildren();
    else notice.replaceChildren(isFiltered(view) ? nothingFits(() => look({ name: "", state: "", dataset: "" })) : nothingYet());
  }

  /** @param {Search[]} arriving the first ones, newer than what is known of them */
  function adopt(arriving) {
    const seen = new Set(arriving.map((search) => search.id));
    shown = [...arriving, ...shown.slice(arriving.length).filter((search) => !seen.has(search.id))];
    draw();
  }

  async function readMore() {
    if (!nextCursor) return;
    more.disabled = true;
    const own = turn;
    try {
      const page = await listSearches([...listQuery(view), ["limit", String(PAGE)], ["cursor", nextCursor]], abort.signal);
      if (own !== turn) return;
      nextCursor = page.next_cursor;
      const known = new Set(shown.map((search) => search.id));
      shown = [...shown, ...page.data.filter((search) => !known.has(search.id))];
      setText(more, "Show more");
      draw();
    } catch (error) {
      if (abort.signal.aborted) return;
      if (!(error instanceof ApiError)) throw error;
      setText(more, "Show more (failed, try again)");
    } finally {
      more.disabled = false;
    }
  }

  /** Reads anew what is shown, as far as one answer goes. */
  async function refresh() {
    const own = ++turn;
    const limit = Math.min(MOST_FRESH, Math.max(PAGE, shown.length));
    try {
      const page = await listSearches([...listQuery(view), ["limit", String(limit)]], abort.signal);
      if (own !== turn) return;
      if (shown.length <= limit) nextCursor = page.next_cursor;
      adopt(page.data);
    } catch (error) {
      if (abort.signal.aborted || own !== turn) return;
      if (!(error instanceof ApiError)) throw error;
      if (!shown.length) notice.replaceChildren(problemNotice(error, "The searches cannot be read"));
    }
  }

  const refreshIfSeen = () => {
    if (!document.hidden && !more.disabled) void refresh();
  };
  head.update(view.sort);
  void refresh();
  const timer = window.setInterval(refreshIfSeen, REFRESH_MS);
  const stopListening = onReconnected(refreshIfSeen);
  return () => {
    abort.abort();
    window.clearInterval(timer);
    stopListening();
  };
}
