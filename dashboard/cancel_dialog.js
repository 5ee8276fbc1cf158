// @ts-check
/** Asks before a search is cancelled; cancelling cannot be undone. */

import { ApiError, cancelSearch } from "./api.js";
import { h, setText } from "./dom.js";

/** @import {Search} from "./types.js" */

/**
 * @param {string} searchId
 * @param {(search: Search) => void} onCancelled
 */
export function createCancelDialog(searchId, onCancelled) {
  const failure = h("p", { class: "failure", role: "alert", hidden: true });
  const keep = h("button", { type: "button", onclick: () => element.close() }, "Keep it running");
  const confirm = h("button", { type: "button", class: "danger", onclick: cancel }, "Cancel the search");
  const element = h(
    "dialog",
    { "aria-labelledby": "cancel-title" },
    h("h2", { id: "cancel-title" }, "Cancel this search?"),
    h("p", {}, "Trials in training stop and no new ones start. Finished trials, the front and the files stay. A cancelled search cannot be resumed."),
    failure,
    h("div", { class: "actions" }, keep, confirm),
  );

  async function cancel() {
    confirm.disabled = true;
    failure.hidden = true;
    try {
      onCancelled(await cancelSearch(searchId));
      element.close();
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      setText(failure, `${error.problem.title}. ${error.message}`);
      failure.hidden = false;
    } finally {
      confirm.disabled = false;
    }
  }

  return { element, open: () => element.showModal(), close: () => element.close() };
}
