// @ts-check
/** One button that pauses a search at work and resumes a paused one. */

import { ApiError, pauseSearch, resumeSearch } from "./api.js";
import { announce, h, setText } from "./dom.js";

/** @import {Search} from "./types.js" */

const PAUSABLE = new Set(["queued", "running"]);

/**
 * @param {string} searchId
 * @param {(search: Search) => void} onChanged
 */
export function createPauseButton(searchId, onChanged) {
  let isPaused = false;
  const element = h("button", { type: "button", class: "pause", hidden: true, onclick: toggle });

  async function toggle() {
    element.disabled = true;
    try {
      onChanged(await (isPaused ? resumeSearch(searchId) : pauseSearch(searchId)));
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      announce(`${error.problem.title}. ${error.message}`);
      element.title = error.message;
    } finally {
      element.disabled = false;
    }
  }

  return {
    element,
    /** @param {Search} search */
    update(search) {
      isPaused = search.state === "paused";
      element.hidden = !isPaused && !PAUSABLE.has(search.state);
      setText(element, isPaused ? "Resume" : "Pause");
    },
  };
}
