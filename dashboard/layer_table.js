// @ts-check
/** The layers of one network: shape, bits, bytes and operations, and a total under each. */

import { h } from "./dom.js";
import { count, exactBytes } from "./format.js";

/** @import {LayerRow} from "./types.js" */

/** @param {LayerRow} layer */
function widthInWords({ weight_bits: bits, channel_weight_bits: channels }) {
  if (!bits) return "–";
  const narrowest = Math.min(bits, ...channels);
  return channels.length && narrowest !== bits ? `${narrowest} to ${bits}` : String(bits);
}

/** @param {LayerRow} layer */
function operationInWords({ kind, kernel, stride, groups, output_shape: [channels] }) {
  const name = kind === "conv" && groups > 1 && groups === channels ? "depthwise conv" : kind.replaceAll("_", " ");
  if (kind !== "conv" && kind !== "max_pool") return name;
  return `${name} ${kernel}×${kernel}${stride > 1 ? `, stride ${stride}` : ""}`;
}

/**
 * @param {readonly LayerRow[]} layers
 * @param {number} headerBytes what belongs to no layer
 */
export function layerTable(layers, headerBytes) {
  const widest = Math.max(...layers.map((layer) => layer.size_bytes));
  const total = layers.reduce((sum, layer) => sum + layer.size_bytes, headerBytes);
  /** @param {LayerRow} layer */
  function row(layer) {
    const bar = h("span", { class: "cell-bar", "aria-hidden": "true" });
    bar.style.width = `${(100 * layer.size_bytes) / widest}%`;
    return h(
      "tr",
      {},
      h("th", { scope: "row" }, layer.name),
      h("td", {}, operationInWords(layer)),
      h("td", { class: "number" }, layer.output_shape.join(" × ")),
      h("td", { class: "number" }, widthInWords(layer)),
      h("td", { class: "number" }, String(layer.activation_bits)),
      h("td", { class: "number" }, layer.n_weights ? String(layer.n_weights) : "–"),
      h("td", { class: "number bytes" }, bar, exactBytes(layer.size_bytes).replace(/\D*bytes$/, "")),
      h("td", { class: "number" }, layer.macs ? count(layer.macs) : "–"),
    );
  }
  const columns = ["Operation", "Output", "Weight bits", "Activation bits", "Weights", "Bytes", "MACs"];
  return h(
    "div",
    { class: "table-scroll", tabindex: "0", role: "region", "aria-label": "Table of layers" },
    h(
      "table",
      { class: "layers" },
      h("caption", { class: "visually-hidden" }, "Layers in execution order; bytes include each layer's record"),
      h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "Layer"), ...columns.map((name) => h("th", { scope: "col", class: name === "Operation" ? null : "number" }, name)))),
      h("tbody", {}, ...layers.map(row)),
      h(
        "tfoot",
        {},
        h("tr", {}, h("th", { scope: "row" }, "Header"), h("td", { colspan: 5 }), h("td", { class: "number" }, String(headerBytes)), h("td")),
        h(
          "tr",
          { class: "total" },
          h("th", { scope: "row" }, "File"),
          h("td", { colspan: 4 }),
          h("td", { class: "number" }, String(layers.reduce((sum, layer) => sum + layer.n_weights, 0))),
          h("td", { class: "number" }, exactBytes(total).replace(/\D*bytes$/, "")),
          h("td", { class: "number" }, count(layers.reduce((sum, layer) => sum + layer.macs, 0))),
        ),
      ),
    ),
  );
}
