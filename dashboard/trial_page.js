// @ts-check
/** The page of one trial: how it learned, what it is made of, what became of it, and its files. */

import { createDownloads } from "./downloads.js";
import { announce, h, oncePerFrame, setText } from "./dom.js";
import { bits, clock, count, duration, elapsed, exactBytes, interval, percent, sentence } from "./format.js";
import { layerTable } from "./layer_table.js";
import { createLearningCurves } from "./learning_curves.js";
import { createLineagePanel } from "./lineage_panel.js";
import { followTrial } from "./live_trial.js";
import { problemNotice } from "./notices.js";
import { searchHref } from "./router.js";
import { runsWhere } from "./runs_where.js";
import { CONNECTION_WORDS, nameOf, statePill } from "./search_header.js";
import { sizeBreakdown } from "./size_breakdown.js";
import { createTrialActions } from "./trial_actions.js";
import { attemptsOf } from "./trial_history.js";
import { createTrialLog } from "./trial_log.js";
import { createWeightHistogram } from "./weight_histogram.js";
import { wilson } from "./intervals.js";

/** @import {Search, Trial} from "./types.js" */
/** @import {Attempt} from "./trial_history.js" */

/** @param {string} label @param {string} value @param {string} [note] */
const tile = (label, value, note) => h("div", { class: "tile" }, h("dt", {}, label), h("dd", {}, h("span", { class: "big" }, value), note ? h("span", { class: "note" }, note) : null));

/** @param {string} name @param {Child} value @import {Child} from "./dom.js" */
const fact = (name, value) => (value === null || value === undefined || value === "" ? null : h("div", {}, h("dt", {}, name), h("dd", {}, value)));

/** @param {Trial} trial */
function tilesOf({ metrics, costs, mean_weight_bits: meanBits, state, progress }) {
  const range = metrics.accuracy === undefined ? null : wilson(metrics.accuracy, metrics.n_validation);
  const measured = metrics.accuracy === undefined ? (progress ? `${progress.phase} ${progress.epoch}/${progress.n_epochs}` : state) : percent(metrics.accuracy);
  const float = metrics.float_accuracy === undefined ? "" : `${percent(metrics.float_accuracy)} before quantization`;
  return [
    tile(metrics.accuracy === undefined ? "State" : "Accuracy of the file", measured, range ? `95 %: ${interval(range)}` : ""),
    tile("Size", exactBytes(costs.size_bytes), metrics.float_size_bytes ? `${(metrics.float_size_bytes / costs.size_bytes).toFixed(1)} times smaller than in float` : ""),
    tile("Weights", `${bits(meanBits)} bits`, float),
    tile("Work", `${count(costs.macs)} MACs`, `${exactBytes(costs.peak_activation_bytes)} of activations`),
  ];
}

/** @param {Trial} trial */
function facts(trial) {
  const { metrics } = trial;
  return h(
    "dl",
    { class: "trial-facts" },
    fact("Seed", String(trial.seed)),
    fact("Trained for", metrics.train_seconds === undefined ? "" : duration(metrics.train_seconds)),
    fact("Test accuracy", metrics.test_accuracy === undefined ? "" : percent(metrics.test_accuracy)),
    fact("Agrees with training", metrics.decision_agreement === undefined ? "" : `${percent(metrics.decision_agreement)} of decisions`),
    fact("Candidate", h("code", { class: "hash" }, trial.candidate_hash ?? "")),
    fact("SHA-256 of the file", trial.artifact ? h("code", { class: "hash" }, trial.artifact.sha256) : ""),
  );
}

/** @param {readonly Attempt[]} attempts */
function attemptsTable(attempts) {
  if (!attempts.length) return h("p", { class: "empty small" }, "No worker has taken it up yet.");
  const row = (/** @type {Attempt} */ { number, workerId, startedAt, endedAt, end }) =>
    h("tr", {}, h("th", { scope: "row" }, `Attempt ${number}`), h("td", {}, clock(startedAt)), h("td", {}, elapsed(startedAt, endedAt)), h("td", { class: "wrap" }, end), h("td", {}, h("code", { class: "hash" }, workerId ?? "")));
  return h(
    "div",
    { class: "table-scroll", tabindex: "0", role: "region", "aria-label": "Table of attempts" },
    h("table", {}, h("caption", { class: "visually-hidden" }, "Attempts"), h("thead", {}, h("tr", {}, ...["Attempt", "Started", "Took", "Ended", "Worker"].map((name) => h("th", { scope: "col" }, name)))), h("tbody", {}, ...attempts.map(row))),
  );
}

/** @param {string} id @param {string} title @param {...Node} content */
const panel = (id, title, ...content) => h("section", { class: "panel", "aria-labelledby": id }, h("div", { class: "panel-head" }, h("h2", { id }, title)), ...content);

/**
 * @param {HTMLElement} root
 * @param {string} trialId
 * @returns {() => void} unmounts
 */
export function showTrial(root, trialId) {
  const title = h("h1");
  const pill = h("span");
  const crumb = h("p", { class: "crumb" });
  const reason = h("p", { class: "reason" });
  const live = h("span", { class: "connection", role: "status" });
  const tiles = h("dl", { class: "tiles" });
  const curves = createLearningCurves();
  const downloads = createDownloads();
  const histogram = createWeightHistogram();
  const output = createTrialLog(trialId);
  const actions = createTrialActions(trialId, () => followed.refresh());
  const breakdown = h("div");
  const layers = h("div");
  const attempts = h("div");
  const places = h("div");
  const more = h("div", { class: "more-facts" });
  const origin = createLineagePanel(trialId);
  const content = h(
    "div",
    { class: "trial", hidden: true },
    h("header", { class: "search-head" }, crumb, h("div", { class: "title-row" }, h("div", { class: "title" }, title, pill), h("div", { class: "actions" }, live, ...actions.buttons)), reason, tiles),
    h("div", { class: "columns even" }, panel("curves-title", "Learning curves", curves.element), panel("files-title", "Files", downloads.element, more)),
    h("div", { class: "columns even" }, panel("weights-title", "Weights on their grid", histogram.element), panel("size-title", "What the bytes are for", breakdown)),
    panel("origin-title", "Where it comes from", origin.element),
    panel("layers-title", "Layers", layers),
    panel("runs-title", "Runs where", places),
    h("div", { class: "columns even" }, panel("attempts-title", "Attempts", attempts), panel("output-title", "Output", output.element)),
    ...actions.dialogs,
  );
  const notice = h("div", {}, h("p", { class: "loading" }, "Loading the trial…"));
  root.replaceChildren(notice, content);
  /** @type {Trial|null} */
  let shown = null;
  let shownEvents = -1;
  let announced = "";

  /** @param {Trial} trial @param {Search} search */
  function showTrialFacts(trial, search) {
    const name = `Trial ${trial.number}`;
    document.title = `${name} of ${nameOf(search)} · bitpareto`;
    setText(title, name);
    crumb.replaceChildren(h("a", { href: searchHref(search.id), "data-route": true }, nameOf(search)));
    pill.replaceChildren(statePill(trial.on_front ? "on the front" : trial.state));
    setText(reason, trial.state_reason ? sentence(trial.state_reason.message) : "");
    reason.hidden = !trial.state_reason;
    tiles.replaceChildren(...tilesOf(trial));
    actions.update(trial, search);
    downloads.update(trial, search);
    more.replaceChildren(facts(trial));
    void origin.update(trial, search);
    if (trial.size_breakdown) breakdown.replaceChildren(sizeBreakdown(trial.size_breakdown));
    if (trial.layers) layers.replaceChildren(layerTable(trial.layers, trial.size_breakdown?.header ?? 0));
    places.replaceChildren(runsWhere(trial));
    histogram.update(trial.artifact, trial.layers ?? []);
    if (trial.state !== announced) announce(`${name} is ${trial.state}.`);
    announced = trial.state;
  }

  function render() {
    const { trial, search, events, connection } = followed.state();
    if (!trial || !search) return;
    notice.hidden = true;
    content.hidden = false;
    if (trial !== shown) showTrialFacts(trial, search);
    shown = trial;
    setText(live, CONNECTION_WORDS[connection]);
    live.dataset.connection = connection;
    if (events.length === shownEvents) return;
    shownEvents = events.length;
    const history = attemptsOf(events);
    curves.update(history);
    attempts.replaceChildren(attemptsTable(history));
  }

  const frame = oncePerFrame(render);
  const followed = followTrial(trialId, {
    onChange: frame.ask,
    onError: (error) => notice.replaceChildren(problemNotice(error, "This trial cannot be shown")),
  });

  return () => {
    frame.stop();
    followed.stop();
    curves.stop();
    histogram.stop();
    origin.stop();
    output.stop();
  };
}
