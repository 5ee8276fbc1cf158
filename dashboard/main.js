// @ts-check
/** Starts the page: shows what the address names. Each page's modules load when it is first opened. */

import { installBanner } from "./connection.js";
import { h } from "./dom.js";
import { routeOf, startRouter } from "./router.js";

/** @import {Route} from "./router.js" */

/** @typedef {(root: HTMLElement, id: string) => () => void} ShowPage */

/** @type {Record<Route["page"], () => Promise<ShowPage>>} */
const PAGES = {
  searches: async () => (await import("./searches_page.js")).showSearches,
  search: async () => (await import("./search_page.js")).showSearch,
  trial: async () => (await import("./trial_page.js")).showTrial,
  new: async () => (await import("./new_search_page.js")).showNewSearch,
  compare: async () => (await import("./compare_page.js")).showCompare,
  workers: async () => (await import("./workers_page.js")).showWorkers,
  hardware: async () => (await import("./hardware_page.js")).showHardware,
  models: async () => (await import("./models_page.js")).showModels,
};

const root = /** @type {HTMLElement} */ (document.getElementById("content"));
const links = [...document.querySelectorAll("nav a[data-page]")].map((link) => /** @type {HTMLElement} */ (link));
let unmount = () => {};
let turn = 0;

/** Modules are fetched when first needed, so the server may be away by then. @param {Error} error */
const notLoaded = (error) =>
  h("div", { class: "empty", role: "alert" }, h("h1", {}, "This page could not be loaded"), h("p", {}, error.message), h("button", { type: "button", onclick: () => location.reload() }, "Try again"));

installBanner(root);
startRouter(async () => {
  const route = routeOf(location);
  const own = ++turn;
  unmount();
  unmount = () => {};
  for (const link of links) {
    if (link.dataset.page === route.page) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  let show;
  try {
    show = await PAGES[route.page]();
  } catch (error) {
    if (own === turn) root.replaceChildren(notLoaded(/** @type {Error} */ (error)));
    return;
  }
  if (own === turn) unmount = show(root, route.id ?? "");
});
