// @ts-check
/** Uncertainty of a measured share. Pure. */

const Z95 = 1.959963984540054;

/**
 * The 95 % Wilson interval, which the server sends with front points, for trials off the front.
 *
 * @param {number} share
 * @param {number|undefined} n
 * @returns {[number, number]|null}
 */
export function wilson(share, n) {
  if (!n) return null;
  const shrink = 1 + Z95 ** 2 / n;
  const middle = (share + Z95 ** 2 / (2 * n)) / shrink;
  const reach = (Z95 / shrink) * Math.sqrt((share * (1 - share)) / n + Z95 ** 2 / (4 * n * n));
  return [middle - reach, middle + reach];
}
