// @ts-check
/** Who this browser acts for, where the server asks for a key. */

import { ApiError, getPrincipal, signIn, signOut } from "./api.js";
import { h } from "./dom.js";

/**
 * Shows in the masthead who is signed in, and a button to end it; nothing where no key is needed.
 *
 * @param {HTMLElement} place
 * @param {() => void} onSignedOut
 */
export async function showWho(place, onSignedOut) {
  const who = await getPrincipal();
  if (who.key_id === null) return place.replaceChildren();
  const leave = h("button", { type: "button", class: "quiet" }, "Sign out");
  leave.addEventListener("click", async () => {
    leave.disabled = true;
    try {
      await signOut();
    } finally {
      leave.disabled = false;
    }
    onSignedOut();
  });
  place.replaceChildren(h("span", { class: "who", title: `May ${who.scope}` }, `${who.user} of ${who.project}`), leave);
}

/**
 * @param {HTMLElement} root
 * @param {() => void} onSignedIn
 */
export function showSignIn(root, onSignedIn) {
  const key = h("input", { id: "sign-in-key", type: "password", name: "key", required: true, autocomplete: "current-password", spellcheck: "false", "aria-describedby": "sign-in-help sign-in-error" });
  const error = h("p", { id: "sign-in-error", class: "problem", role: "alert", hidden: true });
  const button = h("button", { type: "submit", class: "primary" }, "Sign in");
  const form = h(
    "form",
    { class: "panel sign-in" },
    h("label", { for: "sign-in-key" }, "API key"),
    key,
    h("p", { id: "sign-in-help", class: "note" }, "It begins with bp_. Whoever runs this server makes one with ", h("code", {}, "bitpareto-server keys create --user you"), "; any admin can with ", h("code", {}, "bitpareto keys create"), "."),
    error,
    button,
  );
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    button.disabled = true;
    error.hidden = true;
    try {
      await signIn(key.value.trim());
      onSignedIn();
    } catch (failure) {
      const isWrong = failure instanceof ApiError && failure.status === 401;
      error.textContent = isWrong ? "This is no valid API key: it may be mistyped, expired or revoked." : /** @type {Error} */ (failure).message;
      error.hidden = false;
      key.select();
    } finally {
      button.disabled = false;
    }
  });
  document.title = "Sign in · bitpareto";
  root.replaceChildren(h("h1", { class: "page-title" }, "Sign in"), form);
  key.focus();
}
