// @ts-check
/** The predicted front as a picture: size on a log axis, accuracy with one standard deviation. */

import { s } from "./dom.js";
import { percent, size } from "./format.js";

/** @import {Explanation} from "./types.js" */

const WIDTH = 640;
const HEIGHT = 240;
const LEFT = 60;
const RIGHT = 20;
const TOP = 14;
const BOTTOM = 34;

/** From values to the places of an axis; one value alone is put in the middle. @param {number} low @param {number} high @param {number} from @param {number} to */
const scale = (low, high, from, to) => (/** @type {number} */ value) => (high > low ? from + ((value - low) / (high - low)) * (to - from) : (from + to) / 2);

/** @param {Explanation["front"]} points */
export function predictedFront(points) {
  const sizes = points.map(({ costs }) => costs.size_bytes);
  const lows = points.map(({ accuracy, accuracy_sd: sd }) => accuracy - sd);
  const highs = points.map(({ accuracy, accuracy_sd: sd }) => Math.min(1, accuracy + sd));
  const [smallest, largest, worst, best] = [Math.min(...sizes), Math.max(...sizes), Math.min(...lows), Math.max(...highs)];
  const x = scale(Math.log(smallest), Math.log(largest), LEFT + 20, WIDTH - RIGHT - 20);
  const y = scale(worst, best, HEIGHT - BOTTOM - 8, TOP + 8);
  const marks = points.map(({ number, accuracy, costs }, i) => {
    const at = x(Math.log(costs.size_bytes));
    return s(
      "g",
      { class: number === null ? "guess" : "trained" },
      s("title", {}, `${number === null ? "Not trained" : `Trial ${number}`}: ${percent(accuracy)} predicted at ${size(costs.size_bytes)}`),
      s("line", { x1: at, x2: at, y1: y(lows[i]), y2: y(highs[i]) }),
      s("circle", { cx: at, cy: y(accuracy), r: 4.5 }),
    );
  });
  const label = (/** @type {string} */ text, /** @type {number} */ at, /** @type {number} */ height, /** @type {string} */ anchor) => s("text", { x: at, y: height, "text-anchor": anchor }, text);
  const words = `${points.length} networks from ${size(smallest)} to ${size(largest)}; bars are one standard deviation of the predicted accuracy. Hollow marks are not trained.`;
  return s(
    "svg",
    { class: "predicted", viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": `The predicted front: ${words}` },
    s("path", { class: "axis", d: `M${LEFT} ${TOP}V${HEIGHT - BOTTOM}H${WIDTH - RIGHT}` }),
    label(percent(best), LEFT - 8, y(best) + 4, "end"),
    label(percent(worst), LEFT - 8, y(worst) + 4, "end"),
    label(size(smallest), LEFT + 20, HEIGHT - 12, "middle"),
    largest > smallest && label(size(largest), WIDTH - RIGHT - 20, HEIGHT - 12, "middle"),
    ...marks,
  );
}
