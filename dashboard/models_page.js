// @ts-check
/** The networks that users uploaded: spaces with a fixed architecture and free bits. */

import { listModels } from "./api.js";
import { h } from "./dom.js";
import { count, dayAndTime, exactBytes, plural } from "./format.js";
import { showList } from "./list_page.js";
import { pageHref } from "./router.js";

/** @param {string} model */
const newSearchHref = (model) => pageHref("new", { declaration: JSON.stringify({ dataset: "digits", space: { family: "imported", model } }) });

/** @param {HTMLElement} root */
export const showModels = (root) =>
  showList(root, {
    title: "Networks",
    about: "Uploaded networks. Each is a search space of its own: its architecture is fixed, its bits are free.",
    read: listModels,
    columns: ["Network", "Input", "Classes", "Parameters", "MACs", "File", "Uploaded", ""],
    row: (model) => [
      h("strong", {}, model.name || model.id),
      model.input_shape.join(" × "),
      model.n_classes,
      count(model.n_parameters),
      count(model.macs),
      exactBytes(model.size_bytes),
      dayAndTime(model.created_at),
      h("a", { href: newSearchHref(model.id), "data-route": true, "aria-label": `Search its bits: ${model.name || model.id}` }, "Search its bits"),
    ],
    summary: (models) => plural(models.length, "network"),
    empty: () => h("p", {}, "No network yet. Upload an exported program with ", h("code", {}, "bitpareto models upload net.pt2"), "."),
  });
