// @ts-check
/** Hypervolume after each change of the front, as a small step line. */

import { s } from "./dom.js";

const WIDTH = 120;
const HEIGHT = 32;
const EDGE = 3;

/**
 * @param {readonly number[]} values
 * @returns {SVGSVGElement|null} null below two values: one value has no course
 */
export function hypervolumeLine(values) {
  if (values.length < 2) return null;
  const most = Math.max(...values);
  const least = Math.min(...values);
  const x = (/** @type {number} */ i) => EDGE + (i * (WIDTH - 2 * EDGE)) / (values.length - 1);
  const y = (/** @type {number} */ value) => HEIGHT - EDGE - ((value - least) * (HEIGHT - 2 * EDGE)) / (most - least || 1);
  const steps = values.map((value, i) => (i === 0 ? `M${x(0)} ${y(value)}` : `H${x(i)}V${y(value)}`)).join("");
  const last = values.length - 1;
  return s(
    "svg",
    { class: "sparkline", viewBox: `0 0 ${WIDTH} ${HEIGHT}`, width: WIDTH, height: HEIGHT, "aria-hidden": "true" },
    s("path", { d: steps }),
    s("circle", { cx: x(last), cy: y(values[last]), r: 2.5 }),
  );
}
