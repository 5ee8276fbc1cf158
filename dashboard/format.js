// @ts-check
/** Numbers and times as people read them. */

const NARROW_SPACE = "\u202f";
const NONE = "–";
const KIB = 1024;

/**
 * Three significant digits, and no decimals where they add nothing.
 *
 * @param {number} value
 */
function threeDigits(value) {
  return value >= 100 ? String(Math.round(value)) : String(Number(value.toPrecision(3)));
}

/** @param {number|null|undefined} bytes */
export function size(bytes) {
  if (bytes === null || bytes === undefined) return NONE;
  if (bytes < KIB) return `${Math.round(bytes)}${NARROW_SPACE}B`;
  if (bytes < KIB * KIB) return `${threeDigits(bytes / KIB)}${NARROW_SPACE}KiB`;
  if (bytes < KIB * KIB * KIB) return `${threeDigits(bytes / KIB / KIB)}${NARROW_SPACE}MiB`;
  return `${threeDigits(bytes / KIB / KIB / KIB)}${NARROW_SPACE}GiB`;
}

/** @param {number|null|undefined} bytes the exact length of a file, with thousands set apart */
export function exactBytes(bytes) {
  if (bytes === null || bytes === undefined) return NONE;
  return `${bytes.toLocaleString("en").replaceAll(",", NARROW_SPACE)}${NARROW_SPACE}bytes`;
}

/** @param {number|null|undefined} share 0 to 1 */
export function percent(share) {
  if (share === null || share === undefined) return NONE;
  return `${(100 * share).toFixed(1)}${NARROW_SPACE}%`;
}

/** "+0.3", with a true minus. @param {number} value @param {(size: number) => string} words of its size */
export const signed = (value, words) => `${value < 0 ? "−" : "+"}${words(Math.abs(value))}`;

/** "+2.1 points": a per cent of a per cent would mislead. @param {number} difference of two shares */
export const inPoints = (difference) => `${signed(100 * difference, (points) => points.toFixed(1))} points`;

/** @param {readonly [number, number]|null|undefined} interval */
export function interval(interval) {
  if (!interval) return "";
  return interval.map((share) => (100 * share).toFixed(1)).join("–");
}

/** @param {number|null|undefined} bits */
export const bits = (bits) => (bits === null || bits === undefined ? NONE : bits.toFixed(2));

/** @param {number|null|undefined} operations */
export function count(operations) {
  if (operations === null || operations === undefined) return NONE;
  /** @type {[number, string][]} */
  const units = [[1e9, "G"], [1e6, "M"], [1e3, "k"]];
  for (const [unit, letter] of units) {
    if (operations >= unit) return `${threeDigits(operations / unit)}${NARROW_SPACE}${letter}`;
  }
  return String(operations);
}

/** @param {number|null|undefined} volume */
export const hypervolume = (volume) => (volume === null || volume === undefined ? NONE : volume.toFixed(4));

/** @param {number} seconds */
export function duration(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  const parts = [Math.floor(whole / 86400), Math.floor(whole / 3600) % 24, Math.floor(whole / 60) % 60, whole % 60];
  const first = parts.findIndex((part) => part > 0);
  if (first === -1) return `0${NARROW_SPACE}s`;
  return parts
    .map((part, index) => `${part}${NARROW_SPACE}${"dhms"[index].replace("m", "min")}`)
    .slice(first, first + 2)
    .filter((_, index) => index === 0 || parts[first + index] > 0)
    .join(" ");
}

/**
 * @param {string} from RFC 3339
 * @param {string|null} to now where null
 */
export const elapsed = (from, to) => duration((Date.parse(to ?? new Date().toISOString()) - Date.parse(from)) / 1000);

const CLOCK = new Intl.DateTimeFormat([], { hour: "2-digit", minute: "2-digit", second: "2-digit", hour12: false });
const DAY_AND_TIME = new Intl.DateTimeFormat([], { dateStyle: "medium", timeStyle: "short", hour12: false });

/** @param {string} at */
export const clock = (at) => CLOCK.format(new Date(at));

/** @param {string} at */
export const dayAndTime = (at) => DAY_AND_TIME.format(new Date(at));

/** "all trials have ended" as it stands alone. @param {string} text */
export function sentence(text) {
  const start = text.charAt(0).toUpperCase() + text.slice(1);
  return !text || /[.!?]$/.test(text) ? start : `${start}.`;
}

/**
 * @param {number} n
 * @param {string} noun
 */
export const plural = (n, noun) => `${n} ${noun}${n === 1 ? "" : "s"}`;

/**
 * "1", "1 and 2", "1, 2 and 3".
 *
 * @param {readonly (string|number)[]} items
 */
export function listed(items) {
  if (items.length < 2) return items.join("");
  return `${items.slice(0, -1).join(", ")} and ${items[items.length - 1]}`;
}
