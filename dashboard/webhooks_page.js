// @ts-check
/** The webhooks of a project: listed, added, their secret shown once. */

import { createActionDialog } from "./action_dialog.js";
import { createWebhook, listWebhooks } from "./api.js";
import { h } from "./dom.js";
import { dayAndTime, plural } from "./format.js";
import { showList } from "./list_page.js";
import { pageHref, viewParameter } from "./router.js";
import { shownOnce } from "./shown_once.js";
import { showWebhook } from "./webhook_page.js";

/** @import {Webhook} from "./types.js" */

/** @param {Webhook} webhook */
function state({ enabled, disabled_reason: reason, failing_since: since, last_error: error }) {
  const [pill, word, why] = !enabled ? ["cancelled", "disabled", reason?.message] : since ? ["failed", "failing", `${error}, since ${dayAndTime(since)}`] : ["succeeded", "enabled", null];
  return h("span", {}, h("span", { class: "pill", "data-state": pill }, word), why ? h("div", { class: "note" }, why) : null);
}

/** @param {Webhook} webhook */
const nameOf = ({ description, url }) => description || url;

/** @param {Webhook} webhook */
const link = (webhook) => h("span", {}, h("a", { href: pageHref("webhooks", { webhook: webhook.id }), "data-route": true }, nameOf(webhook)), webhook.description ? h("div", { class: "note" }, webhook.url) : null);

/** @param {string} text @returns {string[]} its words */
const words = (text) => text.split(/[\s,]+/).filter(Boolean);

/** @param {Record<string, string>} values of the form @returns {Record<string, any>} what the API takes */
const wanted = ({ url, description, types, searches }) => ({ url, description, event_types: words(types), search_ids: words(searches) });

/** @param {Webhook} webhook */
function events({ event_types: types, search_ids: searches }) {
  return `${types.join(", ") || "all"}${searches.length ? ` of ${searches.length === 1 ? "one search" : `${searches.length} searches`}` : ""}`;
}

/** @param {HTMLElement} root */
export function showWebhooks(root) {
  const one = viewParameter("webhook");
  return one ? showWebhook(root, one) : showAll(root);
}

/** @param {HTMLElement} root */
function showAll(root) {
  const shown = h("div");
  let refresh = () => {};

  const adding = createActionDialog({
    id: "new-webhook",
    title: "A new webhook",
    about: "What happens from now on is sent there as JSON, signed with a secret that you will see once.",
    keep: "Cancel",
    confirm: "Add it",
    fields: [
      { name: "url", label: "URL, of http or https", type: "url", required: true, maxlength: 2000, autocomplete: "off" },
      { name: "description", label: "Description, for people", maxlength: 200, autocomplete: "off" },
      { name: "types", label: "Events, such as search.state front.changed; empty is all", autocomplete: "off" },
      { name: "searches", label: "Ids of searches; empty is all", autocomplete: "off" },
    ],
    run: (values) => createWebhook(wanted(values)),
    onDone(made) {
      shown.replaceChildren(shownOnce(made.secret, { label: "The new secret", title: `The secret of ${nameOf(made)}` }));
      shown.querySelector("h2")?.focus();
      refresh();
    },
  });

  return showList(root, {
    title: "Webhooks",
    about: "Where the events of this project are sent, signed, to programs of yours. Each one's page shows what was sent.",
    read: listWebhooks,
    columns: ["Webhook", "Events", "State", "Waiting", "Made"],
    row: (webhook) => [link(webhook), events(webhook), state(webhook), webhook.n_pending, dayAndTime(webhook.created_at)],
    summary: (webhooks) => `${plural(webhooks.length, "webhook")}, ${webhooks.filter(({ enabled }) => enabled).length} of them enabled.`,
    empty: () => h("p", {}, "No webhook yet. One tells a program of yours when a search ends or its front changes."),
    controls(again) {
      refresh = again;
      return h("div", { class: "list-controls" }, h("div", { class: "actions" }, h("button", { type: "button", class: "primary", onclick: adding.open }, "New webhook")), shown, adding.element);
    },
  });
}
