// @ts-check
/** What to look at: the axes, the budget in words, and the moment. */

import { ACCURACY, costAxes, costAxis, upAxis } from "./axes.js";
import { parseAmount } from "./amounts.js";
import { h, setText } from "./dom.js";
import { clock, plural } from "./format.js";

/** @import {Axis} from "./axes.js" */
/** @import {SearchView} from "./search_view.js" */
/** @import {ViewState} from "./state.js" */

/** @param {HTMLSelectElement} select @param {readonly Axis[]} axes @param {string} chosen */
function fillSelect(select, axes, chosen) {
  const keys = axes.map((axis) => axis.key).join();
  if (select.dataset.keys !== keys) {
    select.dataset.keys = keys;
    select.replaceChildren(...axes.map((axis) => h("option", { value: axis.key }, axis.title)));
  }
  select.value = chosen;
}

/** @param {(change: Partial<SearchView>) => void} onChange */
export function createFrontControls(onChange) {
  const up = h("select", { onchange: () => onChange({ y: up.value === ACCURACY.key ? null : up.value }) });
  const across = h("select", { onchange: () => onChange({ x: across.value, budget: null }) });
  const amount = h("input", { type: "text", size: "9", placeholder: "any", autocomplete: "off", spellcheck: "false", "aria-describedby": "budget-error", onchange: readAmount });
  const error = h("span", { class: "failure", id: "budget-error", role: "alert", hidden: true }, "Write an amount such as 64 KiB.");
  const clear = h("button", { type: "button", class: "quiet", hidden: true, onclick: () => onChange({ budget: null }) }, "No budget");
  const moment = h("input", { type: "range", min: "0", step: "1", oninput: readMoment });
  const momentWords = h("output", { class: "note" });
  const momentField = h("label", { class: "moment" }, "Front as of", moment, momentWords);
  const element = h(
    "div",
    { class: "front-controls" },
    h("label", {}, "Up", up),
    h("label", {}, "Across", across),
    h("label", {}, "Within", amount),
    clear,
    error,
    momentField,
  );
  /** @type {ViewState["hypervolumes"]} */
  let changes = [];

  function readAmount() {
    const text = amount.value.trim();
    const value = parseAmount(text);
    error.hidden = !text || value !== null;
    amount.setAttribute("aria-invalid", String(!error.hidden));
    if (error.hidden) onChange({ budget: value });
  }

  function readMoment() {
    const place = Number(moment.value);
    onChange({ asOf: place >= changes.length - 1 ? null : changes[place].eventId });
  }

  return {
    element,
    /** @param {ViewState} state @param {SearchView} view */
    update({ search, front, trials, hypervolumes }, view) {
      const axes = costAxes(search, front?.points[0]?.trial ?? trials.values().next().value);
      const x = costAxis(search, view.x);
      fillSelect(across, axes, x.key);
      fillSelect(up, [ACCURACY, ...axes.filter((axis) => axis !== x)], upAxis(view.y).key);
      if (document.activeElement !== amount || amount.dataset.budget !== String(view.budget)) {
        amount.value = view.budget === null ? "" : x.words(view.budget).replace("\u202f", " ");
        amount.dataset.budget = String(view.budget);
        error.hidden = true;
        amount.removeAttribute("aria-invalid");
      }
      clear.hidden = view.budget === null;
      changes = hypervolumes;
      momentField.hidden = changes.length < 2;
      const last = changes.length - 1;
      const found = view.asOf === null ? last : changes.findIndex((change) => change.eventId >= /** @type {number} */ (view.asOf));
      const place = found === -1 ? last : found;
      moment.max = String(Math.max(0, last));
      moment.value = String(place);
      const words = view.asOf === null ? "now" : `event ${changes[place]?.eventId}, ${clock(changes[place]?.at ?? "")}: change ${place + 1} of ${changes.length}`;
      moment.setAttribute("aria-valuetext", words);
      setText(momentWords, view.asOf === null ? `now, after ${plural(changes.length, "change")}` : words);
    },
  };
}
