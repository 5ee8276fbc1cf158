// @ts-check
/** Trials as comma-separated values that a spreadsheet takes. Pure. */

/** @import {Trial} from "./types.js" */

/** @param {unknown} value */
function quoted(value) {
  if (value === null || value === undefined) return "";
  const text = String(value);
  const isFormula = typeof value === "string" && /^[=+\-@\t\r]/.test(text); // a spreadsheet would run it
  const safe = isFormula ? `'${text}` : text;
  return /[",\n\r]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

/** @param {readonly Trial[]} trials @param {ReadonlySet<string>} onFront */
export function asCsv(trials, onFront) {
  const keysOf = (/** @type {(trial: Trial) => object|undefined} */ of) => [...new Set(trials.flatMap((trial) => Object.keys(of(trial) ?? {})))].sort();
  const metrics = keysOf((trial) => trial.metrics);
  const costs = keysOf((trial) => trial.costs);
  const genes = keysOf((trial) => trial.genes);
  const head = ["number", "id", "state", "outcome", "on_front", ...metrics, ...costs, "mean_weight_bits", "gen_method", "attempt", "sha256", ...genes];
  const rows = trials.map((trial) => [
    trial.number,
    trial.id,
    trial.state,
    trial.outcome,
    onFront.has(trial.id),
    ...metrics.map((key) => trial.metrics[key]),
    ...costs.map((key) => trial.costs[key]),
    trial.mean_weight_bits,
    trial.gen_method,
    trial.attempt,
    trial.artifact?.sha256,
    ...genes.map((key) => trial.genes?.[key]),
  ]);
  return [head, ...rows].map((row) => `${row.map(quoted).join(",")}\r\n`).join("");
}
