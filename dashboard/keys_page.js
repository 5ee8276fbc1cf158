// @ts-check
/** The API keys of a project: made, shown once, revoked. */

import { createActionDialog } from "./action_dialog.js";
import { createKey, listKeys, revokeKey } from "./api.js";
import { h } from "./dom.js";
import { dayAndTime, plural } from "./format.js";
import { showList } from "./list_page.js";
import { shownOnce } from "./shown_once.js";

/** @import {ApiKey} from "./types.js" */

const DAY_MS = 86_400_000;

/** @param {ApiKey} key */
function stateOf({ revoked_at: revoked, expires_at: expires }) {
  if (revoked) return "revoked";
  return expires && Date.parse(expires) <= Date.now() ? "expired" : "valid";
}

/** @param {ApiKey} key */
const nameOf = ({ name, id }) => name || id;

/** @param {string|null} at */
const when = (at) => (at ? dayAndTime(at) : null);

/** @param {Record<string, string>} values of the form @returns {Record<string, string|null>} what the API takes */
function wanted({ name, scope, user, days }) {
  const expires = days ? new Date(Date.now() + Number(days) * DAY_MS).toISOString() : null;
  return { name, scope, expires_at: expires, ...(user ? { user } : {}) };
}

/** @param {HTMLElement} root */
export function showKeys(root) {
  const shown = h("div");
  const asked = h("div");
  let refresh = () => {};

  const making = createActionDialog({
    id: "new-key",
    title: "A new API key",
    about: "It may do what its scope says, and never more than its user's role. Each scope includes those before it.",
    keep: "Cancel",
    confirm: "Make it",
    fields: [
      { name: "name", label: "Name, for people", maxlength: 200, autocomplete: "off" },
      { name: "scope", label: "Scope", options: ["read", "write", "admin"] },
      { name: "days", label: "Days until it expires; empty is never", type: "number", min: 1, max: 3650, step: 1 },
      { name: "user", label: "Member it acts for; empty is you", maxlength: 100, autocomplete: "off" },
    ],
    run: (values) => createKey(wanted(values)),
    onDone(key) {
      shown.replaceChildren(shownOnce(key.key, { label: "The new key", title: `The key ${nameOf(key)}` }));
      shown.querySelector("h2")?.focus();
      refresh();
    },
  });

  /** @param {ApiKey} key */
  function askToRevoke(key) {
    const dialog = createActionDialog({
      id: `revoke-${key.id}`,
      title: `Revoke ${nameOf(key)}?`,
      about: `Requests of ${key.user} with this key are refused from now on, and its browser sessions end. It cannot be taken back.`,
      keep: "Keep it",
      confirm: "Revoke",
      isDanger: true,
      run: () => revokeKey(key.id),
      onDone() {
        root.focus(); // the button is about to go, and the list waits for the focus to leave it
        refresh();
      },
    });
    asked.replaceChildren(dialog.element);
    dialog.open();
  }

  return showList(root, {
    title: "API keys",
    about: "Who may use this project's searches from programs, and how far. Of each key the server keeps only a hash.",
    read: listKeys,
    columns: ["Key", "User", "Scope", "State", "Made", "Expires", "Last used", ""],
    row: (key) => [
      h("strong", {}, nameOf(key)),
      key.user,
      key.scope,
      h("span", { class: "pill", "data-state": stateOf(key) === "valid" ? "succeeded" : "cancelled" }, stateOf(key)),
      dayAndTime(key.created_at),
      key.expires_at ? dayAndTime(key.expires_at) : "never",
      when(key.last_used_at) ?? "never",
      stateOf(key) === "valid" ? h("button", { type: "button", "aria-label": `Revoke ${nameOf(key)}`, onclick: () => askToRevoke(key) }, "Revoke") : null,
    ],
    summary: (keys) => `${plural(keys.length, "key")}, ${keys.filter((key) => stateOf(key) === "valid").length} of them valid.`,
    empty: () => h("p", {}, "No key yet. This machine needs none; whoever comes from another does."),
    controls(again) {
      refresh = again;
      return h("div", { class: "list-controls" }, h("div", { class: "actions" }, h("button", { type: "button", class: "primary", onclick: making.open }, "New key")), shown, making.element, asked);
    },
  });
}
