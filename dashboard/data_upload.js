// @ts-check
/** The form that uploads a data set: what it may be, how far it is, and what is wrong with it where it is wrong. */

import { ApiError } from "./api.js";
import { announce, h, setText } from "./dom.js";
import { size } from "./format.js";
import { labelled } from "./schema_form.js";
import { upload } from "./upload.js";

/** @import {DataSet, FieldError} from "./types.js" */

const PERCENT = 100;

/** A name as the server takes it. @param {string} file */
const nameOf = (file) =>
  file
    .replace(/\.[^.]*$/, "")
    .replace(/[^A-Za-z0-9._]+/g, "-")
    .replace(/^[-._]+|[-._]+$/g, "")
    .slice(0, 64);

/** @param {FieldError} error */
const inWords = ({ pointer, detail, allowed }) => `${pointer}: ${detail}${allowed?.length ? ` (allowed: ${allowed.join(", ")})` : ""}`;

/**
 * @param {(made: DataSet) => void} onDone
 * @returns {HTMLElement}
 */
export function createUploadForm(onDone) {
  const file = h("input", { type: "file", accept: ".npz,.parquet,.zip", required: true, onchange: take });
  const name = h("input", { maxlength: 64, autocomplete: "off", required: true });
  const resize = h("input", { placeholder: "as they are", pattern: "[1-9][0-9]{0,2}(x[1-9][0-9]{0,2})?", autocomplete: "off" });
  const validation = h("input", { type: "number", min: 1, max: 40, step: 1, value: 10 });
  const test = h("input", { type: "number", min: 1, max: 40, step: 1, value: 10 });
  /** @type {Record<string, ReturnType<typeof labelled>>} by what the API calls it */
  const fields = {
    "": labelled("File", file, "npz, parquet as Hugging Face has it, a zip of such files or of class folders"),
    "?name": labelled("Name", name, "letters, digits, . _ -"),
    "?resize": labelled("Size of the images", resize, "32, or HEIGHTxWIDTH; needed where sizes differ"),
    "?validation_fraction": labelled("Validation, %", validation, "of the training images, where the file has no such split"),
    "?test_fraction": labelled("Test, %", test, "likewise"),
  };
  const bar = h("progress", { "aria-label": "Upload", max: 1, value: 0 });
  const words = h("span", { role: "status" });
  const stop = h("button", { type: "button" }, "Stop");
  const progress = h("p", { class: "upload-progress", hidden: true }, bar, words, stop);
  const submit = h("button", { type: "submit", class: "primary" }, "Upload");
  const form = h("form", { class: "panel upload", "aria-label": "Upload a data set", onsubmit: send }, h("div", { class: "fields" }, ...Object.values(fields).map(({ element }) => element)), progress, h("div", { class: "actions" }, submit));

  function take() {
    complain([]);
    const chosen = file.files?.[0];
    if (chosen) name.value = nameOf(chosen.name);
  }

  /** @param {readonly string[]} unplaced @param {readonly FieldError[]} [errors] */
  function complain(unplaced, errors = []) {
    for (const [pointer, field] of Object.entries(fields)) {
      const found = errors.filter((error) => error.pointer === pointer && pointer).map(({ detail, allowed }) => `${detail}${allowed?.length ? `; ${allowed.join(", ")}` : ""}`);
      const others = pointer ? [] : [...unplaced, ...errors.filter((error) => !(error.pointer in fields) || !error.pointer).map(inWords)];
      field.complain([...found, ...others].join("; "));
    }
    /** @type {HTMLElement|null} */ (form.querySelector("[aria-invalid]"))?.focus();
  }

  /** @param {number} sent @param {number} whole bytes */
  function show(sent, whole) {
    bar.max = whole;
    if (sent < whole) {
      bar.value = sent;
      setText(words, `${size(sent)} of ${size(whole)} sent`);
    } else {
      bar.removeAttribute("value");
      setText(words, "The server reads the images …");
    }
  }

  /** @param {SubmitEvent} event */
  async function send(event) {
    event.preventDefault();
    const chosen = file.files?.[0];
    if (!chosen) return;
    const abort = new AbortController();
    stop.onclick = () => abort.abort();
    complain([]);
    submit.disabled = true;
    progress.hidden = false;
    show(0, chosen.size);
    const query = new URLSearchParams({ name: name.value.trim(), validation_fraction: String(Number(validation.value) / PERCENT), test_fraction: String(Number(test.value) / PERCENT), ...(resize.value ? { resize: resize.value } : {}) });
    try {
      const made = await upload(`v1/datasets?${query}`, chosen, { onSent: show, signal: abort.signal });
      form.reset();
      announce(`${made.name} is there: ${made.n_train} training images, ${made.n_classes} classes.`);
      onDone(made);
    } catch (error) {
      if (error instanceof DOMException && error.name === "AbortError") return;
      if (!(error instanceof ApiError)) throw error;
      const errors = error.problem.errors ?? [];
      if (error.problem.code === "name_taken") complain([], [{ pointer: "?name", code: "name_taken", detail: error.message }]);
      else complain(errors.length ? [] : [error.message], errors);
    } finally {
      submit.disabled = false;
      progress.hidden = true;
    }
  }

  return form;
}
