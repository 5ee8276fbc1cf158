// @ts-check
/**
 * Which page an address names, and what of its view the address holds.
 *
 * `?search=ID` and `?trial=ID` name one thing, `?page=NAME` a page; anything else is the list of
 * searches. The other parameters are the view: changing them never adds to the history.
 */

export const PAGES = /** @type {const} */ (["new", "compare", "workers", "hardware", "models", "data", "keys", "webhooks"]);

/** @typedef {"searches"|"search"|"trial"|typeof PAGES[number]} PageName */
/** @typedef {{page: PageName, id: string|null}} Route */

/** @param {string} id */
export const searchHref = (id) => `./?search=${encodeURIComponent(id)}`;

/** @param {string} id */
export const trialHref = (id) => `./?trial=${encodeURIComponent(id)}`;

/** @param {typeof PAGES[number]} page @param {Record<string, string>} [view] */
export const pageHref = (page, view = {}) => `./?${new URLSearchParams({ page, ...view })}`;

/**
 * @param {{search: string, hash: string}} location
 * @returns {Route}
 */
export function routeOf({ search, hash }) {
  const inHash = /^#\/searches\/([^/?]+)/.exec(hash);
  if (inHash) return { page: "search", id: decodeURIComponent(inHash[1]) };
  const query = new URLSearchParams(search);
  for (const page of /** @type {const} */ (["search", "trial"])) if (query.get(page)) return { page, id: query.get(page) };
  const named = PAGES.find((page) => page === query.get("page"));
  return { page: named ?? "searches", id: null };
}

/** All of the address that can change what is shown; most fragments only move the focus. */
const addressOf = () => `${location.search} ${routeOf(location).id ?? ""}`;

let shownAddress = "";

/** @param {string} name */
export const viewParameter = (name) => new URLSearchParams(location.search).get(name);

/**
 * Puts what is shown into the address, so that it can be kept, sent and opened again.
 *
 * @param {Record<string, string|number|null|undefined>} changes null and "" take a parameter out
 */
export function setView(changes) {
  const url = new URL(location.href);
  for (const [name, value] of Object.entries(changes)) {
    if (value === null || value === undefined || value === "") url.searchParams.delete(name);
    else url.searchParams.set(name, String(value));
  }
  if (url.href === location.href) return;
  history.replaceState(history.state, "", url);
  shownAddress = addressOf();
}

/**
 * Follows links marked `data-route` without loading the page anew.
 *
 * @param {() => void} show
 */
export function startRouter(show) {
  document.addEventListener("click", (event) => {
    const link = event.target instanceof Element ? event.target.closest("a[data-route]") : null;
    const isPlain = event.button === 0 && !event.metaKey && !event.ctrlKey && !event.shiftKey && !event.altKey;
    if (!(link instanceof HTMLAnchorElement) || !isPlain) return;
    event.preventDefault();
    goTo(link.href);
  });
  const showAddress = () => {
    shownAddress = addressOf();
    show();
  };
  window.addEventListener("popstate", () => {
    if (addressOf() !== shownAddress) showAddress();
  });
  window.addEventListener("bitpareto:navigate", () => {
    showAddress();
    document.getElementById("content")?.focus();
    window.scrollTo(0, 0);
  });
  showAddress();
}

/** @param {string} href */
export function goTo(href) {
  history.pushState(null, "", href);
  window.dispatchEvent(new Event("bitpareto:navigate"));
}
