// @ts-check
/** What of a search is looked at: budget, axes, moment, selection. The address holds it. */

import { brushesAsText, brushesOfText } from "./dimensions.js";
import { isTrialEnded } from "./state.js";
import { setView, viewParameter } from "./router.js";

/** @import {Axis} from "./axes.js" */
/** @import {Brushes} from "./dimensions.js" */
/** @import {Front, Trial} from "./types.js" */
/** @import {ViewState} from "./state.js" */

/**
 * @typedef {object} SearchView
 * @property {number|null} budget of the axis across; null: all
 * @property {string|null} x key of the axis across; null: the search's own
 * @property {string|null} y
 * @property {number|null} asOf the event whose front is shown; null: now
 * @property {string|null} selected trial
 * @property {readonly string[]} genes axes of the parallel coordinates beside accuracy and costs
 * @property {Brushes} brushes
 * @property {"trials"|"compute"} over what the hypervolume is shown over
 * @property {readonly string[]} baselines ids of searches it is shown beside
 * @property {string} order column of the table of trials; `-` puts the largest first
 * @property {boolean} frontOnly whether the table shows the front alone
 * @property {readonly string[]} open panels that were unfolded
 */

/** The order of the table of trials where nothing else is asked for. */
const NEWEST = "-number";

/** @param {string} name */
function numberParameter(name) {
  const number = Number(viewParameter(name) ?? NaN);
  return Number.isFinite(number) && number > 0 ? number : null;
}

/** @param {string} name */
const listParameter = (name) => (viewParameter(name) ?? "").split(",").filter(Boolean);

/** @returns {SearchView} as the address has it */
export const viewOfAddress = () => ({
  budget: numberParameter("budget"),
  x: viewParameter("x"),
  y: viewParameter("y"),
  asOf: numberParameter("as_of"),
  selected: viewParameter("selected"),
  genes: listParameter("genes"),
  brushes: brushesOfText(viewParameter("brush")),
  over: viewParameter("over") === "compute" ? "compute" : "trials",
  baselines: listParameter("baselines"),
  order: viewParameter("order") ?? NEWEST,
  frontOnly: viewParameter("only") === "front",
  open: listParameter("open"),
});

/** @param {SearchView} view */
export const keepInAddress = ({ budget, x, y, asOf, selected, genes, brushes, over, baselines, order, frontOnly, open }) =>
  setView({
    budget,
    x,
    y,
    as_of: asOf,
    selected,
    genes: genes.join(),
    brush: brushesAsText(brushes),
    over: over === "trials" ? null : over,
    baselines: baselines.join(),
    order: order === NEWEST ? null : order,
    only: frontOnly ? "front" : null,
    open: open.join(),
  });

/**
 * The state as of an earlier front: what had not finished by then is not there.
 *
 * @param {ViewState} state
 * @param {Front} front
 * @param {string} at when it became the front
 * @returns {ViewState}
 */
export function asOf(state, front, at) {
  const until = Date.parse(at);
  const hadFinished = (/** @type {Trial} */ { finished_at: finished }) => Boolean(finished) && Date.parse(/** @type {string} */ (finished)) <= until;
  const known = new Set(front.points.map((point) => point.trial.id));
  const trials = new Map([...state.trials].filter(([id, trial]) => known.has(id) || (isTrialEnded(trial) && hadFinished(trial))));
  return { ...state, front, trials };
}

/** @type {{trials: ViewState["trials"], front: Front|null, key: string, state: ViewState}|null} */
let lastWithin = null;

/**
 * Trials and front within a budget. For a cost that only goes down this is the front of that budget.
 *
 * @param {ViewState} state
 * @param {Axis} axis
 * @param {number|null} budget
 * @returns {ViewState} the same trials and front for the same question, so that nothing is drawn twice
 */
export function within(state, axis, budget) {
  if (budget === null) return state;
  const key = `${axis.key} ${budget}`;
  if (lastWithin?.trials !== state.trials || lastWithin.front !== state.front || lastWithin.key !== key) {
    const isWithin = (/** @type {Trial} */ trial) => (axis.of(trial) ?? 0) <= budget;
    const front = state.front && { ...state.front, points: state.front.points.filter((point) => isWithin(point.trial)) };
    lastWithin = { trials: state.trials, front: state.front, key, state: { ...state, front, trials: new Map([...state.trials].filter(([, trial]) => isWithin(trial))) } };
  }
  return { ...state, front: lastWithin.state.front, trials: lastWithin.state.trials };
}
