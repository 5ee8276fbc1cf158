// @ts-check
/** Where a trial's network comes from: how it was found, and the measured networks most like it. */

import { ApiError, getLineage } from "./api.js";
import { h } from "./dom.js";
import { inPoints, percent, plural, signed, size } from "./format.js";
import { searchHref, trialHref } from "./router.js";
import { nameOf } from "./search_header.js";

/** @import {ClosestTrial, GeneChange, Lineage, ReplicateTrial, Search, Trial} from "./types.js" */
/** @import {Child} from "./dom.js" */

/** @type {Record<string, string>} */
const FOUND_BY = {
  given: "Given to its search to begin with",
  allocated: "Bits allocated to layers before anything was proposed",
  sobol: "A Sobol point, to spread the first trials",
  ehvi: "Most expected hypervolume by the model",
  ehvi_warm: "Most expected hypervolume by a model that other searches taught, too",
  ehvi_untried: "By the model, with choices that no trial before had",
  ehvi_deadline: "By the model, as far as time allowed",
  mutation_deadline: "A variation of the front: no time was left for the model",
  mutation_fallback: "A variation of the front, without the model",
  regularized_evolution: "Bred by regularized evolution",
  nsga2: "Bred by NSGA-II",
  local_search: "A neighbour of the front",
  random: "Drawn at random",
};

/** @param {string} name @param {Child} value */
const fact = (name, value) => (value ? h("div", {}, h("dt", {}, name), h("dd", {}, value)) : null);

/** @param {string} id @param {string} text */
const trialLink = (id, text) => h("a", { href: trialHref(id), "data-route": true }, text);

/** @param {GeneChange} change */
const changeItem = ({ gene, before, after }) => h("li", {}, h("code", {}, gene), " ", h("span", {}, `${before ?? "none"} → ${after ?? "none"}`));

/** @param {ClosestTrial} closest @param {number} index */
function closestItem({ trial_id: id, number, accuracy, size_bytes: bytes, n_genes: all, n_differing: n, changes, accuracy_change: gained, size_bytes_change: grown }, index) {
  const became = [gained === null ? "" : `accuracy ${inPoints(gained)}`, `size ${signed(grown, size)}`];
  return h(
    "li",
    {},
    h("p", {}, trialLink(id, `Trial ${number}`), ` (${percent(accuracy)} at ${size(bytes)}): ${n} of ${plural(all, "choice")} ${n === 1 ? "differs" : "differ"}; ${became.filter(Boolean).join(", ")}`),
    h("details", { open: index === 0 }, h("summary", {}, `What differs from trial ${number}`), h("ul", { class: "changes" }, ...changes.map(changeItem))),
  );
}

/** @param {ReplicateTrial} replicate */
function replicateItem({ trial_id: id, number, replicate, state, accuracy, seed }) {
  const which = replicate ? `replicate ${replicate}` : "the first";
  return h("li", {}, trialLink(id, `Trial ${number}`), ` (${which}, seed ${seed}): ${accuracy === null ? state : percent(accuracy)}`);
}

/** @param {Lineage} found @param {Trial} trial @param {Search} search */
function facts({ gen_method: method, taught_by: teachers, replicates }, trial, search) {
  const words = FOUND_BY[method];
  const took = trial.replicate || trial.gen_seconds === undefined ? "" : `, in ${trial.gen_seconds.toPrecision(2)} s`;
  return h(
    "dl",
    { class: "trial-facts" },
    fact("Search", h("a", { href: searchHref(search.id), "data-route": true }, nameOf(search))),
    fact("Data set", search.dataset),
    fact("Found", words ? h("span", {}, `${words}${took} (`, h("code", {}, method), ")") : h("span", {}, h("code", {}, method), took)),
    fact("Taught by", teachers.length ? h("ul", {}, ...teachers.map((id) => h("li", {}, h("a", { href: searchHref(id), "data-route": true }, id)))) : null),
    fact("Same network", replicates.length ? h("ul", {}, ...replicates.map(replicateItem)) : null),
  );
}

/** @param {Lineage} found @param {Trial} trial @param {Search} search */
function content(found, trial, search) {
  const before = found.closest.length
    ? h("ol", { class: "closest" }, ...found.closest.map(closestItem))
    : h("p", { class: "note" }, "No trial had completed when this network was proposed.");
  return [
    facts(found, trial, search),
    h("div", {}, h("h3", {}, "Most like it, of what had been measured before"), before),
  ];
}

/** @param {string} trialId */
export function createLineagePanel(trialId) {
  const abort = new AbortController();
  const element = h("div", { class: "origin", "aria-busy": "true" }, h("p", { class: "note" }, "Looking for the networks most like it…"));
  let shown = "";

  return {
    element,
    /** Asks anew; what has not changed stays as it is. @param {Trial} trial @param {Search} search */
    async update(trial, search) {
      try {
        const found = await getLineage(trialId, abort.signal);
        const text = JSON.stringify([found, search.name]);
        if (text === shown) return;
        shown = text;
        element.replaceChildren(...content(found, trial, search));
        element.removeAttribute("aria-busy");
      } catch (error) {
        if (abort.signal.aborted) return;
        if (!(error instanceof ApiError)) throw error;
        if (!shown) element.replaceChildren(h("p", { class: "note", role: "alert" }, error.message));
      }
    },
    stop: () => abort.abort(),
  };
}
