// @ts-check
/** Sends a file with its progress, which `fetch` does not tell. */

import { ApiError } from "./api.js";
import { noteLost } from "./connection.js";

/**
 * @param {string} path
 * @param {Blob} file
 * @param {object} following
 * @param {(sent: number, whole: number) => void} following.onSent bytes
 * @param {AbortSignal} following.signal
 * @returns {Promise<any>} the answer
 */
export function upload(path, file, { onSent, signal }) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("POST", path);
    request.setRequestHeader("accept", "application/json");
    request.setRequestHeader("content-type", "application/octet-stream");
    request.setRequestHeader("idempotency-key", crypto.getRandomValues(new Uint32Array(4)).join("-"));
    request.responseType = "json";
    request.upload.onprogress = ({ loaded, total }) => onSent(loaded, total);
    request.onload = () => {
      const { status, statusText, response } = request;
      if (status >= 200 && status < 300) resolve(response);
      else reject(new ApiError(response?.title ? response : { title: `The server answered ${status}`, status, detail: statusText, code: "unknown" }));
    };
    request.onerror = () => {
      noteLost();
      reject(new ApiError({ title: "No connection", status: 0, detail: "The server does not answer, or does not take the file.", code: "no_connection" }));
    };
    request.onabort = () => reject(new DOMException("stopped", "AbortError"));
    signal.addEventListener("abort", () => request.abort());
    request.send(file);
  });
}
