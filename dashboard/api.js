// @ts-check
/** The public REST API as this page uses it; every error is an `ApiError`. */

/** @import {Front, Problem, Search, Trial} from "./types.js" */

const PAGE_LIMIT = 200;

/** What the server, or the way to it, said no with. */
export class ApiError extends Error {
  /** @param {Problem} problem problem+json of the answer, or one made here when there was none */
  constructor(problem) {
    super(problem.detail || problem.title);
    this.name = "ApiError";
    this.problem = problem;
    this.status = problem.status;
  }

  /** Whether trying again later can help: no answer, overload, or a fault of the server. */
  get isTemporary() {
    return this.status === 0 || this.status === 429 || this.status >= 500;
  }
}

/**
 * @param {Response} response
 * @returns {Promise<Problem>}
 */
async function problemOf(response) {
  const isProblem = (response.headers.get("content-type") ?? "").includes("problem+json");
  if (isProblem) return await response.json();
  const title = `The server answered ${response.status}`;
  return { title, status: response.status, detail: response.statusText || title, code: "unknown" };
}

/**
 * @param {string} path relative to the page, so that a path prefix of a proxy is kept
 * @param {RequestInit} [options]
 * @returns {Promise<any>}
 */
async function request(path, options = {}) {
  const response = await send(path, { ...options, headers: { accept: "application/json", ...options.headers } });
  return await response.json();
}

/**
 * @param {string} path
 * @param {RequestInit} options
 * @returns {Promise<Response>} a good one
 */
async function send(path, options) {
  let response;
  try {
    response = await fetch(path, options);
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new ApiError({ title: "No connection", status: 0, detail: "The server does not answer.", code: "no_connection" });
  }
  if (!response.ok) throw new ApiError(await problemOf(response));
  return response;
}

/**
 * @param {string} href as the API names it
 * @param {AbortSignal} [signal]
 */
export const getFile = async (href, signal) => await (await send(href, { signal })).arrayBuffer();

/** @param {string} id */
const searchPath = (id) => `v1/searches/${encodeURIComponent(id)}`;

/**
 * @param {string|null} cursor
 * @param {AbortSignal} [signal]
 * @returns {Promise<{data: Search[], has_more: boolean, next_cursor: string|null}>}
 */
export function listSearches(cursor, signal) {
  const query = new URLSearchParams({ limit: "50", ...(cursor ? { cursor } : {}) });
  return request(`v1/searches?${query}`, { signal });
}

/**
 * @param {string} id
 * @param {AbortSignal} [signal]
 * @returns {Promise<Search>}
 */
export const getSearch = (id, signal) => request(searchPath(id), { signal });

/**
 * @param {string} id
 * @param {AbortSignal} [signal]
 * @param {number} [asOf] an event: the front as it was then
 * @returns {Promise<Front>}
 */
export const getFront = (id, signal, asOf) => request(`${searchPath(id)}/front${asOf ? `?as_of=${asOf}` : ""}`, { signal });

/**
 * @param {string} id
 * @param {AbortSignal} [signal]
 * @returns {Promise<Trial>}
 */
export const getTrial = (id, signal) => request(`v1/trials/${encodeURIComponent(id)}`, { signal });

/**
 * Every trial of a search, page after page.
 *
 * @param {string} id
 * @param {AbortSignal} [signal]
 * @returns {Promise<Trial[]>}
 */
export async function getTrials(id, signal) {
  /** @type {Trial[]} */
  const trials = [];
  /** @type {string|null} */
  let cursor = null;
  do {
    const query = new URLSearchParams({ limit: String(PAGE_LIMIT), ...(cursor ? { cursor } : {}) });
    const page = await request(`${searchPath(id)}/trials?${query}`, { signal });
    trials.push(...page.data);
    cursor = page.has_more ? page.next_cursor : null;
  } while (cursor);
  return trials;
}

/**
 * @param {string} id
 * @returns {Promise<Search>}
 */
export const cancelSearch = (id) => request(`${searchPath(id)}:cancel`, { method: "POST" });

/**
 * @param {string} id
 * @returns {Promise<Search>}
 */
export const pauseSearch = (id) => request(`${searchPath(id)}:pause`, { method: "POST" });

/**
 * @param {string} id
 * @returns {Promise<Search>}
 */
export const resumeSearch = (id) => request(`${searchPath(id)}:resume`, { method: "POST" });

/**
 * @param {string} id
 * @param {number} after id of the last event already seen
 */
export const eventsUrl = (id, after) => `${searchPath(id)}/events?after=${after}`;
