// @ts-check
/** Every finished network as a line across accuracy, costs and genes; brushes choose among them. */

import { brushedIds, dimensionsOf, varyingGenes } from "./dimensions.js";
import { h, oncePerFrame, setChildren, setText } from "./dom.js";
import { createAxis } from "./parallel_axis.js";
import { frontTrialIds } from "./state.js";
import { colours, onSchemeChange } from "./theme.js";

/** @import {Trial} from "./types.js" */
/** @import {Brushes, Dimension} from "./dimensions.js" */
/** @import {ViewState} from "./state.js" */

const MOST_LINES = 2500;
/** More at once would hold up what the user does next; the rest follows frame by frame. */
const LINES_PER_FRAME = 500;
const WHILE_DRAGGED_MS = 150;
const CHOICES_MS = 200;

/**
 * @param {object} listeners
 * @param {(brushes: Brushes) => void} listeners.onBrushes
 * @param {(genes: readonly string[]) => void} listeners.onGenes axes beside accuracy and costs
 */
export function createParallel({ onBrushes, onGenes }) {
  const canvas = h("canvas", { class: "parallel-lines", "aria-hidden": "true" });
  const marks = h("canvas", { class: "parallel-lines", "aria-hidden": "true" }); // the few that stand out, drawn anew alone
  const axisLayer = h("div", { class: "parallel-axes" });
  const plot = h("div", { class: "parallel", role: "group", "aria-label": "Parallel coordinates; the table of trials shows the same networks" }, canvas, marks, axisLayer);
  const words = h("span", { class: "note", role: "status" });
  const clear = h("button", { type: "button", class: "quiet", hidden: true, onclick: () => onBrushes(new Map()) }, "Clear brushes");
  const add = h("select", { "aria-label": "Add a gene", onchange: () => onGenes([...genes, add.value]) });
  const without = h("button", { type: "button", class: "quiet", hidden: true, onclick: () => onGenes([]) }, "Without genes");
  const element = h(
    "section",
    { class: "panel", "aria-labelledby": "parallel-title" },
    h("div", { class: "panel-head" }, h("h2", { id: "parallel-title" }, "Accuracy, costs and genes"), h("div", { class: "actions" }, words, clear, without, add)),
    h("div", { class: "parallel-scroll" }, plot),
    h("p", { class: "note hint" }, "Drag along an axis to choose among the networks; a click on it lets go."),
  );
  /** @type {Map<string, ReturnType<typeof createAxis>>} */
  const axes = new Map();
  /** @type {readonly string[]} */
  let genes = [];
  /** @type {Trial[]} */
  let trials = [];
  /** @type {Dimension[]} */
  let dimensions = [];
  /** @type {Brushes} */
  let brushes = new Map();
  /** @type {Set<string>|null} */
  let brushed = null;
  /** @type {Set<string>} */
  let onFront = new Set();
  /** @type {string|null} */
  let selected = null;
  let known = /** @type {unknown[]} */ ([]);
  let lastTold = 0;
  let choicesTimer = 0;
  /** @type {{lines: Trial[], isIn: boolean}[]} shares of the lines that wait for their frame */
  let waiting = [];
  const nextShare = oncePerFrame(drawShare);

  /** @param {string} key @param {readonly [number, number]|null} brush @param {boolean} isDone */
  function setBrush(key, brush, isDone) {
    const next = new Map(brushes);
    if (brush) next.set(key, brush);
    else next.delete(key);
    brushes = next;
    rebrush();
    if (!isDone && performance.now() - lastTold < WHILE_DRAGGED_MS) return;
    lastTold = performance.now();
    onBrushes(next);
  }

  function rebrush() {
    brushed = brushedIds(trials, dimensions, brushes);
    dimensions.forEach((dimension, i) => axes.get(dimension.key)?.update(dimension, brushes.get(dimension.key) ?? null, i / Math.max(1, dimensions.length - 1)));
    clear.hidden = !brushes.size;
    const drawn = trials.length > MOST_LINES ? `, ${MOST_LINES} lines drawn` : "";
    setText(words, brushed ? `${brushed.size} of ${trials.length} networks${drawn}` : `${trials.length} networks${drawn}`);
    draw();
  }

  function draw() {
    drawMarks();
    const every = Math.max(1, Math.ceil(trials.length / MOST_LINES));
    const some = trials.filter((trial, i) => i % every === 0 && !onFront.has(trial.id));
    const shares = Math.ceil(some.length / LINES_PER_FRAME);
    // each share is spread over all networks, so that the first one shows how the whole will look
    const share = (/** @type {Trial[]} */ lines, /** @type {number} */ of) => lines.filter((_, i) => i % shares === of);
    const [inside, outside] = [some.filter(isIn), some.filter((trial) => !isIn(trial))];
    waiting = Array.from({ length: shares }, (_, i) => [
      { lines: share(outside, i), isIn: false },
      { lines: share(inside, i), isIn: true },
    ]).flat();
    erased(canvas);
    drawShare();
  }

  /** @param {Trial} trial */
  const isIn = (trial) => !brushed || brushed.has(trial.id);

  function drawShare() {
    const pen = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
    const colour = colours();
    const isMany = trials.length > 300;
    for (const { lines, isIn: areIn } of waiting.splice(0, 2)) stroke(pen, lines, areIn ? colour.muted : colour.faint, areIn ? (isMany ? 0.16 : 0.5) : isMany ? 0.06 : 0.25, 1);
    if (waiting.length) nextShare.ask();
  }

  function drawMarks() {
    const pen = erased(marks);
    const colour = colours();
    const front = trials.filter((trial) => onFront.has(trial.id));
    stroke(pen, front.filter((trial) => !isIn(trial)), colour.faint, 0.25, 1);
    stroke(pen, front.filter(isIn), colour.accent, 0.9, 1.75);
    stroke(pen, trials.filter((trial) => trial.id === selected), colour.ink, 1, 2.5);
  }

  /** An empty canvas of the size it has on the screen. @param {HTMLCanvasElement} layer */
  function erased(layer) {
    const density = window.devicePixelRatio || 1;
    layer.width = canvas.clientWidth * density;
    layer.height = canvas.clientHeight * density;
    const pen = /** @type {CanvasRenderingContext2D} */ (layer.getContext("2d"));
    pen.scale(density, density);
    return pen;
  }

  /** @param {CanvasRenderingContext2D} pen @param {Trial[]} lines @param {string} style @param {number} alpha @param {number} thickness */
  function stroke(pen, lines, style, alpha, thickness) {
    if (!lines.length) return;
    const { clientWidth: width, clientHeight: height } = canvas;
    pen.strokeStyle = style;
    pen.globalAlpha = alpha;
    pen.lineWidth = thickness;
    pen.beginPath();
    for (const trial of lines) traceLine(pen, trial, width, height);
    pen.stroke();
  }

  /** @param {CanvasRenderingContext2D} pen @param {Trial} trial @param {number} width @param {number} height */
  function traceLine(pen, trial, width, height) {
    let isDown = false;
    dimensions.forEach((dimension, i) => {
      const place = dimension.place(trial);
      const x = (i / Math.max(1, dimensions.length - 1)) * width;
      if (place === null) isDown = false;
      else if (isDown) pen.lineTo(x, (1 - place) * height);
      else {
        pen.moveTo(x, (1 - place) * height);
        isDown = true;
      }
    });
  }

  function showGeneChoices() {
    choicesTimer = 0;
    const others = varyingGenes(trials).filter((key) => !genes.includes(key));
    const key = others.join();
    add.hidden = !others.length;
    without.hidden = !genes.length;
    if (add.dataset.keys === key) return;
    add.dataset.keys = key;
    add.replaceChildren(h("option", { value: "" }, "Add a gene…"), ...others.map((name) => h("option", {}, name)));
  }

  const stopListening = onSchemeChange(draw);
  const resized = new ResizeObserver(draw);
  resized.observe(canvas);

  return {
    element,
    /**
     * @param {ViewState} state
     * @param {{brushes: Brushes, genes: readonly string[], selected: string|null}} view
     * @returns {Set<string>|null} ids of the brushed trials; null without a brush
     */
    update(state, view) {
      const next = [state.trials, state.front, view.genes, view.brushes, view.selected];
      if (next.every((part, i) => part === known[i])) return brushed;
      const measured = state.trials === known[0] ? trials : [...state.trials.values()].filter((trial) => trial.metrics.accuracy !== undefined);
      // progress of others changes none of these
      const areNew = view.genes !== known[2] || measured.length !== trials.length || measured.some((trial, i) => trial !== trials[i]);
      const areBrushed = !areNew && state.front === known[1] && view.brushes === brushes;
      known = next;
      ({ genes, brushes, selected } = view);
      if (areBrushed) {
        drawMarks(); // a brush of ours is drawn since it was set: only the selection can be new
        return brushed;
      }
      onFront = frontTrialIds(state.front);
      if (areNew) {
        trials = measured;
        dimensions = dimensionsOf(state, trials, genes);
        choicesTimer ||= window.setTimeout(showGeneChoices, CHOICES_MS); // looks at every gene of every network
      }
      element.hidden = trials.length < 2;
      for (const { key } of dimensions) if (!axes.has(key)) axes.set(key, createAxis((brush, isDone) => setBrush(key, brush, isDone)));
      setChildren(axisLayer, dimensions.map(({ key }) => /** @type {NonNullable<ReturnType<typeof axes.get>>} */ (axes.get(key)).element));
      plot.style.minWidth = `${dimensions.length * 84}px`;
      rebrush();
      return brushed;
    },
    stop() {
      window.clearTimeout(choicesTimer);
      nextShare.stop();
      stopListening();
      resized.disconnect();
    },
  };
}
