// @ts-check
/** What a trial's training prints, as it prints it. */

import { ApiError, getLogPieces } from "./api.js";
import { h, setText } from "./dom.js";
import { isTrialEnded } from "./state.js";

/** @import {Trial} from "./types.js" */

const ASK_MS = 2000;
/** What the server keeps of a log; more is not shown either. */
const LONGEST = 256 * 1024;

/** @param {string} trialId */
export function createTrialLog(trialId) {
  const abort = new AbortController();
  const text = h("pre", { class: "output", tabindex: "0", role: "region", "aria-label": "Output of the training", hidden: true });
  const note = h("p", { class: "empty small" }, "Nothing has been printed yet.");
  const element = h("div", {}, text, note);
  let lastPiece = 0;
  let lastAttempt = 0;
  let timer = 0;
  let follows = true;
  const showEnd = () => {
    if (follows) text.scrollTop = text.scrollHeight;
  };
  text.addEventListener("scroll", () => {
    follows = text.scrollHeight - text.scrollTop - text.clientHeight < 8;
  });
  // the log may be there before the page around it is shown, and it wraps anew with the window
  const resized = new ResizeObserver(showEnd);
  resized.observe(text);

  /** @param {readonly {id: number, attempt: number, text: string}[]} pieces */
  function append(pieces) {
    if (!pieces.length) return;
    let added = "";
    for (const piece of pieces) {
      if (lastAttempt && piece.attempt !== lastAttempt) added += `\n— attempt ${piece.attempt} —\n`;
      lastAttempt = piece.attempt;
      lastPiece = piece.id;
      added += piece.text;
    }
    const shown = (text.textContent ?? "") + added;
    if (shown.length > LONGEST) text.textContent = shown.slice(-LONGEST);
    else text.append(added); // what somebody has selected stays so
    text.hidden = false;
    note.hidden = true;
    showEnd();
  }

  async function ask() {
    let isEnded = false;
    try {
      const { data, state } = await getLogPieces(trialId, lastPiece, abort.signal);
      append(data);
      isEnded = isTrialEnded({ state });
      if (isEnded) setText(note, "Its training printed nothing.");
    } catch (error) {
      if (abort.signal.aborted) return;
      if (!(error instanceof ApiError)) throw error;
      if (!error.isTemporary) {
        setText(note, error.message);
        return;
      }
    }
    if (!isEnded && !abort.signal.aborted) timer = window.setTimeout(ask, ASK_MS);
  }

  void ask();
  return {
    element,
    stop() {
      abort.abort();
      resized.disconnect();
      window.clearTimeout(timer);
    },
  };
}
