// @ts-check
/** What of the list of searches is shown, and in which order. The address holds it. */

import { ApiError, getMeta } from "./api.js";
import { h } from "./dom.js";
import { setView, viewParameter } from "./router.js";

/** @typedef {{name: string, state: string, dataset: string, sort: string}} ListView */

const TYPING_MS = 250;
export const NEWEST = "-created_at";

/** @type {Record<string, {words: string, states: string[]}>} */
const STATES = {
  "": { words: "Any state", states: [] },
  open: { words: "At work", states: ["queued", "running", "paused", "refining"] },
  succeeded: { words: "Succeeded", states: ["succeeded"] },
  failed: { words: "Failed", states: ["failed"] },
  cancelled: { words: "Cancelled", states: ["cancelled"] },
};

/** @type {Record<string, string>} */
const ORDERS = {
  [NEWEST]: "Newest first",
  created_at: "Oldest first",
  "-updated_at": "Last changed",
  name: "Name",
  "-name": "Name, backwards",
  "-best_accuracy": "Most accurate",
  best_accuracy: "Least accurate",
  smallest_bytes: "Smallest network",
  "-smallest_bytes": "Largest smallest network",
  "-compute_seconds": "Most compute",
  compute_seconds: "Least compute",
};

/** @returns {ListView} as the address has it; what it misspells is left out */
export function listViewOfAddress() {
  const [state, sort] = [viewParameter("state") ?? "", viewParameter("sort") ?? ""];
  return {
    name: viewParameter("name") ?? "",
    state: state in STATES ? state : "",
    dataset: viewParameter("dataset") ?? "",
    sort: sort in ORDERS ? sort : NEWEST,
  };
}

/** @param {ListView} view */
export const isFiltered = ({ name, state, dataset }) => Boolean(name || state || dataset);

/** @param {ListView} view @returns {[string, string][]} parameters of the list */
export const listQuery = ({ name, state, dataset, sort }) => [
  ...STATES[state].states.map((one) => /** @type {[string, string]} */ (["state", one])),
  ...(name ? [/** @type {[string, string]} */ (["name", name])] : []),
  ...(dataset ? [/** @type {[string, string]} */ (["dataset", dataset])] : []),
  ["sort", sort],
];

/** @param {ListView} view */
export const keepListView = ({ name, state, dataset, sort }) => setView({ name, state, dataset, sort: sort === NEWEST ? null : sort });

/** @param {string} label @param {HTMLSelectElement} select @param {[string, string][]} options */
function choice(label, select, options) {
  select.append(...options.map(([value, words]) => h("option", { value }, words)));
  return h("label", {}, h("span", {}, label), select);
}

/**
 * @param {ListView} first
 * @param {(change: Partial<ListView>) => void} onChange
 * @param {AbortSignal} signal
 */
export function createListControls(first, onChange, signal) {
  let typing = 0;
  const name = h("input", {
    type: "search",
    id: "search-name",
    placeholder: "part of a name",
    maxlength: 200,
    oninput() {
      window.clearTimeout(typing);
      typing = window.setTimeout(() => onChange({ name: name.value.trim() }), TYPING_MS);
    },
  });
  const state = h("select", { onchange: () => onChange({ state: state.value }) });
  const dataset = h("select", { onchange: () => onChange({ dataset: dataset.value }) });
  const sort = h("select", { onchange: () => onChange({ sort: sort.value }) });
  const element = h(
    "form",
    { class: "filters", role: "search", "aria-label": "Searches", onsubmit: (/** @type {Event} */ event) => event.preventDefault() },
    h("label", { class: "filter-name" }, h("span", {}, "Find"), name),
    choice("State", state, Object.entries(STATES).map(([key, { words }]) => [key, words])),
    choice("Data set", dataset, [["", "Any data set"]]),
    choice("Order", sort, Object.entries(ORDERS)),
  );

  /** @param {readonly string[]} names */
  function offer(names) {
    const known = new Set([...dataset.options].map((option) => option.value));
    dataset.append(...names.filter((one) => one && !known.has(one)).map((one) => h("option", { value: one }, one)));
  }

  async function readDataSets() {
    try {
      const { datasets } = await getMeta(signal);
      offer(datasets.map((/** @type {{name: string}} */ one) => one.name).sort());
    } catch (error) {
      if (!signal.aborted && !(error instanceof ApiError)) throw error; // the page itself says what is wrong
    }
  }

  /** @param {ListView} view */
  function update(view) {
    if (document.activeElement !== name) name.value = view.name;
    offer([view.dataset]);
    [state.value, dataset.value, sort.value] = [view.state, view.dataset, view.sort];
  }

  update(first);
  void readDataSets();
  signal.addEventListener("abort", () => window.clearTimeout(typing));
  return { element, update };
}
