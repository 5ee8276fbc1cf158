// @ts-check
/** The line over the front that is dragged, or moved with the arrow keys, to bound a cost. */

import { h } from "./dom.js";

/** @import {Axis} from "./axes.js" */

const STEP_OCTAVES = 1 / 8;
const LEAP_OCTAVES = 1;
const ROUNDING = 1e-6;
const SNAP_PX = 5;

/**
 * @typedef {object} Scale
 * @property {number} left of the drawn area, in the chart
 * @property {number} top
 * @property {number} width
 * @property {number} height
 * @property {readonly [number, number]} range exponents of ten
 */

/** @param {(budget: number|null) => void} onChange */
export function createBudgetLine(onChange) {
  const veil = h("div", { class: "budget-veil", "aria-hidden": "true" });
  const grip = h("span", { class: "budget-grip", "aria-hidden": "true" });
  const handle = h("div", { class: "budget-handle", role: "slider", tabindex: "0", onpointerdown: start, onkeydown: move }, grip);
  const element = h("div", { class: "budget-layer", hidden: true }, veil, handle);
  /** @type {Scale|null} */
  let scale = null;
  /** @type {Axis|null} */
  let axis = null;
  /** @type {number|null} */
  let budget = null;

  /** @param {Scale} known @param {number} value */
  const shareOf = ({ range }, value) => (Math.log10(value) - range[0]) / (range[1] - range[0]);

  function place() {
    element.hidden = !scale || scale.width <= 0;
    if (!scale || !axis) return;
    const share = budget === null ? 1 : Math.min(1, Math.max(0, shareOf(scale, budget)));
    const x = scale.left + share * scale.width;
    handle.style.left = `${x}px`;
    handle.style.top = veil.style.top = `${scale.top}px`;
    handle.style.height = veil.style.height = `${scale.height}px`;
    veil.style.left = `${x}px`;
    veil.style.width = `${scale.left + scale.width - x}px`;
    handle.dataset.set = String(budget !== null);
    handle.setAttribute("aria-label", `Budget: ${axis.title.toLowerCase()}`);
    handle.setAttribute("aria-valuemin", String(Math.floor(10 ** scale.range[0])));
    handle.setAttribute("aria-valuemax", String(Math.ceil(10 ** scale.range[1])));
    handle.setAttribute("aria-valuenow", String(Math.round(budget ?? 10 ** scale.range[1])));
    handle.setAttribute("aria-valuetext", budget === null ? "no budget" : `at most ${axis.words(budget)}`);
  }

  /** @param {number|null} value */
  function set(value) {
    const isOff = value !== null && scale !== null && shareOf(scale, value) >= 1;
    const next = value === null || isOff ? null : value;
    if (next === budget) return;
    budget = next;
    place();
    onChange(budget);
  }

  /** @param {PointerEvent} event */
  function start(event) {
    if (event.button !== 0 || !scale) return;
    event.preventDefault();
    handle.focus();
    handle.setPointerCapture(event.pointerId);
    const origin = element.getBoundingClientRect().left;
    const drag = (/** @type {PointerEvent} */ { clientX }) => scale && set(valueAt(scale, clientX - origin - scale.left));
    handle.addEventListener("pointermove", drag);
    handle.addEventListener("lostpointercapture", () => handle.removeEventListener("pointermove", drag), { once: true });
  }

  /** A power of two where one is near: memory comes in them. @param {Scale} known @param {number} x */
  function valueAt({ range, width }, x) {
    const share = Math.min(1, Math.max(0, x / width));
    const value = 10 ** (range[0] + share * (range[1] - range[0]));
    const round = 2 ** Math.round(Math.log2(value));
    const pxApart = (Math.abs(Math.log10(round / value)) * width) / (range[1] - range[0]);
    return pxApart <= SNAP_PX ? round : Number(value.toPrecision(3));
  }

  /** @param {KeyboardEvent} event */
  function move(event) {
    if (!scale) return;
    /** @type {Record<string, number>} */
    const octaves = { ArrowLeft: -STEP_OCTAVES, ArrowDown: -STEP_OCTAVES, ArrowRight: STEP_OCTAVES, ArrowUp: STEP_OCTAVES, PageDown: -LEAP_OCTAVES, PageUp: LEAP_OCTAVES };
    if (event.key === "Home") set(Number((10 ** scale.range[0]).toPrecision(3)));
    else if (event.key === "End") set(null);
    else if (event.key in octaves) {
      const steps = Math.log2(budget ?? 10 ** scale.range[1]) / STEP_OCTAVES;
      const whole = octaves[event.key] > 0 ? Math.floor(steps + ROUNDING) : Math.ceil(steps - ROUNDING);
      set(2 ** (whole * STEP_OCTAVES + octaves[event.key]));
    } else return;
    event.preventDefault();
  }

  return {
    element,
    /** @param {Scale|null} known @param {Axis} along @param {number|null} value */
    update(known, along, value) {
      scale = known;
      axis = along;
      budget = value;
      place();
    },
  };
}
