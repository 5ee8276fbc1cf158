// @ts-check
/** The front: any two of accuracy and the exact costs, as the server computed it. */

import { costAxis, logTicks, upAxis } from "./axes.js";
import { createBudgetLine } from "./budget_line.js";
import { FONT } from "./chart_panel.js";
import { h } from "./dom.js";
import { frontInWords, sceneOf } from "./front_scene.js";
import { createSketch, frameOf, ticksAcross } from "./front_sketch.js";
import { BRUSHED_TRACES, opacities, tracesOf } from "./front_traces.js";
import { loadPlotly } from "./plotly.js";
import { differInProgressAlone } from "./state.js";
import { colours, onSchemeChange, textScale } from "./theme.js";

/** @import {Trial} from "./types.js" */
/** @import {ViewState} from "./state.js" */
/** @import {Colours} from "./theme.js" */
/** @import {Axis} from "./axes.js" */
/** @import {Scene} from "./front_scene.js" */
/** @import {Scale} from "./budget_line.js" */
/** @import {SearchView} from "./search_view.js" */

/** @typedef {[number, number]} Range */

/**
 * @param {Scene} scene
 * @param {Axis} x
 * @param {Axis} y
 * @param {Colours} colour
 * @param {{key: string, width: number, shown: {x: Range, y: Range}|null}} view
 */
function layoutOf(scene, x, y, colour, { key, width, shown }) {
  const { isNarrow, scale, height, margin } = frameOf(y, width);
  const text = 12.5 * scale;
  const below = -(58 * scale) / (height - margin.t - margin.b);
  const ticks = logTicks(shown?.x ?? scene.xRange, x.words, ticksAcross(width));
  const quiet = { linecolor: colour.line, gridcolor: colour.line, zeroline: false, tickfont: { color: colour.muted }, ticks: "" };
  const upTicks = y.isLog ? { type: "log", ...logTicks(shown?.y ?? scene.yRange, y.words, 8) } : { type: "linear", tickformat: ",.2~%", nticks: 8, tickvals: null, ticktext: null };
  const { budget } = scene;
  return {
    uirevision: key,
    autosize: true,
    height,
    margin,
    paper_bgcolor: "rgba(0,0,0,0)",
    plot_bgcolor: "rgba(0,0,0,0)",
    font: { family: FONT, size: text, color: colour.ink },
    hoverlabel: { bgcolor: colour.surface, bordercolor: colour.line, font: { family: FONT, size: text, color: colour.ink }, align: "left" },
    hovermode: "closest",
    dragmode: "zoom",
    legend: { orientation: "h", x: 0, y: below, yanchor: "top", font: { color: colour.muted } },
    xaxis: { ...quiet, type: "log", range: scene.xRange, ...ticks, title: { text: x.title, font: { color: colour.muted, size: text }, standoff: 10 }, showgrid: true, showline: true },
    yaxis: { ...quiet, ...upTicks, range: scene.yRange, title: isNarrow ? undefined : { text: y.title, font: { color: colour.muted, size: text }, standoff: 12 } },
    yaxis2: { overlaying: "y", range: [0, 1], visible: false, fixedrange: true },
    shapes: budget ? [{ type: "line", xref: "x", yref: "paper", x0: budget, x1: budget, y0: 0, y1: 1, line: { color: colour.budget, width: 1.5, dash: "dash" } }] : [],
    annotations: budget
      ? [{ xref: "x", yref: "paper", x: Math.log10(budget), y: 0.02, xanchor: "right", yanchor: "bottom", xshift: -5, showarrow: false, text: `budget ${x.words(budget)}`, font: { color: colour.budget, size: text } }]
      : [],
  };
}

/** Whether the pair shown is the pair searched for, so that the front is a line. @param {ViewState} state @param {Axis} x @param {Axis} y */
function isStep({ search }, x, y) {
  const objectives = new Set(search?.objectives ?? []);
  return objectives.size === 2 && objectives.has(x.key) && objectives.has(y.key);
}

/**
 * @param {object} listeners
 * @param {(trialId: string) => void} listeners.onSelect
 * @param {(budget: number|null) => void} listeners.onBudget
 */
export function createFrontChart({ onSelect, onBudget }) {
  const plot = h("div", { class: "chart-plot", role: "img", "aria-label": "The front" });
  const empty = h("p", { class: "chart-empty", hidden: true });
  const reset = h("button", { type: "button", class: "quiet chart-reset", hidden: true, onclick: showAll }, "Show all");
  const line = createBudgetLine(onBudget);
  const ring = h("div", { class: "chart-ring", "aria-hidden": "true", hidden: true });
  const failure = h("p", { class: "note", role: "status", hidden: true });
  const sketch = createSketch();
  const element = h("div", { class: "chart" }, plot, sketch.element, empty, ring, line.element, reset, failure);
  /** @type {any} */
  let Plotly = null;
  /** @type {{x: Range, y: Range}|null} */
  let shown = null;
  /** @type {{state: ViewState, view: SearchView, brushed: ReadonlySet<string>|null}|null} */
  let latest = null;
  let axesShown = "";
  let drawnKey = /** @type {unknown[]} */ ([]);
  /** @type {ViewState["trials"]|null} */
  let drawnTrials = null;
  /** @type {ReadonlySet<string>|null} */
  let drawnBrushed = null;
  let width = 0;
  let isDrawn = false;

  function showAll() {
    shown = null;
    reset.hidden = true;
    drawnKey = [];
    draw();
  }

  /** @param {Record<string, any>} change */
  function onRelayout(change) {
    if ("xaxis.autorange" in change || "yaxis.autorange" in change) showAll();
    else if ("xaxis.range[0]" in change || "yaxis.range[0]" in change) {
      const { xaxis, yaxis } = /** @type {any} */ (plot)._fullLayout;
      shown = { x: [xaxis.range[0], xaxis.range[1]], y: [yaxis.range[0], yaxis.range[1]] };
      reset.hidden = false;
      drawnKey = [];
      draw();
    }
  }

  /** @returns {Scale} */
  function scaleOf() {
    const { _size: area, xaxis } = /** @type {any} */ (plot)._fullLayout;
    return { left: area.l, top: area.t, width: area.w, height: area.h, range: [xaxis.range[0], xaxis.range[1]] };
  }

  function draw() {
    if (!Plotly || !latest || !element.isConnected) return;
    const { state, view, brushed } = latest;
    const [x, y] = [costAxis(state.search, view.x), upAxis(view.y)];
    width = plot.clientWidth;
    // a dragged budget moves the line and its veil, a selection its ring, a brush fades points: they stay where they are
    const key = [state.search?.id, state.search?.budgets[x.key], state.front, x, y, width, shown];
    const areSame = differInProgressAlone(drawnTrials, state.trials);
    drawnTrials = state.trials;
    if (!areSame || key.some((part, i) => part !== drawnKey[i])) redraw(key, x, y, brushed);
    else if (brushed !== drawnBrushed) {
      const { data } = /** @type {any} */ (plot);
      Plotly.restyle(plot, { "marker.opacity": BRUSHED_TRACES.map((place) => opacities(data[place].customdata, brushed)) }, BRUSHED_TRACES);
    }
    drawnBrushed = brushed;
    line.update(scaleOf(), x, view.budget);
    placeRing(state.trials.get(view.selected ?? ""), x, y);
  }

  /** Around the selected point. @param {Trial|undefined} trial @param {Axis} x @param {Axis} y */
  function placeRing(trial, x, y) {
    const { xaxis, yaxis } = /** @type {any} */ (plot)._fullLayout;
    const [across, up] = [trial && x.of(trial), trial && y.of(trial)];
    const left = across ? xaxis.l2p(Math.log10(across)) : NaN;
    const top = up === undefined ? NaN : yaxis.l2p(y.isLog ? Math.log10(up) : up);
    ring.hidden = !(left >= 0 && left <= xaxis._length && top >= 0 && top <= yaxis._length);
    ring.style.left = `${xaxis._offset + left}px`;
    ring.style.top = `${yaxis._offset + top}px`;
  }

  /** While Plotly is not here. @param {ViewState} state @param {SearchView} view */
  function drawSketch(state, view) {
    if (!element.isConnected || !plot.clientWidth) return;
    const [x, y] = [costAxis(state.search, view.x), upAxis(view.y)];
    const scene = sceneOf(state, x, y);
    sketch.show(scene, x, y, isStep(state, x, y), plot.clientWidth);
    tell(scene, x, y);
  }

  /** @param {Scene} scene @param {Axis} x @param {Axis} y */
  function tell(scene, x, y) {
    plot.setAttribute("aria-label", frontInWords(scene, x, y));
    empty.hidden = scene.front.length > 0;
    empty.textContent = scene.open.length ? "The first networks are being trained. Their sizes are known already." : "No trial has finished yet.";
  }

  /** @param {unknown[]} key @param {Axis} x @param {Axis} y @param {ReadonlySet<string>|null} brushed */
  function redraw(key, x, y, brushed) {
    const state = /** @type {NonNullable<typeof latest>} */ (latest).state;
    if (axesShown !== `${x.key} ${y.key}`) {
      axesShown = `${x.key} ${y.key}`;
      shown = null;
      reset.hidden = true;
    }
    drawnKey = key;
    const scene = sceneOf(state, x, y);
    const colour = colours();
    const hasStep = isStep(state, x, y);
    const layout = layoutOf(scene, x, y, colour, { key: `${state.search?.id} ${axesShown} ${shown ? "zoomed" : "all"}`, width, shown });
    if (shown) [layout.xaxis.range, layout.yaxis.range] = [shown.x, shown.y];
    const traces = tracesOf(scene, x, y, colour, { hasStep, brushed, xShown: shown?.x ?? scene.xRange, yShown: shown?.y ?? scene.yRange, width, scale: textScale() });
    sketch.clear();
    Plotly.react(plot, traces, layout, { displayModeBar: false, showTips: false, doubleClick: "autosize" });
    tell(scene, x, y);
    if (isDrawn) return;
    isDrawn = true;
    /** @type {any} */ (plot).on("plotly_click", (/** @type {any} */ { points }) => points[0]?.customdata && onSelect(points[0].customdata));
    /** @type {any} */ (plot).on("plotly_relayout", onRelayout);
  }

  const stopListening = onSchemeChange(() => {
    drawnKey = [];
    draw();
  });
  const resized = new ResizeObserver(() => {
    if (plot.clientWidth !== width) draw();
  });
  resized.observe(plot);

  return {
    element,
    /**
     * @param {ViewState} state
     * @param {SearchView} view
     * @param {ReadonlySet<string>|null} brushed ids of the trials to point out; null: all alike
     */
    async update(state, view, brushed) {
      latest = { state, view, brushed };
      if (!Plotly) drawSketch(state, view);
      try {
        Plotly ??= await loadPlotly();
        failure.hidden = true;
      } catch (error) {
        failure.textContent = `${/** @type {Error} */ (error).message} This picture does without it; the table below holds the same facts.`;
        failure.hidden = false;
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
