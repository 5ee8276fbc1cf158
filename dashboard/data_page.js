// @ts-check
/** The data sets that a search can be trained and measured on: uploaded, looked at, deleted. */

import { createActionDialog } from "./action_dialog.js";
import { deleteDataset, listDatasets, samplesHref } from "./api.js";
import { createUploadForm } from "./data_upload.js";
import { h } from "./dom.js";
import { dayAndTime, plural, size } from "./format.js";
import { showList } from "./list_page.js";
import { pageHref } from "./router.js";

/** @import {DataSet} from "./types.js" */

const MOST_NAMES = 20;

/** @param {string} dataset */
const newSearchHref = (dataset) => pageHref("new", { declaration: JSON.stringify({ dataset, space: { family: "mobilenetv2" } }) });

/** @param {DataSet} data */
function inWords({ class_names: names, dealt_splits: dealt, split_seed: seed, layout }) {
  const shown = (names ?? []).slice(0, MOST_NAMES).join(", ");
  const more = (names ?? []).length > MOST_NAMES ? ` and ${(names ?? []).length - MOST_NAMES} more` : "";
  const splits = dealt.length ? ` Dealt from the training images, with seed ${seed}: ${dealt.join(" and ")}.` : "";
  return `Classes: ${shown}${more}. Uploaded as ${layout}.${splits}`;
}

/** @param {DataSet} data */
function samplesDialog(data) {
  const title = `samples-${data.id}`;
  const close = h("button", { type: "button", onclick: () => dialog.close() }, "Close");
  const picture = h("img", { src: samplesHref(data.id), alt: `Some training images of ${data.name}, a row for each class`, class: "samples" });
  const dialog = h("dialog", { "aria-labelledby": title }, h("h2", { id: title }, data.name), h("p", {}, inWords(data)), h("div", { class: "samples-box", tabindex: "0", role: "region", "aria-label": "Images" }, picture), h("div", { class: "actions" }, close));
  return dialog;
}

/** @param {HTMLElement} root */
export function showData(root) {
  const asked = h("div");
  let refresh = () => {};

  /** @param {HTMLDialogElement} dialog */
  function open(dialog) {
    asked.replaceChildren(dialog);
    dialog.showModal();
  }

  /** @param {DataSet} data */
  function askToDelete(data) {
    const dialog = createActionDialog({
      id: `delete-${data.id}`,
      title: `Delete ${data.name}?`,
      about: "Its images go. Searches that have ended keep their fronts and files, but cannot be extended any more.",
      keep: "Keep it",
      confirm: "Delete",
      isDanger: true,
      run: () => deleteDataset(data.id),
      onDone() {
        root.focus(); // the button is about to go, and the list waits for the focus to leave it
        refresh();
      },
    });
    asked.replaceChildren(dialog.element);
    dialog.open();
  }

  /** @param {DataSet} data */
  const actions = (data) =>
    h(
      "div",
      { class: "actions" },
      h("a", { href: newSearchHref(data.name), "data-route": true, "aria-label": `Search on it: ${data.name}` }, "Search on it"),
      !data.built_in && h("button", { type: "button", "aria-label": `Images of ${data.name}`, onclick: () => open(samplesDialog(data)) }, "Images"),
      !data.built_in && h("button", { type: "button", "aria-label": `Delete ${data.name}`, onclick: () => askToDelete(data) }, "Delete"),
    );

  return showList(root, {
    title: "Data sets",
    about: "What networks are trained and measured on. Accuracies of different data sets cannot be compared.",
    read: listDatasets,
    columns: ["Data set", "Input", "Classes", "Chance level", "Training", "Validation", "Test", "Size", "Uploaded", ""],
    row: (data) => [
      h("strong", {}, data.name),
      data.input_shape.join(" × "),
      data.n_classes,
      `${(100 / data.n_classes).toFixed(1)} %`,
      data.n_train,
      data.n_validation,
      data.n_test,
      data.size_bytes === null ? null : size(data.size_bytes),
      data.created_at ? dayAndTime(data.created_at) : "with the server",
      actions(data),
    ],
    summary: (found) => `${plural(found.length, "data set")}, ${found.filter((each) => !each.built_in).length} uploaded.`,
    empty: () => h("p", {}, "This server has no data set."),
    controls(again) {
      refresh = again;
      return h("div", {}, h("details", { class: "list-controls" }, h("summary", {}, "Upload a data set"), createUploadForm(() => refresh())), asked);
    },
  });
}
