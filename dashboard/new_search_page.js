// @ts-check
/** The page that submits a search: a form made from the API's own schema, a preview, and the same as code. */

import { ApiError, createSearch, getMeta, getSchema, getSearch, listDatasets, listHardware, listModels } from "./api.js";
import { declarationOf } from "./declaration.js";
import { asCurl, asPython, asYaml } from "./declaration_code.js";
import { announce, h, setText } from "./dom.js";
import { problemNotice } from "./notices.js";
import { PRESETS } from "./presets.js";
import { goTo, searchHref, setView, viewParameter } from "./router.js";
import { formOf, showErrors, valueOf, write } from "./schema_form.js";
import { spaceFields } from "./space_field.js";
import { createSpacePreview } from "./space_preview.js";

/** @import {FieldError} from "./types.js" */

const ADDRESS_MS = 300;
/** @type {Record<string, (declaration: Record<string, any>, address: string) => string>} */
const CODE = { curl: asCurl, Python: asPython, YAML: asYaml };

/** @param {AbortSignal} signal */
async function readAll(signal) {
  const [schema, meta, datasets, hardware, models] = await Promise.all([getSchema(signal), getMeta(signal), listDatasets(signal), listHardware(signal), listModels(signal)]);
  return { schema, meta, datasets, hardware, models };
}

/** What the form starts with: the address, another search, or the first preset. @param {AbortSignal} signal */
async function startingDeclaration(signal) {
  const kept = viewParameter("declaration");
  if (kept) {
    try {
      return JSON.parse(kept);
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
    }
  }
  const from = viewParameter("from");
  return from ? declarationOf(await getSearch(from, signal)) : PRESETS[0].declaration;
}

/** @param {() => Record<string, any>} declared */
function createCodePanel(declared) {
  const text = h("pre", { class: "code", tabindex: "0", "aria-label": "The search as code" });
  const kind = h("select", { "aria-label": "Language", onchange: update }, ...Object.keys(CODE).map((name) => h("option", {}, name)));
  const copy = h("button", { type: "button", onclick: copyText }, "Copy");

  function update() {
    setText(text, CODE[kind.value](declared(), new URL(".", location.href).href.replace(/\/$/, "")));
  }

  async function copyText() {
    try {
      await navigator.clipboard.writeText(text.textContent ?? "");
      announce("Copied.");
      setText(copy, "Copied");
    } catch {
      window.getSelection()?.selectAllChildren(text); // pages from afar without TLS may not write there
      setText(copy, "Press Ctrl+C");
    }
    window.setTimeout(() => setText(copy, "Copy"), 2000);
  }

  const element = h("section", { class: "panel", "aria-labelledby": "code-title" }, h("div", { class: "panel-head" }, h("h2", { id: "code-title" }, "The same as code"), h("div", { class: "actions" }, kind, copy)), text);
  return { element, update };
}

/**
 * @param {HTMLElement} root
 * @returns {() => void} unmounts
 */
export function showNewSearch(root) {
  const abort = new AbortController();
  const notice = h("div", {}, h("p", { class: "loading" }, "Loading the form…"));
  root.replaceChildren(h("h1", { class: "page-title" }, "New search"), notice);
  document.title = "New search · bitpareto";
  let stop = () => {};

  async function begin() {
    try {
      const [known, starting] = [await readAll(abort.signal), await startingDeclaration(abort.signal)];
      if (abort.signal.aborted) return;
      const form = createForm(known, starting);
      stop = form.stop;
      notice.replaceWith(form.element);
    } catch (error) {
      if (abort.signal.aborted) return;
      if (!(error instanceof ApiError)) throw error;
      notice.replaceChildren(problemNotice(error, "The form cannot be shown"));
      if (error.isTemporary) window.setTimeout(begin, 2000);
    }
  }

  void begin();
  return () => {
    abort.abort();
    stop();
  };
}

/** @param {Awaited<ReturnType<typeof readAll>>} known @param {Record<string, any>} starting */
function createForm({ schema, meta, datasets, hardware, models }, starting) {
  const components = schema.components.schemas;
  const space = spaceFields({ families: meta.families, weightBits: meta.weight_bits, activationBits: meta.activation_bits, models });
  const words = (/** @type {{name: string}} */ { name }) => ({ value: name, words: name });
  const { fields, element: generated } = formOf(components.SearchCreate, {
    components,
    choices: { "/dataset": datasets.map(words), "/hardware": hardware.map(words) },
    given: { "/space": space },
  });
  const failure = h("p", { class: "failure", role: "alert", hidden: true });
  const submit = h("button", { type: "submit", class: "primary" }, "Start the search");
  const form = h("form", { class: "panel", novalidate: true, "aria-label": "New search", oninput: update, onchange: update, onsubmit: send }, generated, failure, h("div", { class: "actions" }, submit));
  const presets = h("div", { class: "presets", role: "group", "aria-label": "Start from" }, ...PRESETS.map((preset) => h("button", { type: "button", onclick: () => start(preset.declaration) }, h("strong", {}, preset.name), h("span", { class: "note" }, preset.note))));
  const preview = createSpacePreview(complain);
  const code = createCodePanel(() => valueOf(fields));
  const element = h("div", {}, presets, h("div", { class: "columns new-search" }, form, h("div", { class: "stack" }, preview.element, code.element)));
  let timer = 0;

  /** @param {readonly FieldError[]} errors */
  function complain(errors) {
    const others = showErrors(fields, errors);
    failure.hidden = others.length === 0;
    setText(failure, others.join("; "));
  }

  /** Whether all that is written can be sent. */
  function canBeSent() {
    const broken = fields.filter((field) => field.problem?.());
    for (const field of broken) field.complain(field.problem?.() ?? "");
    return broken.length === 0;
  }

  function showFirstError() {
    const first = /** @type {HTMLElement|null} */ (form.querySelector("[aria-invalid]"));
    const group = first?.closest("details");
    if (group) group.open = true;
    first?.focus();
  }

  function update() {
    if (!canBeSent()) return;
    const declared = valueOf(fields);
    preview.update(declared);
    code.update();
    window.clearTimeout(timer);
    timer = window.setTimeout(() => setView({ declaration: JSON.stringify(declared) }), ADDRESS_MS);
  }

  /** @param {Record<string, any>} declaration */
  function start(declaration) {
    write(fields, declaration);
    complain([]);
    update();
  }

  /** @param {Event} event */
  async function send(event) {
    event.preventDefault();
    if (!canBeSent()) {
      showFirstError();
      return;
    }
    submit.disabled = true;
    try {
      const search = await createSearch(valueOf(fields));
      window.clearTimeout(timer);
      goTo(searchHref(search.id));
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      complain(error.problem.errors ?? []);
      if (!error.problem.errors?.length) {
        failure.hidden = false;
        setText(failure, error.message);
      }
      showFirstError();
    } finally {
      submit.disabled = false;
    }
  }

  start(starting);
  return {
    element,
    stop() {
      window.clearTimeout(timer);
      preview.stop();
    },
  };
}
