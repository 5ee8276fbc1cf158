// @ts-check
/** The stored weights of one layer on their grid, counted from the file itself in the browser. */

import { ApiError, getFile } from "./api.js";
import { axisTitle, createChart, quietAxis } from "./chart_panel.js";
import { h } from "./dom.js";
import { bytesByPart, isUndamaged, PackedFileError, readPackedFile, weightCounts } from "./packed_file.js";
import { percent } from "./format.js";
import { setView, viewParameter } from "./router.js";

/** @import {Artifact, LayerRow} from "./types.js" */
/** @import {PackedFile} from "./packed_file.js" */
/** @import {Colours} from "./theme.js" */

/**
 * @param {Map<number, number>} counts
 * @param {string} name of the layer
 * @param {Colours} colour
 */
function picture(counts, name, colour) {
  const levels = [...counts.keys()];
  const values = [...counts.values()];
  const n = values.reduce((sum, value) => sum + value, 0);
  const zeros = counts.get(0);
  return {
    traces: levels.length ? [{ type: "bar", x: levels, y: values, marker: { color: colour.accent }, hovertemplate: "level %{x}: %{y} weights<extra></extra>" }] : [],
    layout: { bargap: 0.15, xaxis: { ...quietAxis(colour), title: axisTitle("Integer that is stored", colour), ...(levels.length <= 16 ? { tickvals: levels } : {}) }, yaxis: { ...quietAxis(colour), title: axisTitle("Weights", colour) } },
    words: `Weights of ${name} on its grid of ${levels.length} levels${zeros === undefined ? "" : `; ${percent(zeros / n)} are zero`}.`,
    columns: ["Level", "Weights"],
    rows: levels.map((level, i) => [level, values[i]]),
  };
}

export function createWeightHistogram() {
  const chart = createChart({ label: "Weights on their grid", empty: "The weights are read from the file once the trial has one.", height: 250 });
  const select = h("select", { onchange: () => { setView({ layer: select.value }); draw(); } });
  const facts = h("p", { class: "note", role: "status" });
  const choose = h("label", { class: "field-inline", hidden: true }, "Layer ", select);
  const element = h("div", {}, choose, chart.element, facts);
  /** @type {PackedFile|null} */
  let file = null;
  let read = "";
  /** @type {readonly LayerRow[]} */
  let names = [];

  function draw() {
    if (!file) return;
    const layer = file.layers[Number(select.value)];
    const counts = weightCounts(layer, file.bytes);
    void chart.show((colour) => picture(counts, names[Number(select.value)].name, colour));
  }

  /** @param {Artifact} artifact */
  async function load(artifact) {
    facts.textContent = "Reading the file…";
    try {
      file = readPackedFile(await getFile(artifact.href));
      const parts = Object.values(bytesByPart(file)).reduce((sum, bytes) => sum + bytes, 0);
      const isWhole = await isUndamaged(file);
      const hash = isWhole === null ? "its hash cannot be checked over plain http" : isWhole ? "its hash is right" : "its hash is WRONG";
      facts.textContent = `Read here from the ${file.length} bytes of the file: ${parts} are accounted for, ${hash}; trained by version ${file.codeVersion}, seed ${file.seed}.`;
    } catch (error) {
      if (!(error instanceof ApiError || error instanceof PackedFileError)) throw error;
      facts.textContent = `The file cannot be read here: ${error.message}`;
      return;
    }
    const options = file.layers.flatMap((layer, i) => (layer.perChannel ? [h("option", { value: i }, `${names[i].name} (${layer.weightBits} bits)`)] : []));
    select.replaceChildren(...options);
    const asked = viewParameter("layer");
    if (options.some((option) => option.value === asked)) select.value = /** @type {string} */ (asked);
    choose.hidden = false;
    draw();
  }

  return {
    element,
    /** @param {Artifact|null} artifact @param {readonly LayerRow[]} layers */
    update(artifact, layers) {
      if (!artifact || !layers.length || artifact.id === read) return;
      read = artifact.id;
      names = layers;
      void load(artifact);
    },
    stop: chart.stop,
  };
}
