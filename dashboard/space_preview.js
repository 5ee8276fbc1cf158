// @ts-check
/** What a space holds before anything is trained: how many networks, how large, how many within budget. */

import { ApiError, previewSpace } from "./api.js";
import { logTicks } from "./axes.js";
import { axisTitle, createChart, quietAxis } from "./chart_panel.js";
import { h, setText } from "./dom.js";
import { percent, size } from "./format.js";

/** @import {FieldError} from "./types.js" */

const PAUSE_MS = 350;
const BINS = 24;
const SAMPLES = 200;

/**
 * Equal steps of the logarithm, and how many of the sizes lie in each.
 *
 * @param {readonly number[]} sizes
 * @param {number} smallest
 * @param {number} largest
 */
export function histogram(sizes, smallest, largest) {
  const [low, high] = [Math.log2(smallest), Math.max(Math.log2(largest), Math.log2(smallest) + 0.1)];
  const step = (high - low) / BINS;
  const bins = Array.from({ length: BINS }, (_, i) => ({ from: 2 ** (low + i * step), to: 2 ** (low + (i + 1) * step), n: 0 }));
  for (const bytes of sizes) bins[Math.max(0, Math.min(BINS - 1, Math.floor((Math.log2(bytes) - low) / step)))].n += 1;
  return bins;
}

/** @param {{exact: boolean, at_least: number|null, log10_at_least: number}} count */
function countInWords({ exact, at_least: known, log10_at_least: exponent }) {
  if (exact && known !== null && known < 1e6) return `${known} networks`;
  const raised = [...exponent.toFixed(0)].map((digit) => "⁰¹²³⁴⁵⁶⁷⁸⁹"[Number(digit)]).join("");
  return `About 10${raised} networks`;
}

/** @param {(errors: readonly FieldError[]) => void} onErrors the server's words on the fields that the preview reads */
export function createSpacePreview(onErrors) {
  const chart = createChart({ label: "Sizes in the space", empty: "Sizes appear here as soon as the space is complete.", height: 200 });
  const words = h("p", { class: "preview-words", role: "status" }, "");
  const element = h("section", { class: "panel", "aria-labelledby": "preview-title" }, h("div", { class: "panel-head" }, h("h2", { id: "preview-title" }, "This space")), words, chart.element);
  let abort = new AbortController();
  let timer = 0;
  let asked = "";

  /** @param {Record<string, any>} declaration */
  async function read({ dataset, space, budgets, hardware }) {
    abort.abort();
    abort = new AbortController();
    const { signal } = abort;
    const body = { dataset, space, ...(hardware ? { hardware } : {}) };
    setText(words, "Counting…");
    try {
      const [bounded, whole] = await Promise.all([previewSpace({ ...body, budgets: budgets ?? {}, n_samples: 1 }, signal), previewSpace({ ...body, n_samples: SAMPLES }, signal)]);
      onErrors([]);
      show(bounded, whole, budgets?.size_bytes);
    } catch (error) {
      if (signal.aborted) return;
      if (!(error instanceof ApiError)) throw error;
      setText(words, error.message);
      onErrors(error.problem.errors ?? []);
    }
  }

  /** @param {any} bounded @param {any} whole @param {number|undefined} budget */
  function show(bounded, whole, budget) {
    const { smallest, median, largest } = whole.costs.size_bytes;
    const [low, high] = bounded.share.interval;
    const share = `${percent(bounded.share.estimate)} of it within budget (${percent(low)} to ${percent(high)})`;
    setText(words, `${countInWords(whole.count)} with ${whole.n_genes} genes, from ${size(smallest)} to ${size(largest)}, half of them below ${size(median)}; ${share}.`);
    const bins = histogram(whole.samples.map((/** @type {any} */ sample) => sample.costs.size_bytes), smallest, largest);
    const range = /** @type {[number, number]} */ ([Math.log10(smallest), Math.log10(Math.max(largest, budget ?? 0))]);
    void chart.show((colour) => ({
      traces: [
        {
          type: "bar",
          x: bins.map(({ from, to }) => Math.sqrt(from * to)),
          y: bins.map(({ n }) => n),
          width: bins.map(({ from, to }) => 0.94 * (to - from)),
          marker: { color: bins.map(({ to }) => (budget && to > budget ? colour.faint : colour.accent)) },
          text: bins.map(({ from, to, n }) => `${size(from)} to ${size(to)}: ${n} of ${SAMPLES} samples`),
          hovertemplate: "%{text}<extra></extra>",
          textposition: "none",
        },
      ],
      layout: {
        margin: { l: 40, r: 12, t: 8, b: 44 },
        xaxis: { ...quietAxis(colour), type: "log", range, ...logTicks(range, size, 6), title: axisTitle("Size of the packed file", colour) },
        yaxis: { ...quietAxis(colour), title: axisTitle("Samples", colour) },
        shapes: budget ? [{ type: "line", xref: "x", yref: "paper", x0: budget, x1: budget, y0: 0, y1: 1, line: { color: colour.budget, width: 1.5, dash: "dash" } }] : [],
      },
      words: `Sizes of ${SAMPLES} networks drawn from the space, from ${size(smallest)} to ${size(largest)}.`,
      columns: ["Size", "Networks"],
      rows: bins.map(({ from, to, n }) => [`${size(from)} to ${size(to)}`, n]),
    }));
  }

  return {
    element,
    /** @param {Record<string, any>} declaration */
    update(declaration) {
      const { dataset, space, budgets, hardware } = declaration;
      const key = JSON.stringify([dataset, space, budgets, hardware]);
      if (key === asked) return;
      asked = key;
      window.clearTimeout(timer);
      if (!dataset) return;
      timer = window.setTimeout(() => void read(declaration), PAUSE_MS);
    },
    stop() {
      abort.abort();
      window.clearTimeout(timer);
      chart.stop();
    },
  };
}
