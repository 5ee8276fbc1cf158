// @ts-check
/** The public REST API as this page uses it; every error is an `ApiError`. */

import { noteLost } from "./connection.js";

/** @import {ApiKey, DataSet, Delivery, Explanation, Front, HardwareProfile, Lineage, Model, Problem, Search, Trial, TrialState, Webhook, Worker} from "./types.js" */

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
    noteLost();
    throw new ApiError({ title: "No connection", status: 0, detail: "The server does not answer.", code: "no_connection" });
  }
  if (!response.ok) {
    const error = new ApiError(await problemOf(response));
    if (error.status === 401) onUnauthenticated();
    throw error;
  }
  return response;
}

let onUnauthenticated = () => {};

/** @param {() => void} listener hears when the server wants to know who asks */
export function setOnUnauthenticated(listener) {
  onUnauthenticated = listener;
}

/** @returns {Promise<{project: string, user: string, key_id: string|null, scope: string}>} who asks */
export const getPrincipal = () => request("v1/principal");

/** @param {string} key @returns {Promise<void>} */
export const signIn = (key) => request("v1/session", { method: "POST", body: JSON.stringify({ key }), headers: { "content-type": "application/json" } });

/** @returns {Promise<Response>} */
export const signOut = () => send("v1/session", { method: "DELETE" });

/**
 * @param {string} href as the API names it
 * @param {AbortSignal} [signal]
 */
export const getFile = async (href, signal) => await (await send(href, { signal })).arrayBuffer();

/** @param {string} id */
const searchPath = (id) => `v1/searches/${encodeURIComponent(id)}`;

/**
 * @param {[string, string][]} query filters, order, limit and cursor
 * @param {AbortSignal} [signal]
 * @returns {Promise<{data: Search[], has_more: boolean, next_cursor: string|null}>}
 */
export const listSearches = (query, signal) => request(`v1/searches?${new URLSearchParams(query)}`, { signal });

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
 * @param {string} trialId
 * @param {AbortSignal} [signal]
 * @returns {Promise<{points: {phase: string, epoch: number, accuracy?: number|null}[]}>}
 */
export const getCurves = (trialId, signal) => request(`v1/trials/${encodeURIComponent(trialId)}/curves`, { signal });

/** @param {string} trialId @param {AbortSignal} [signal] @returns {Promise<Lineage>} */
export const getLineage = (trialId, signal) => request(`v1/trials/${encodeURIComponent(trialId)}/lineage`, { signal });

/**
 * Every item of a list, page after page.
 *
 * @param {string} path
 * @param {AbortSignal} [signal]
 * @param {(items: any[]) => void} [onPage] hears of each page as it comes
 * @param {Record<string, string>} [filter]
 */
async function everyPage(path, signal, onPage, filter = {}) {
  const items = [];
  /** @type {string|null} */
  let cursor = null;
  do {
    const query = new URLSearchParams({ ...filter, limit: String(PAGE_LIMIT), ...(cursor ? { cursor } : {}) });
    const page = await request(`${path}?${query}`, { signal });
    items.push(...page.data);
    onPage?.(page.data);
    cursor = page.has_more ? page.next_cursor : null;
  } while (cursor);
  return items;
}

/**
 * @param {string} id
 * @param {AbortSignal} [signal]
 * @param {(trials: Trial[]) => void} [onPage] hears of each page as it comes
 * @returns {Promise<Trial[]>}
 */
export const getTrials = (id, signal, onPage) => everyPage(`${searchPath(id)}/trials`, signal, onPage);

/**
 * @param {string} id
 * @param {AbortSignal} [signal]
 * @returns {Promise<{points: {event_id: number, at: string, hypervolume: number, n_trials: number, compute_seconds: number}[]}>} after each change of the front
 */
export const getHypervolume = (id, signal) => request(`${searchPath(id)}/hypervolume`, { signal });

/** @param {string} id @param {AbortSignal} [signal] @returns {Promise<Explanation>} */
export const getExplanation = (id, signal) => request(`${searchPath(id)}/explanation`, { signal });

/** @param {AbortSignal} [signal] @returns {Promise<Model[]>} newest first */
export const listModels = (signal) => everyPage("v1/models", signal);

/** @param {AbortSignal} [signal] @returns {Promise<DataSet[]>} newest first, those of the server at the end */
export const listDatasets = (signal) => everyPage("v1/datasets", signal);

/** @param {string} id @returns {Promise<Response>} */
export const deleteModel = (id) => send(`v1/models/${encodeURIComponent(id)}`, { method: "DELETE" });

/** @param {string} id @returns {Promise<Response>} */
export const deleteDataset = (id) => send(`v1/datasets/${encodeURIComponent(id)}`, { method: "DELETE" });

/** A picture of some of its images. @param {string} id */
export const samplesHref = (id) => `v1/datasets/${encodeURIComponent(id)}/samples`;

/** @param {AbortSignal} [signal] @returns {Promise<HardwareProfile[]>} */
export const listHardware = async (signal) => (await request("v1/hardware-profiles", { signal })).data;

/** @param {AbortSignal} [signal] @returns {Promise<Worker[]>} */
export const listWorkers = async (signal) => (await request("v1/workers", { signal })).data;

/** @param {AbortSignal} [signal] @returns {Promise<ApiKey[]>} */
export const listKeys = async (signal) => (await request("v1/api-keys", { signal })).data;

/** @param {Record<string, string|null>} wanted @returns {Promise<ApiKey & {key: string}>} the only answer that holds it */
export const createKey = (wanted) => post("v1/api-keys", wanted);

/** @param {string} id @returns {Promise<ApiKey>} */
export const revokeKey = (id) => request(`v1/api-keys/${encodeURIComponent(id)}:revoke`, { method: "POST" });

/** @param {AbortSignal} [signal] @returns {Promise<Webhook[]>} newest first */
export const listWebhooks = async (signal) => (await request("v1/webhooks", { signal })).data;

/** @param {string} id */
const webhookPath = (id) => `v1/webhooks/${encodeURIComponent(id)}`;

/** @param {string} id @param {AbortSignal} [signal] @returns {Promise<Webhook>} */
export const getWebhook = (id, signal) => request(webhookPath(id), { signal });

/** @param {Record<string, any>} wanted @returns {Promise<Webhook & {secret: string}>} the only answer that holds it */
export const createWebhook = (wanted) => post("v1/webhooks", wanted);

/** @param {string} id @returns {Promise<Webhook & {secret: string}>} the only answer that holds the new one */
export const rotateWebhook = (id) => post(`${webhookPath(id)}:rotate`, {});

/** @param {string} id @param {{enabled: boolean}} changes @returns {Promise<Webhook>} */
export const updateWebhook = (id, changes) => request(webhookPath(id), { method: "PATCH", headers: { "content-type": "application/json" }, body: JSON.stringify(changes) });

/** @param {string} id @returns {Promise<Response>} */
export const removeWebhook = (id) => send(webhookPath(id), { method: "DELETE" });

/** @param {string} id @returns {Promise<Delivery>} of a ping */
export const testWebhook = (id) => request(`${webhookPath(id)}:test`, { method: "POST" });

/** @param {string} id @param {AbortSignal} [signal] @returns {Promise<Delivery[]>} the newest */
export const listDeliveries = async (id, signal) => (await request(`${webhookPath(id)}/deliveries`, { signal })).data;

/** @param {string} id @param {string} deliveryId @returns {Promise<Delivery>} */
export const redeliver = (id, deliveryId) => request(`${webhookPath(id)}/deliveries/${encodeURIComponent(deliveryId)}:redeliver`, { method: "POST" });

/** What this server can do. @param {AbortSignal} [signal] @returns {Promise<Record<string, any>>} */
export const getMeta = (signal) => request("v1/meta", { signal });

/** The OpenAPI document of this server. @param {AbortSignal} [signal] @returns {Promise<Record<string, any>>} */
export const getSchema = (signal) => request("v1/openapi.json", { signal });

/** @param {string} path @param {object} body @param {AbortSignal} [signal] */
const post = (path, body, signal) => request(path, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body), signal });

/** @param {Record<string, any>} body @param {AbortSignal} [signal] @returns {Promise<Record<string, any>>} */
export const previewSpace = (body, signal) => post("v1/spaces:preview", body, signal);

/** @param {Record<string, any>} declaration @returns {Promise<Search>} */
export const createSearch = (declaration) => post("v1/searches", declaration);

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

/** @param {string} id @param {{trials: number, wall_time_s: number}} more @returns {Promise<Search>} */
export const extendSearch = (id, more) => post(`${searchPath(id)}:extend`, more);

/** @param {string} id @param {{name?: string, seed?: number}} changes @returns {Promise<Search>} the new one */
export const cloneSearch = (id, changes) => post(`${searchPath(id)}:clone`, changes);

/** @param {string} id */
const trialPath = (id) => `v1/trials/${encodeURIComponent(id)}`;

/** @param {string} id @returns {Promise<Trial>} */
export const cancelTrial = (id) => request(`${trialPath(id)}:cancel`, { method: "POST" });

/** @param {string} id @param {{seed?: number}} changes @returns {Promise<Trial>} the new one */
export const replicateTrial = (id, changes) => post(`${trialPath(id)}:replicate`, changes);

/**
 * @param {string} id
 * @param {number} after id of the last piece already seen
 * @param {AbortSignal} signal
 * @returns {Promise<{data: {id: number, attempt: number, text: string}[], state: TrialState}>}
 */
export const getLogPieces = (id, after, signal) => request(`${trialPath(id)}/log/pieces?after=${after}`, { signal });

/** Trials that wait for a train worker. @param {AbortSignal} [signal] */
export async function countQueuedTrials(signal) {
  /** @type {Search[]} */
  const searches = await everyPage("v1/searches", signal, undefined, { state: "running" });
  return searches.reduce((sum, { trial_counts: counts }) => sum + (counts.queued ?? 0), 0);
}

/**
 * @param {string} id
 * @param {number} after id of the last event already seen
 */
export const eventsUrl = (id, after) => `${searchPath(id)}/events?after=${after}`;
