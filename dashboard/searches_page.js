// @ts-check
/** The list of searches, newest first. */

import { ApiError, listSearches } from "./api.js";
import { h, setChildren, setText } from "./dom.js";
import { dayAndTime } from "./format.js";
import { problemNotice } from "./notices.js";
import { pageHref, searchHref } from "./router.js";
import { nameOf, progressBar, progressInWords, statePill, subjectOf, timeInWords } from "./search_header.js";
import { isSearchEnded } from "./state.js";

/** @import {Search} from "./types.js" */

const REFRESH_MS = 3000;

/** @param {Search} search */
function card(search) {
  return h(
    "li",
    {},
    h(
      "a",
      { class: "card", href: searchHref(search.id), "data-route": true },
      h("span", { class: "card-title" }, h("span", { class: "card-name" }, nameOf(search)), statePill(search.state)),
      h("span", { class: "note" }, `${subjectOf(search)} · ${dayAndTime(search.created_at)}`),
      progressBar(search),
      h("span", { class: "card-foot note" }, h("span", {}, progressInWords(search)), h("span", {}, timeInWords(search))),
    ),
  );
}

const nothingYet = () =>
  h("div", { class: "empty" }, h("h2", {}, "No searches yet"), h("p", {}, h("a", { href: pageHref("new"), "data-route": true }, "Start one here"), ", with the Python client, the command line or a POST to ", h("code", {}, "/v1/searches"), ". It appears here by itself."));

/**
 * @param {HTMLElement} root
 * @returns {() => void} unmounts
 */
export function showSearches(root) {
  const abort = new AbortController();
  const list = h("ul", { class: "cards" });
  const notice = h("div", {}, h("p", { class: "loading" }, "Loading searches…"));
  const more = h("button", { type: "button", hidden: true, onclick: readMore }, "Older searches");
  root.replaceChildren(h("h1", { class: "page-title" }, "Searches"), notice, list, more);
  document.title = "Searches · bitpareto";
  /** @type {Map<string, {json: string, element: HTMLLIElement}>} */
  const cards = new Map();
  /** @type {Search[]} */
  let older = [];
  /** @type {string|null} */
  let nextCursor = null;

  /** @param {Search} search */
  function cardOf(search) {
    const json = JSON.stringify(search);
    const known = cards.get(search.id);
    if (known?.json === json && isSearchEnded(search)) return known.element;
    const element = card(search);
    if (known?.element.contains(document.activeElement)) {
      // the link keeps its focus: only what is in it changes
      const link = /** @type {Element} */ (known.element.firstElementChild);
      link.replaceChildren(.../** @type {Element} */ (element.firstElementChild).childNodes);
      cards.set(search.id, { json, element: known.element });
      return known.element;
    }
    cards.set(search.id, { json, element });
    return element;
  }

  /** @param {Search[]} newest */
  function show(newest) {
    const seen = new Set(newest.map((search) => search.id));
    const all = [...newest, ...older.filter((search) => !seen.has(search.id))];
    setChildren(list, all.map(cardOf));
    notice.replaceChildren(...(all.length ? [] : [nothingYet()]));
    more.hidden = !nextCursor;
  }

  async function readMore() {
    if (!nextCursor) return;
    more.disabled = true;
    try {
      const page = await listSearches(nextCursor, abort.signal);
      older = [...older, ...page.data];
      nextCursor = page.next_cursor;
      setChildren(list, [...list.children, ...page.data.map(cardOf)]);
      more.hidden = !nextCursor;
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      setText(more, "Older searches (failed, try again)");
    } finally {
      more.disabled = false;
    }
  }

  async function refresh() {
    if (document.hidden) return;
    try {
      const page = await listSearches(null, abort.signal);
      if (!older.length) nextCursor = page.next_cursor;
      show(page.data);
    } catch (error) {
      if (abort.signal.aborted) return;
      if (!(error instanceof ApiError)) throw error;
      notice.replaceChildren(problemNotice(error, "The searches cannot be read"));
    }
  }

  void refresh();
  const timer = window.setInterval(refresh, REFRESH_MS);
  return () => {
    abort.abort();
    window.clearInterval(timer);
  };
}
