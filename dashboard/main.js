// @ts-check
/** Starts the page: shows what the address names. */

import { searchIdOf, startRouter } from "./router.js";
import { showSearch } from "./search_page.js";
import { showSearches } from "./searches_page.js";

const root = /** @type {HTMLElement} */ (document.getElementById("content"));
let unmount = () => {};
/** @type {string|null|undefined} */
let shown;

startRouter(() => {
  const id = searchIdOf(location);
  if (id === shown) return; // only the fragment changed, as by the skip link
  shown = id;
  unmount();
  unmount = id === null ? showSearches(root) : showSearch(root, id);
});
