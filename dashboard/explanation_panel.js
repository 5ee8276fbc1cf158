// @ts-check
/** What the optimizer's model has learned: genes that matter, what a bit does, the front it expects. */

import { ApiError, getExplanation } from "./api.js";
import { h, setText } from "./dom.js";
import { clock, percent, plural, signed, size } from "./format.js";
import { predictedFront } from "./predicted_front.js";

/** @import {Explanation, Search} from "./types.js" */

const MOST_GENES = 20;

/** Percentage points. @param {number} share */
const points = (share) => (100 * share).toFixed(2);

/** @param {string} caption @param {readonly string[]} columns @param {readonly Node[]} rows */
const table = (caption, columns, rows) =>
  h(
    "div",
    { class: "table-scroll", tabindex: "0", role: "region", "aria-label": caption },
    h("table", {}, h("caption", { class: "visually-hidden" }, caption), h("thead", {}, h("tr", {}, ...columns.map((name, i) => h("th", { scope: "col", class: i ? "number" : null }, name)))), h("tbody", {}, ...rows)),
  );

/** @param {string} name @param {...(Node|string)} cells */
const row = (name, ...cells) => h("tr", {}, h("th", { scope: "row" }, name), ...cells.map((cell) => h("td", { class: "number" }, cell)));

/** @param {number} share @param {number} most */
function bar(share, most) {
  const filled = h("span", { class: "share" });
  filled.style.width = `${(100 * share) / most}%`;
  return h("span", { class: "share-place", "aria-hidden": "true" }, filled);
}

/** @param {Explanation} explanation */
function importanceTable({ importance }) {
  const shown = importance.slice(0, MOST_GENES);
  const most = shown[0]?.share || 1;
  return table("Genes by importance", ["Gene", "Share", "Of the predicted changes of accuracy"], shown.map(({ gene, share }) => row(gene, percent(share), bar(share, most))));
}

/** @param {Explanation} explanation */
function stepsTable({ bit_steps: steps }) {
  if (!steps.length) return h("p", { class: "empty small" }, "No network of the front has a width that could be another.");
  return table(
    "What a step of bits changes",
    ["Gene", "Bits", "Accuracy, points", "± (one sd)", "Size", "Networks"],
    steps.map(({ gene, bits, accuracy, accuracy_sd: sd, costs, n_networks: n }) => row(gene, signed(bits, (value) => String(Number(value.toFixed(1)))), signed(accuracy, points), points(sd), signed(costs.size_bytes, size), String(n))),
  );
}

/** @param {Explanation} explanation */
function frontTable({ front }) {
  return h(
    "details",
    { class: "alternative" },
    h("summary", {}, "The predicted front as a table"),
    table(
      "The predicted front as a table",
      ["Network", "Predicted accuracy", "± (one sd)", "Size"],
      front.map(({ number, accuracy, accuracy_sd: sd, costs }) => row(number === null ? "Not trained" : `Trial ${number}`, percent(accuracy), `${points(sd)} points`, size(costs.size_bytes))),
    ),
  );
}

/** @param {string} searchId */
export function createExplanationPanel(searchId) {
  const words = h("p", { class: "note", role: "status" });
  const place = h("div", { class: "explanation" });
  const element = h("details", { class: "panel", hidden: true, ontoggle: () => void show() }, h("summary", {}, h("h2", {}, "What the model has learned")), words, place);
  const abort = new AbortController();
  let nCompleted = 0;
  let shownFor = -1;

  async function show() {
    if (!element.open || shownFor === nCompleted) return;
    shownFor = nCompleted;
    try {
      const explanation = await getExplanation(searchId, abort.signal);
      setText(words, `Fitted to ${plural(explanation.n_measured, "completed trial")} at ${clock(explanation.made_at)}. Accuracies here are predicted; sizes are exact.`);
      place.replaceChildren(
        h("h3", {}, "Genes that matter"),
        importanceTable(explanation),
        h("h3", {}, "One step of bits, on networks of the front"),
        stepsTable(explanation),
        h("h3", {}, "The front the model expects"),
        predictedFront(explanation.front),
        frontTable(explanation),
      );
    } catch (error) {
      if (abort.signal.aborted) return;
      if (!(error instanceof ApiError)) throw error;
      if (error.isTemporary) shownFor = -1;
      setText(words, error.message);
    }
  }

  return {
    element,
    /** @param {Search} search */
    update({ strategy, trial_counts: counts }) {
      nCompleted = counts.completed ?? 0;
      element.hidden = strategy.name !== "bayesian" || nCompleted === 0;
      void show();
    },
    stop: () => abort.abort(),
  };
}
