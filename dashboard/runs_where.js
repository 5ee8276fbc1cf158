// @ts-check
/** Where a network runs: what executes its files, and which of the known devices can. */

import { h } from "./dom.js";
import { percent } from "./format.js";
import { pageHref } from "./router.js";

/** @import {Trial} from "./types.js" */

const SHOWN_REASONS = 2;

/** @param {string} target @param {boolean|null} runs null: not known before it is tried @param {...(Node|string)} words */
const row = (target, runs, ...words) =>
  h("tr", { role: "row" }, h("th", { role: "rowheader", scope: "row" }, target), h("td", { role: "cell" }, h("span", { class: "pill", "data-state": runs === null ? "open" : runs ? "succeeded" : "failed" }, runs === null ? "by export" : runs ? "runs" : "does not")), h("td", { role: "cell" }, h("span", { class: "wrap" }, ...words)));

/** @param {readonly string[]} violations */
function reasons(violations) {
  if (!violations.length) return "Every layer's widths, the file and its tensors are within its profile.";
  const rest = violations.length - SHOWN_REASONS;
  return `${violations.slice(0, SHOWN_REASONS).join("; ")}${rest > 0 ? `; and ${rest} more` : ""}.`;
}

/** @param {Trial} trial */
export function runsWhere({ artifact, metrics, devices }) {
  const agreement = metrics.decision_agreement;
  const files = artifact
    ? [
        row("bitpareto's integer runtime", true, agreement === undefined ? "The accuracy shown was measured with it." : `The accuracy shown was measured with it; ${percent(agreement)} of its decisions are those of training.`),
        row("ONNX Runtime", null, "The ONNX file; ", h("code", {}, "bitpareto export --check"), " compares every decision."),
        row("C99 compilers", null, "The C header, where its widths can be expressed in C; the download says so otherwise."),
      ]
    : [];
  const known = (devices ?? []).map(({ profile, violations }) => row(profile, violations.length === 0, reasons(violations)));
  return h(
    "div",
    {},
    h(
      "div",
      { class: "table-scroll", tabindex: "0", role: "region", "aria-label": "Where it runs, a table" },
      h("table", { class: "list", role: "table" }, h("caption", { class: "visually-hidden" }, "Where it runs"), h("thead", {}, h("tr", {}, ...["Target", "Runs", "Why"].map((name) => h("th", { scope: "col" }, name)))), h("tbody", { role: "rowgroup" }, ...files, ...known)),
    ),
    h("p", { class: "note" }, "Devices are judged by their ", h("a", { href: pageHref("hardware"), "data-route": true }, "hardware profiles"), "."),
  );
}
