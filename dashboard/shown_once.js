// @ts-check
/** A secret that the server tells once: shown, copied, put away. */

import { h } from "./dom.js";

/**
 * @param {string} text the secret
 * @param {object} words
 * @param {string} words.label of the region
 * @param {string} words.title
 */
export function shownOnce(text, { label, title }) {
  const copied = h("span", { role: "status" });
  const copy = h("button", { type: "button", class: "primary" }, "Copy");
  copy.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(text);
      copied.textContent = "Copied.";
    } catch {
      copied.textContent = "The browser does not allow it; select the text and copy it."; // no secure page, or refused
    }
  });
  const box = h(
    "section",
    { class: "panel", "aria-label": label },
    h("h2", { tabindex: "-1" }, title),
    h("p", {}, "It is shown this once and is nowhere else: keep it now."),
    h("p", {}, h("code", { class: "secret" }, text)),
    h("div", { class: "actions" }, copy, h("button", { type: "button", onclick: () => box.remove() }, "I have kept it"), copied),
  );
  return box;
}
