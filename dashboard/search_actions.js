// @ts-check
/** What can be done with a search: pause and resume, more trials, another one like it, its end. */

import { createActionDialog } from "./action_dialog.js";
import { cancelSearch, cloneSearch, extendSearch } from "./api.js";
import { h } from "./dom.js";
import { createPauseButton } from "./pause_button.js";
import { goTo, searchHref } from "./router.js";
import { isSearchEnded } from "./state.js";

/** @import {Search} from "./types.js" */

const MORE_TRIALS = 50;
const HOUR_S = 3600;

/**
 * @param {string} searchId
 * @param {(search: Search) => void} onChanged
 */
export function createSearchActions(searchId, onChanged) {
  const cancelling = createActionDialog({
    id: "cancel-title",
    title: "Cancel this search?",
    about: "Trials in training stop and no new ones start. Finished trials, the front and the files stay. Extending it later starts it again.",
    keep: "Keep it running",
    confirm: "Cancel the search",
    isDanger: true,
    run: () => cancelSearch(searchId),
    onDone: onChanged,
  });
  const extending = createActionDialog({
    id: "extend-title",
    title: "Give this search more?",
    about: "It goes on from all its trials; one that has ended runs again.",
    keep: "Leave it",
    confirm: "Extend the search",
    fields: [
      { name: "trials", label: "Trials more", type: "number", min: 0, max: 100_000, step: 1, value: MORE_TRIALS, required: true },
      { name: "hours", label: "Hours more, of one with a limit of time", type: "number", min: 0, max: 100_000, step: "any", value: 0, required: true },
    ],
    run: ({ trials, hours }) => extendSearch(searchId, { trials: Number(trials), wall_time_s: Number(hours) * HOUR_S }),
    onDone: onChanged,
  });
  const cloning = createActionDialog({
    id: "clone-title",
    title: "Run another search like this one?",
    about: "It starts at once, without trials and with the same settings. Another seed shows how much of a result is luck. To change more, use this one as a start.",
    keep: "Not now",
    confirm: "Start the clone",
    fields: [
      { name: "name", label: "Name; as this one's where empty", type: "text", maxlength: 200 },
      { name: "seed", label: "Seed; as this one's where empty", type: "number", min: 0, step: 1 },
    ],
    run: ({ name, seed }) => cloneSearch(searchId, { ...(name ? { name } : {}), ...(seed ? { seed: Number(seed) } : {}) }),
    onDone: ({ id }) => goTo(searchHref(id)),
  });
  const pause = createPauseButton(searchId, onChanged);
  const cancel = h("button", { type: "button", class: "cancel", hidden: true, onclick: cancelling.open }, "Cancel search");
  const extend = h("button", { type: "button", onclick: extending.open }, "Extend");
  const clone = h("button", { type: "button", onclick: cloning.open }, "Clone");

  return {
    buttons: [clone, extend, pause.element, cancel],
    dialogs: [cancelling, extending, cloning].map(({ element }) => element),
    /** @param {Search} search */
    update(search) {
      pause.update(search);
      cancel.hidden = isSearchEnded(search);
      if (cancel.hidden) cancelling.close();
    },
  };
}
