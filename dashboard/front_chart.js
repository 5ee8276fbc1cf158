// @ts-check
/** The front: validation accuracy against an exact cost on a log axis, as the server computed it. */

import { costAxis, logTicks } from "./axes.js";
import { h } from "./dom.js";
import { bits, interval, percent } from "./format.js";
import { frontInWords, sceneOf } from "./front_scene.js";
import { loadPlotly } from "./plotly.js";
import { colours, onSchemeChange } from "./theme.js";

/** @import {Trial} from "./types.js" */
/** @import {ViewState} from "./state.js" */
/** @import {Colours} from "./theme.js" */
/** @import {CostAxis} from "./axes.js" */
/** @import {Scene} from "./front_scene.js" */

const FONT = 'system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", sans-serif';
const ON_FLOOR = 0.025;
const NARROW_PX = 560;

/**
 * @param {Trial} trial
 * @param {CostAxis} axis
 * @param {readonly [number, number]|null} [range]
 */
function hoverText(trial, axis, range) {
  const { accuracy } = trial.metrics;
  const measured = accuracy === undefined ? "accuracy not known yet" : `${percent(accuracy)}${range ? `  (${interval(range)})` : ""}`;
  const width = trial.mean_weight_bits === null ? "" : `<br>${bits(trial.mean_weight_bits)} bits on average`;
  return `Trial ${trial.number}<br>${measured}<br>${axis.words(trial.costs[axis.key])}${width}`;
}

/**
 * @param {Scene} scene
 * @param {CostAxis} axis
 * @param {Colours} colour
 * @param {boolean} hasStep with more than two objectives the front is no line in this picture
 */
function tracesOf(scene, axis, colour, hasStep) {
  /** @param {Trial[]} trials */
  const costs = (trials) => trials.map((trial) => trial.costs[axis.key]);
  /** @param {Trial[]} trials */
  const ids = (trials) => trials.map((trial) => trial.id);
  /** @param {Trial[]} trials */
  const hover = (trials) => ({ customdata: ids(trials), text: trials.map((trial) => hoverText(trial, axis)), hovertemplate: "%{text}<extra></extra>" });
  const frontTrials = scene.front.map((point) => point.trial);
  const accuracies = frontTrials.map((trial) => trial.metrics.accuracy);
  const reach = (/** @type {0|1} */ end) => scene.front.map((point, i) => Math.abs((point.accuracy_interval?.[end] ?? accuracies[i]) - accuracies[i]));
  return [
    {
      name: "Dominated",
      mode: "markers",
      x: costs(scene.dominated),
      y: scene.dominated.map((trial) => trial.metrics.accuracy),
      ...hover(scene.dominated),
      marker: { size: 7, color: colour.faint, line: { width: 0 } },
    },
    {
      name: "Below the axis",
      mode: "markers",
      yaxis: "y2",
      x: costs(scene.below),
      y: scene.below.map(() => ON_FLOOR),
      ...hover(scene.below),
      marker: { size: 8, symbol: "triangle-down-open", color: colour.faint, line: { width: 1.5 } },
    },
    {
      name: "Front",
      mode: hasStep ? "lines+markers" : "markers",
      x: costs(frontTrials),
      y: accuracies,
      customdata: ids(frontTrials),
      text: scene.front.map((point) => hoverText(point.trial, axis, point.accuracy_interval)),
      hovertemplate: "%{text}<extra></extra>",
      line: { shape: "hv", width: 2, color: colour.accent },
      marker: { size: 10, color: colour.accent, line: { width: 2, color: colour.surface }, opacity: 1 },
      error_y: { type: "data", symmetric: false, array: reach(1), arrayminus: reach(0), thickness: 1.5, width: 4, color: colour.interval },
    },
    {
      name: "Float network",
      mode: "markers",
      x: scene.float ? [scene.float.metrics.float_size_bytes] : [],
      y: scene.float ? [scene.float.metrics.float_accuracy] : [],
      customdata: scene.float ? [scene.float.id] : [],
      text: scene.float ? [`Float network of trial ${scene.float.number}<br>${percent(scene.float.metrics.float_accuracy)}<br>${axis.words(scene.float.metrics.float_size_bytes)}`] : [],
      hovertemplate: "%{text}<extra></extra>",
      marker: { size: 10, symbol: "diamond-open", color: colour.float, line: { width: 2 } },
    },
    {
      name: "Training now",
      mode: "markers",
      yaxis: "y2",
      cliponaxis: false,
      x: costs(scene.open),
      y: scene.open.map(() => 0),
      ...hover(scene.open),
      marker: {
        size: 11,
        symbol: "diamond",
        color: scene.open.map((trial) => (trial.state === "running" ? colour.running : colour.surface)),
        line: { width: 2, color: colour.running },
      },
    },
    {
      name: "Selected",
      mode: "markers",
      hoverinfo: "skip",
      showlegend: false,
      x: scene.selected?.metrics.accuracy === undefined ? [] : [scene.selected.costs[axis.key]],
      y: scene.selected?.metrics.accuracy === undefined ? [] : [scene.selected.metrics.accuracy],
      marker: { size: 20, symbol: "circle-open", color: colour.ink, line: { width: 2 } },
    },
    // Plotly draws NaN when a reaction leaves an axis without any trace
    ...["y", "y2"].map((yaxis) => ({ yaxis, mode: "markers", x: [10 ** scene.xRange[0]], y: [scene.yRange[0]], hoverinfo: "skip", showlegend: false, marker: { opacity: 0 } })),
  ].map((trace) => ({ type: "scatter", showlegend: trace.x.length > 0, ...trace }));
}

/**
 * @param {Scene} scene
 * @param {CostAxis} axis
 * @param {Colours} colour
 * @param {{searchId: string, width: number, xShown: [number, number]|null}} view
 */
function layoutOf(scene, axis, colour, { searchId, width, xShown }) {
  const isNarrow = width < NARROW_PX;
  const ticks = logTicks(xShown ?? scene.xRange, axis.words, Math.max(3, Math.floor(width / 68)));
  const quiet = { linecolor: colour.line, gridcolor: colour.line, zeroline: false, tickfont: { color: colour.muted }, ticks: "" };
  const budget = scene.budget;
  return {
    uirevision: searchId,
    autosize: true,
    height: isNarrow ? 340 : 430,
    margin: { l: isNarrow ? 44 : 56, r: 16, t: 12, b: isNarrow ? 104 : 84 },
    paper_bgcolor: "rgba(0,0,0,0)",
    plot_bgcolor: "rgba(0,0,0,0)",
    font: { family: FONT, size: 12.5, color: colour.ink },
    hoverlabel: { bgcolor: colour.surface, bordercolor: colour.line, font: { family: FONT, size: 13, color: colour.ink }, align: "left" },
    hovermode: "closest",
    dragmode: "zoom",
    legend: { orientation: "h", x: 0, y: isNarrow ? -0.24 : -0.17, yanchor: "top", font: { color: colour.muted } },
    xaxis: { ...quiet, type: "log", range: scene.xRange, ...ticks, title: { text: axis.title, font: { color: colour.muted, size: 12.5 }, standoff: 10 }, showgrid: true, showline: true },
    yaxis: { ...quiet, range: scene.yRange, tickformat: ",.2~%", nticks: 8, title: isNarrow ? undefined : { text: "Validation accuracy", font: { color: colour.muted, size: 12.5 }, standoff: 12 } },
    yaxis2: { overlaying: "y", range: [0, 1], visible: false, fixedrange: true },
    shapes: budget ? [{ type: "line", xref: "x", yref: "paper", x0: budget, x1: budget, y0: 0, y1: 1, line: { color: colour.budget, width: 1.5, dash: "dash" } }] : [],
    annotations: budget
      ? [{ xref: "x", yref: "paper", x: Math.log10(budget), y: 0.02, xanchor: "right", yanchor: "bottom", xshift: -5, showarrow: false, text: `budget ${axis.words(budget)}`, font: { color: colour.budget, size: 12 } }]
      : [],
  };
}

/**
 * @param {(trialId: string) => void} onSelect
 */
export function createFrontChart(onSelect) {
  const plot = h("div", { class: "chart-plot", role: "img", "aria-label": "The front" });
  const empty = h("p", { class: "chart-empty", hidden: true });
  const reset = h("button", { type: "button", class: "quiet chart-reset", hidden: true, onclick: showAll }, "Show all");
  const element = h("div", { class: "chart" }, plot, empty, reset);
  /** @type {any} */
  let Plotly = null;
  /** @type {[number, number]|null} */
  let xShown = null;
  /** @type {{state: ViewState, selectedId: string|null}|null} */
  let latest = null;
  let width = 0;
  let isDrawn = false;

  function showAll() {
    const scene = latest && sceneOf(latest.state, costAxis(latest.state.search), null);
    if (scene) Plotly.relayout(plot, { "xaxis.range": scene.xRange, "yaxis.range": scene.yRange });
    xShown = null;
    reset.hidden = true;
    draw();
  }

  /** @param {Record<string, any>} change */
  function onRelayout(change) {
    if ("xaxis.range[0]" in change) {
      xShown = [change["xaxis.range[0]"], change["xaxis.range[1]"]];
      reset.hidden = false;
      draw();
    } else if ("xaxis.autorange" in change) showAll();
  }

  function draw() {
    if (!Plotly || !latest || !element.isConnected) return;
    const { state, selectedId } = latest;
    const axis = costAxis(state.search);
    const scene = sceneOf(state, axis, selectedId);
    const colour = colours();
    const hasStep = (state.search?.objectives.length ?? 2) <= 2;
    width = plot.clientWidth;
    const layout = layoutOf(scene, axis, colour, { searchId: state.search?.id ?? "", width, xShown });
    Plotly.react(plot, tracesOf(scene, axis, colour, hasStep), layout, { displayModeBar: false, showTips: false, doubleClick: "autosize" });
    plot.setAttribute("aria-label", frontInWords(scene, axis));
    empty.hidden = scene.front.length > 0;
    empty.textContent = scene.open.length ? "The first networks are being trained. Their sizes are known already." : "No trial has finished yet.";
    if (isDrawn) return;
    isDrawn = true;
    /** @type {any} */ (plot).on("plotly_click", (/** @type {any} */ { points }) => points[0]?.customdata && onSelect(points[0].customdata));
    /** @type {any} */ (plot).on("plotly_relayout", onRelayout);
  }

  const stopListening = onSchemeChange(draw);
  const resized = new ResizeObserver(() => {
    if (plot.clientWidth !== width) draw();
  });
  resized.observe(plot);

  return {
    element,
    /**
     * @param {ViewState} state
     * @param {string|null} selectedId
     */
    async update(state, selectedId) {
      latest = { state, selectedId };
      try {
        Plotly ??= await loadPlotly();
      } catch (error) {
        empty.hidden = false;
        empty.textContent = `${/** @type {Error} */ (error).message} The table below holds the same facts.`;
        return;
      }
      draw();
    },
    stop() {
      stopListening();
      resized.disconnect();
      if (isDrawn) Plotly.purge(plot);
    },
  };
}
