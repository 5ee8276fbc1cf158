// @ts-check
/** One axis of the parallel coordinates: its title, its ends, and a brush for mouse and keyboard. */

import { h, setText } from "./dom.js";

/** @import {Dimension} from "./dimensions.js" */

const STEP = 0.05;
const CLICK = 0.015;

/** @typedef {readonly [number, number]} Brush */

/**
 * @param {(brush: Brush|null, isDone: boolean) => void} onBrush
 */
export function createAxis(onBrush) {
  const title = h("span", { class: "axis-title" });
  const top = h("span", { class: "axis-end top" });
  const bottom = h("span", { class: "axis-end bottom" });
  const band = h("span", { class: "axis-band", hidden: true });
  const handles = /** @type {const} */ ([0, 1]).map((end) => h("span", { class: "axis-handle", role: "slider", tabindex: "0", "aria-orientation": "vertical", "aria-valuemin": "0", "aria-valuemax": "100", onkeydown: (/** @type {KeyboardEvent} */ event) => move(event, end) }));
  const rail = h("div", { class: "axis-rail", onpointerdown: start }, band, ...handles);
  const element = h("div", { class: "axis" }, title, top, rail, bottom);
  /** @type {Dimension|null} */
  let dimension = null;
  /** @type {Brush|null} */
  let brush = null;

  /** @param {number} share */
  const inside = (share) => Math.min(1, Math.max(0, share));

  /** @param {Brush} next @param {boolean} isDone */
  function set([a, b], isDone) {
    const sorted = /** @type {Brush} */ ([inside(Math.min(a, b)), inside(Math.max(a, b))]);
    const isAll = sorted[0] <= 0 && sorted[1] >= 1;
    onBrush(isAll ? null : sorted, isDone);
  }

  /** @param {PointerEvent} event */
  function start(event) {
    if (event.button !== 0) return;
    event.preventDefault();
    rail.setPointerCapture(event.pointerId);
    const { top: origin, height } = rail.getBoundingClientRect();
    const shareAt = (/** @type {PointerEvent} */ { clientY }) => inside(1 - (clientY - origin) / height);
    const from = shareAt(event);
    const drag = (/** @type {PointerEvent} */ moved) => Math.abs(shareAt(moved) - from) > CLICK && set([from, shareAt(moved)], false);
    rail.addEventListener("pointermove", drag);
    rail.addEventListener(
      "pointerup",
      (/** @type {PointerEvent} */ released) => {
        rail.removeEventListener("pointermove", drag);
        if (Math.abs(shareAt(released) - from) <= CLICK) onBrush(null, true);
        else set([from, shareAt(released)], true);
      },
      { once: true },
    );
  }

  /** @param {KeyboardEvent} event @param {0|1} end */
  function move(event, end) {
    /** @type {Record<string, number>} */
    const steps = { ArrowUp: STEP, ArrowRight: STEP, ArrowDown: -STEP, ArrowLeft: -STEP, PageUp: 5 * STEP, PageDown: -5 * STEP };
    const ends = [...(brush ?? [0, 1])];
    if (event.key === "Escape") {
      onBrush(null, true);
      return;
    }
    if (event.key === "Home") ends[end] = 0;
    else if (event.key === "End") ends[end] = 1;
    else if (event.key in steps) ends[end] = inside(ends[end] + steps[event.key]);
    else return;
    event.preventDefault();
    if (end === 0) ends[0] = Math.min(ends[0], ends[1]);
    else ends[1] = Math.max(ends[0], ends[1]);
    set([ends[0], ends[1]], true);
  }

  return {
    element,
    /** @param {Dimension} known @param {Brush|null} next @param {number} left share of the width */
    update(known, next, left) {
      dimension = known;
      brush = next;
      element.style.left = `${100 * left}%`;
      setText(title, dimension.title);
      title.title = dimension.title;
      setText(top, dimension.words(1));
      setText(bottom, dimension.words(0));
      band.hidden = !brush;
      const ends = brush ?? [0, 1];
      band.style.bottom = `${100 * ends[0]}%`;
      band.style.height = `${100 * (ends[1] - ends[0])}%`;
      handles.forEach((handle, end) => {
        handle.style.bottom = `${100 * ends[end]}%`;
        handle.setAttribute("aria-label", `${known.title}, ${end ? "at most" : "at least"}`);
        handle.setAttribute("aria-valuenow", String(Math.round(100 * ends[end])));
        handle.setAttribute("aria-valuetext", known.words(ends[end]));
      });
    },
  };
}
