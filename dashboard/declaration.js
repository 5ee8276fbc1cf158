// @ts-check
/** A search, or one network of it, as the declaration that submits it again. Pure. */

/** @import {Search, Trial} from "./types.js" */

/** @param {Record<string, any>} object @returns {Record<string, any>} without what is not set */
const known = (object) => Object.fromEntries(Object.entries(object).filter(([, value]) => value !== null && value !== undefined));

/** What `POST /v1/searches` and `bitpareto submit` take. @param {Search} search */
export function declarationOf(search) {
  const { name, dataset, space, objectives, budgets, limits, strategy, recipe, seed, hardware } = search;
  return known({ name, dataset, space, objectives, budgets, hardware: hardware?.name, limits: known(limits), strategy: known(strategy), recipe: known(recipe), seed });
}

/** The same with a space of one candidate: this trial's. @param {Search} search @param {Trial} trial */
export function declarationOfTrial(search, trial) {
  const declared = declarationOf(search);
  return {
    ...declared,
    name: `${search.name || search.id}, trial ${trial.number}`,
    space: { ...declared.space, fixed: { ...declared.space.fixed, ...trial.genes } },
    limits: { ...declared.limits, max_trials: 1, max_parallel: 1 },
  };
}
