// @ts-check
/** Colours for charts, read from the style sheet so that they are defined once. */

const DARK = window.matchMedia("(prefers-color-scheme: dark)");

const NAMES = /** @type {const} */ (["ink", "muted", "faint", "line", "surface", "accent", "interval", "running", "float", "budget", "focus"]);

/** @typedef {Record<typeof NAMES[number], string>} Colours */

/** @returns {Colours} */
export function colours() {
  const style = getComputedStyle(document.documentElement);
  const entries = NAMES.map((name) => [name, style.getPropertyValue(`--${name}`).trim()]);
  return Object.fromEntries(entries);
}

/** How large text is against the usual 16 px: charts, which count in pixels, grow with it. */
export const textScale = () => parseFloat(getComputedStyle(document.documentElement).fontSize) / 16;

/** Size of the text in charts, in pixels. */
export const chartTextPx = () => 12.5 * textScale();

/**
 * @param {() => void} listener
 * @returns {() => void} stops listening
 */
export function onSchemeChange(listener) {
  DARK.addEventListener("change", listener);
  return () => DARK.removeEventListener("change", listener);
}
