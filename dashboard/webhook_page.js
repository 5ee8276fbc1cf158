// @ts-check
/** One webhook: what was sent to it and what became of that, and what can be done about it. */

import { createActionDialog } from "./action_dialog.js";
import { ApiError, getWebhook, listDeliveries, redeliver, removeWebhook, rotateWebhook, testWebhook, updateWebhook } from "./api.js";
import { h, setText } from "./dom.js";
import { clock, dayAndTime } from "./format.js";
import { showList } from "./list_page.js";
import { goTo, pageHref } from "./router.js";
import { shownOnce } from "./shown_once.js";

/** @import {Delivery, Webhook} from "./types.js" */

const STATES = /** @type {const} */ ({ pending: "queued", delivered: "succeeded", failed: "failed" });

/** @param {Delivery} delivery */
function answer({ response_status: status, seconds, error }) {
  const took = seconds === null ? "" : ` after ${seconds.toFixed(2)} s`;
  if (error) return `${error}${took}`;
  return status === null ? null : `${status}${took}`;
}

/** @param {Webhook} webhook */
function inWords({ enabled, disabled_reason: reason, paused_until: paused, n_pending: pending, last_error: error }) {
  if (!enabled) return `Disabled: ${reason?.message ?? "nobody knows why"}.`;
  const waits = paused && Date.parse(paused) > Date.now() ? ` The receiver cannot be reached or is too busy (${error}); it is tried again at ${clock(paused)}.` : "";
  return `${pending} waiting.${waits}`;
}

/** @param {HTMLElement} root @param {string} id of the webhook */
export function showWebhook(root, id) {
  /** @type {Webhook|null} */
  let webhook = null;
  let refresh = () => {};
  const failure = h("p", { class: "failure", role: "alert", hidden: true });
  const where = h("p", { class: "address" });
  const shown = h("div");

  /** @param {() => Promise<unknown>} act */
  const run = (act) => async () => {
    failure.hidden = true;
    try {
      await act();
      root.focus(); // the list waits for the focus to leave it
      refresh();
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      setText(failure, `${error.problem.title}. ${error.message}`);
      failure.hidden = false;
    }
  };

  const rotating = createActionDialog({
    id: "new-secret",
    title: "Replace the secret?",
    about: "For a day what is sent is signed with both, the old one and the new; then with the new one alone.",
    keep: "Keep it",
    confirm: "Make a new one",
    run: () => rotateWebhook(id),
    onDone(made) {
      shown.replaceChildren(shownOnce(made.secret, { label: "The new secret", title: "The new secret" }));
      shown.querySelector("h2")?.focus();
    },
  });
  const removing = createActionDialog({
    id: "remove-webhook",
    title: "Remove this webhook?",
    about: "Nothing is sent there any more, and the log of what was sent goes with it.",
    keep: "Keep it",
    confirm: "Remove",
    isDanger: true,
    run: () => removeWebhook(id),
    onDone: () => goTo(pageHref("webhooks")),
  });
  const toggle = h("button", { type: "button", onclick: run(() => updateWebhook(id, { enabled: !webhook?.enabled })) }, "Disable");

  /** @param {AbortSignal} signal */
  async function read(signal) {
    const [found, deliveries] = await Promise.all([getWebhook(id, signal), listDeliveries(id, signal)]);
    webhook = found;
    setText(where, [found.description, found.url].filter(Boolean).join(" · "));
    setText(toggle, found.enabled ? "Disable" : "Enable");
    return deliveries;
  }

  return showList(root, {
    title: "Deliveries",
    about: "The newest events that were sent to this webhook, the newest first. What has failed is tried again for a day.",
    read,
    columns: ["Event", "State", "Attempts", "Answer", "Made", "Next attempt", ""],
    row: (delivery) => [
      h("span", {}, h("strong", {}, delivery.event_type), delivery.event_id === null ? "" : ` ${delivery.event_id}`),
      h("span", { class: "pill", "data-state": STATES[delivery.state] }, delivery.state),
      delivery.attempts,
      answer(delivery),
      dayAndTime(delivery.created_at),
      delivery.next_attempt_at ? clock(delivery.next_attempt_at) : null,
      h("button", { type: "button", "aria-label": `Send again: ${delivery.event_type} ${delivery.event_id ?? delivery.id}`, onclick: run(() => redeliver(id, delivery.id)) }, "Send again"),
    ],
    summary: (deliveries) => `${deliveries.length} shown. ${webhook ? inWords(webhook) : ""}`,
    empty: () => h("p", {}, "Nothing was sent yet. A ping shows whether the receiver answers."),
    controls(again) {
      refresh = again;
      const buttons = [
        h("button", { type: "button", class: "primary", onclick: run(() => testWebhook(id)) }, "Send a ping"),
        toggle,
        h("button", { type: "button", onclick: rotating.open }, "New secret"),
        h("button", { type: "button", onclick: removing.open }, "Remove"),
      ];
      const back = h("a", { href: pageHref("webhooks"), "data-route": true }, "All webhooks");
      return h("div", { class: "list-controls" }, where, h("div", { class: "actions" }, ...buttons, back), failure, shown, rotating.element, removing.element);
    },
  });
}
