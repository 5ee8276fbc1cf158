// @ts-check
/** What can be done with a trial: train its network once more, or cancel it. */

import { createActionDialog } from "./action_dialog.js";
import { cancelTrial, replicateTrial } from "./api.js";
import { h } from "./dom.js";
import { goTo, trialHref } from "./router.js";
import { isTrialEnded } from "./state.js";

/** @import {Search, Trial} from "./types.js" */

/** Searches in these states take no trial more. */
const CLOSED = new Set(["failed", "cancelled"]);

/**
 * @param {string} trialId
 * @param {() => void} onCancelled
 */
export function createTrialActions(trialId, onCancelled) {
  const cancelling = createActionDialog({
    id: "cancel-trial-title",
    title: "Cancel this trial?",
    about: "Its training stops and leaves no file; its network is not proposed again. The search goes on.",
    keep: "Let it run",
    confirm: "Cancel the trial",
    isDanger: true,
    run: () => cancelTrial(trialId),
    onDone: onCancelled,
  });
  const replicating = createActionDialog({
    id: "replicate-title",
    title: "Train this network once more?",
    about: "The same network with another seed shows how much of its accuracy is luck. The search gets one trial more, and runs again where it has finished.",
    keep: "Not now",
    confirm: "Train it once more",
    fields: [{ name: "seed", label: "Seed; one not used yet where empty", type: "number", min: 0, step: 1 }],
    run: ({ seed }) => replicateTrial(trialId, seed ? { seed: Number(seed) } : {}),
    onDone: ({ id }) => goTo(trialHref(id)),
  });
  const cancel = h("button", { type: "button", hidden: true, onclick: cancelling.open }, "Cancel trial");
  const replicate = h("button", { type: "button", hidden: true, onclick: replicating.open }, "Replicate");

  return {
    buttons: [replicate, cancel],
    dialogs: [cancelling.element, replicating.element],
    /** @param {Trial} trial @param {Search} search */
    update(trial, search) {
      replicate.hidden = CLOSED.has(search.state);
      cancel.hidden = isTrialEnded(trial);
      if (cancel.hidden) cancelling.close();
    },
  };
}
