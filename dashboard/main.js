// @ts-check
/** Starts the page: shows what the address names. Each page's modules load when it is first opened. */

import { ApiError, setOnUnauthenticated } from "./api.js";
import { installBanner } from "./connection.js";
import { h } from "./dom.js";
import { loadPlotly } from "./plotly.js";
import { routeOf, startRouter } from "./router.js";
import { showSignIn, showWho } from "./session.js";

/** @import {Route} from "./router.js" */

/** @typedef {(root: HTMLElement, id: string) => () => void} ShowPage */

/** @type {Record<Route["page"], () => Promise<ShowPage>>} */
const PAGES = {
  searches: async () => (await import("./searches_page.js")).showSearches,
  search: async () => {
    // by far the largest script of the page is read while its modules and its front are on their way
    loadPlotly().catch(() => {}); // the chart asks again, and says it
    return (await import("./search_page.js")).showSearch;
  },
  trial: async () => (await import("./trial_page.js")).showTrial,
  new: async () => (await import("./new_search_page.js")).showNewSearch,
  compare: async () => (await import("./compare_page.js")).showCompare,
  workers: async () => (await import("./workers_page.js")).showWorkers,
  hardware: async () => (await import("./hardware_page.js")).showHardware,
  models: async () => (await import("./models_page.js")).showModels,
  data: async () => (await import("./data_page.js")).showData,
  keys: async () => (await import("./keys_page.js")).showKeys,
  webhooks: async () => (await import("./webhooks_page.js")).showWebhooks,
};

const root = /** @type {HTMLElement} */ (document.getElementById("content"));
const links = [...document.querySelectorAll("nav a[data-page]")].map((link) => /** @type {HTMLElement} */ (link));
const who = /** @type {HTMLElement} */ (document.getElementById("who"));
let unmount = () => {};
let turn = 0;

/** Modules are fetched when first needed, so the server may be away by then. @param {Error} error */
const notLoaded = (error) =>
  h("div", { class: "empty", role: "alert" }, h("h1", {}, "This page could not be loaded"), h("p", {}, error.message), h("button", { type: "button", onclick: () => location.reload() }, "Try again"));

/** Shows what the address names. */
async function showRoute() {
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
}

/** Asks for a key in place of the page; the address stays, so the user returns to it. */
function askForKey() {
  if (root.querySelector(".sign-in")) return;
  turn += 1;
  unmount();
  unmount = () => {};
  who.replaceChildren();
  showSignIn(root, begin);
}

async function begin() {
  await Promise.all([showRoute(), greet()]);
}

async function greet() {
  try {
    await showWho(who, askForKey);
  } catch (error) {
    if (!(error instanceof ApiError)) throw error; // who cannot be told now is told by the page itself
  }
}

installBanner(root);
setOnUnauthenticated(askForKey);
startRouter(showRoute);
greet();
