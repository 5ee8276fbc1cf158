// @ts-check
/** Which page an address names: `?search=ID` or `#/searches/ID` one search, anything else the list. */

/** @param {string} id */
export const searchHref = (id) => `./?search=${encodeURIComponent(id)}`;

/**
 * @param {{search: string, hash: string}} location
 * @returns {string|null} the search's id
 */
export function searchIdOf({ search, hash }) {
  const inHash = /^#\/searches\/([^/?]+)/.exec(hash);
  return inHash ? decodeURIComponent(inHash[1]) : new URLSearchParams(search).get("search");
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
    history.pushState(null, "", link.href);
    show();
    document.getElementById("content")?.focus();
    window.scrollTo(0, 0);
  });
  window.addEventListener("popstate", show);
  show();
}
