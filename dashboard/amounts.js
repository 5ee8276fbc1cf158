// @ts-check
/** Amounts as people write them: "64 KiB", "1.5 M", "65536". Pure. */

const UNITS = new Map([
  ["", 1],
  ["b", 1],
  ["bytes", 1],
  ["kib", 1024],
  ["mib", 1024 ** 2],
  ["gib", 1024 ** 3],
  ["kb", 1000],
  ["mb", 1e6],
  ["k", 1000],
  ["m", 1e6],
  ["g", 1e9],
  ["ms", 1],
  ["µj", 1],
  ["uj", 1],
]);

/**
 * @param {string} text
 * @returns {number|null} null where it is no amount above 0
 */
export function parseAmount(text) {
  const parts = /^\s*(\d+(?:\.\d+)?|\.\d+)\s*([a-zµ]*)\s*$/i.exec(text);
  const unit = parts && UNITS.get(parts[2].toLowerCase());
  const amount = parts && unit ? Number(parts[1]) * unit : 0;
  return amount > 0 ? amount : null;
}
