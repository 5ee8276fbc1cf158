// @ts-check
/** What is shown instead of content: an error in the server's words. */

import { h } from "./dom.js";

/** @import {ApiError} from "./api.js" */

/**
 * @param {ApiError} error
 * @param {string} title
 */
export function problemNotice(error, title) {
  const { detail, request_id: requestId } = error.problem;
  return h(
    "div",
    { class: "empty", role: "alert" },
    h("h1", {}, title),
    h("p", {}, detail),
    h("p", { class: "note" }, error.isTemporary ? "Trying again by itself." : h("a", { href: "./", "data-route": true }, "All searches")),
    requestId && h("p", { class: "note" }, `Request ${requestId}`),
  );
}
