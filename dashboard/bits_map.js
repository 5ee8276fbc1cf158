// @ts-check
/** Weight bits of every layer, for each network of the front: a table whose cells are coloured. */

import { ApiError, getTrial } from "./api.js";
import { h, setText } from "./dom.js";
import { percent, size } from "./format.js";

/** @import {LayerRow, Trial} from "./types.js" */
/** @import {ViewState} from "./state.js" */

const MOST_COLUMNS = 40;

/** Layers by name in the order of the deepest network that has them. @param {readonly LayerRow[][]} networks */
export function layerNames(networks) {
  const names = /** @type {string[]} */ ([]);
  for (const layers of [...networks].sort((a, b) => b.length - a.length)) {
    let after = -1;
    for (const { name, n_weights: n } of layers) {
      if (!n) continue;
      const place = names.indexOf(name);
      if (place >= 0) after = place;
      else names.splice((after += 1), 0, name);
    }
  }
  return names;
}

/** @param {(trialId: string) => void} onSelect */
export function createBitsMap(onSelect) {
  const words = h("p", { class: "note", role: "status" });
  const place = h("div");
  const element = h("details", { class: "panel bits-map", ontoggle: () => void show() }, h("summary", {}, h("h2", {}, "Bits of every layer over the front")), words, place);
  const abort = new AbortController();
  /** @type {Map<string, LayerRow[]>} */
  const known = new Map();
  /** @type {Trial[]} */
  let front = [];
  let shown = "";

  async function show() {
    if (!element.open) return;
    const wanted = front.slice(0, MOST_COLUMNS);
    const key = wanted.map((trial) => trial.id).join();
    if (key === shown) return;
    shown = key;
    try {
      const missing = wanted.filter((trial) => !known.has(trial.id));
      if (missing.length) setText(words, "Reading the layers…");
      for (const trial of await Promise.all(missing.map(({ id }) => getTrial(id, abort.signal)))) known.set(trial.id, trial.layers ?? []);
    } catch (error) {
      if (abort.signal.aborted) return;
      if (!(error instanceof ApiError)) throw error;
      shown = "";
      setText(words, `The layers cannot be read: ${error.message}`);
      return;
    }
    if (key !== shown) return;
    const rest = front.length - wanted.length;
    setText(words, wanted.length ? `One column per network, smallest first${rest > 0 ? `; ${rest} larger ones are left out` : ""}. A blank: the network has no such layer.` : "The front is empty.");
    place.replaceChildren(table(wanted));
  }

  /** @param {Trial[]} trials */
  function table(trials) {
    const networks = trials.map((trial) => new Map((known.get(trial.id) ?? []).map((layer) => [layer.name, layer])));
    const names = layerNames(trials.map((trial) => known.get(trial.id) ?? []));
    const head = trials.map((trial) => h("th", { scope: "col" }, h("button", { type: "button", class: "row-button", title: `${percent(trial.metrics.accuracy)} at ${size(trial.costs.size_bytes)}`, "aria-label": `Trial ${trial.number}`, onclick: () => onSelect(trial.id) }, String(trial.number))));
    const cell = (/** @type {LayerRow|undefined} */ layer) => (layer ? h("td", { class: "bits-cell", "data-bits": Math.min(layer.weight_bits, 9) }, String(layer.weight_bits)) : h("td", { class: "bits-cell" }));
    return h(
      "div",
      { class: "table-scroll", tabindex: "0", role: "region", "aria-label": "Weight bits by layer and network" },
      h("table", { class: "bits-table" }, h("caption", { class: "visually-hidden" }, "Weight bits by layer and network"), h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "Layer"), ...head)), h("tbody", {}, ...names.map((name) => h("tr", {}, h("th", { scope: "row" }, name), ...networks.map((layers) => cell(layers.get(name))))))),
    );
  }

  return {
    element,
    /** @param {ViewState} state */
    update(state) {
      front = (state.front?.points ?? []).map((point) => point.trial);
      element.hidden = front.length === 0;
      void show();
    },
    stop: () => abort.abort(),
  };
}
