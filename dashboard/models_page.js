// @ts-check
/** The networks that users uploaded: spaces with a fixed architecture and free bits. */

import { createActionDialog } from "./action_dialog.js";
import { deleteModel, listModels } from "./api.js";
import { h } from "./dom.js";
import { count, dayAndTime, exactBytes, plural } from "./format.js";
import { showList } from "./list_page.js";
import { pageHref } from "./router.js";

/** @import {Model} from "./types.js" */

/** @param {string} model */
const newSearchHref = (model) => pageHref("new", { declaration: JSON.stringify({ dataset: "digits", space: { family: "imported", model } }) });

/** @param {HTMLElement} root */
export function showModels(root) {
  const asked = h("div");
  let refresh = () => {};

  /** @param {Model} model */
  function askToDelete(model) {
    const dialog = createActionDialog({
      id: `delete-${model.id}`,
      title: `Delete ${model.name || model.id}?`,
      about: "Its weights go. Searches that have ended keep their fronts and files, but cannot be extended any more.",
      keep: "Keep it",
      confirm: "Delete",
      isDanger: true,
      run: () => deleteModel(model.id),
      onDone() {
        root.focus(); // the button is about to go, and the list waits for the focus to leave it
        refresh();
      },
    });
    asked.replaceChildren(dialog.element);
    dialog.open();
  }

  /** @param {Model} model */
  const actions = (model) =>
    h(
      "div",
      { class: "actions" },
      h("a", { href: newSearchHref(model.id), "data-route": true, "aria-label": `Search its bits: ${model.name || model.id}` }, "Search its bits"),
      h("button", { type: "button", "aria-label": `Delete ${model.name || model.id}`, onclick: () => askToDelete(model) }, "Delete"),
    );

  return showList(root, {
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
      actions(model),
    ],
    summary: (models) => plural(models.length, "network"),
    empty: () => h("p", {}, "No network yet. Upload an exported program with ", h("code", {}, "bitpareto models upload net.pt2"), "."),
    controls(again) {
      refresh = again;
      return asked;
    },
  });
}
