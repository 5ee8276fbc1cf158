// @ts-check
/** Loss and accuracy of a trial, epoch by epoch, float training and fine-tuning apart. */

import { axisTitle, createChart, quietAxis } from "./chart_panel.js";
import { percent, plural } from "./format.js";

/** @import {Attempt, Epoch} from "./trial_history.js" */
/** @import {Colours} from "./theme.js" */

/** @type {Record<string, string>} */
const PHASES = { float: "Float training", qat: "Fine-tuning" };

/**
 * Epochs of the phases after one another.
 *
 * @param {readonly Epoch[]} epochs
 */
function steps(epochs) {
  let before = 0;
  return epochs.map((epoch, i) => {
    if (i > 0 && epoch.phase !== epochs[i - 1].phase) before += epochs[i - 1].epoch;
    return { ...epoch, step: before + epoch.epoch };
  });
}

/**
 * @param {readonly Attempt[]} attempts
 * @param {Colours} colour
 */
function picture(attempts, colour) {
  // a later attempt resumes from the checkpoint of the one before: its epochs replace the same ones
  /** @type {Map<string, Epoch>} */
  const latest = new Map();
  for (const attempt of attempts) for (const epoch of attempt.epochs) latest.set(`${epoch.phase} ${epoch.epoch}`, epoch);
  const all = steps([...latest.values()].sort((a, b) => Number(a.phase !== "float") - Number(b.phase !== "float") || a.epoch - b.epoch));
  const phases = [...new Set(all.map((epoch) => epoch.phase))];
  const traces = phases.flatMap((phase) => {
    const own = all.filter((epoch) => epoch.phase === phase);
    const isFloat = phase === "float";
    const line = { width: 2, dash: isFloat ? "dot" : "solid" };
    const mode = own.length < 30 ? "lines+markers" : "lines";
    return [
      { type: "scatter", mode, name: `${PHASES[phase] ?? phase}: accuracy`, x: own.map((e) => e.step), y: own.map((e) => e.accuracy), text: own.map((e) => `${PHASES[phase] ?? phase}, epoch ${e.epoch}<br>${percent(e.accuracy)}`), hovertemplate: "%{text}<extra></extra>", line: { ...line, color: colour.accent }, marker: { size: 5, color: colour.accent } },
      { type: "scatter", mode, name: `${PHASES[phase] ?? phase}: loss`, yaxis: "y2", x: own.map((e) => e.step), y: own.map((e) => e.loss), text: own.map((e) => `${PHASES[phase] ?? phase}, epoch ${e.epoch}<br>training loss ${e.loss?.toPrecision(3)}`), hovertemplate: "%{text}<extra></extra>", line: { ...line, color: colour.running }, marker: { size: 5, color: colour.running } },
    ];
  });
  const probed = all.filter((epoch) => epoch.probed !== null);
  /** @type {any[]} */
  const probes = [{ type: "scatter", mode: "markers", name: "Quantized copy: accuracy", x: probed.map((e) => e.step), y: probed.map((e) => e.probed), text: probed.map((e) => `Quantized copy at ${PHASES[e.phase] ?? e.phase}, epoch ${e.epoch}<br>${percent(e.probed)}`), hovertemplate: "%{text}<extra></extra>", marker: { size: 9, symbol: "diamond-open", color: colour.accent } }];
  const last = all.at(-1);
  return {
    traces: probed.length ? [...traces, ...probes] : traces,
    layout: {
      margin: { l: 56, r: 56, t: 10, b: 84 },
      xaxis: { ...quietAxis(colour), title: axisTitle("Epoch", colour) },
      yaxis: { ...quietAxis(colour), tickformat: ",.2~%", title: axisTitle("Validation accuracy", colour) },
      yaxis2: { ...quietAxis(colour), overlaying: "y", side: "right", showgrid: false, tickmode: "auto", nticks: 6, rangemode: "tozero", title: axisTitle("Training loss", colour) },
    },
    words: last ? `Learning curves over ${plural(all.length, "epoch")}; the last: ${percent(last.accuracy)} accuracy, loss ${last.loss?.toPrecision(3) ?? "unknown"}.` : "No epoch has been reported yet.",
    columns: ["Epoch", "Training loss", "Validation accuracy", ...(probed.length ? ["Quantized copy"] : [])],
    rows: all.map((e) => [`${PHASES[e.phase] ?? e.phase} ${e.epoch}`, e.loss?.toPrecision(4) ?? "–", percent(e.accuracy), ...(probed.length ? [percent(e.probed)] : [])]),
  };
}

export function createLearningCurves() {
  const chart = createChart({ label: "Learning curves", empty: "No epoch has been reported yet.", height: 380 });
  return {
    element: chart.element,
    stop: chart.stop,
    /** @param {readonly Attempt[]} attempts */
    update: (attempts) => void chart.show((colour) => picture(attempts, colour)),
  };
}
