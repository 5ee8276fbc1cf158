// @ts-check
/** Asks before something is done that costs or cannot be undone, and says why where it was refused. */

import { ApiError } from "./api.js";
import { h, setText } from "./dom.js";

/** @typedef {{name: string, label: string, options?: readonly string[], [attribute: string]: unknown}} Field an input, or a choice of options */

/**
 * @template Result
 * @param {object} action
 * @param {string} action.id of the heading, unique in the page
 * @param {string} action.title a question
 * @param {string} action.about what will happen
 * @param {string} action.keep the button that does nothing
 * @param {string} action.confirm the button that does it
 * @param {boolean} [action.isDanger]
 * @param {readonly Field[]} [action.fields]
 * @param {(values: Record<string, string>) => Promise<Result>} action.run
 * @param {(result: Result) => void} action.onDone
 */
export function createActionDialog({ id, title, about, keep, confirm, isDanger = false, fields = [], run, onDone }) {
  const failure = h("p", { class: "failure", role: "alert", hidden: true });
  const inputs = fields.map(({ name, label, options, ...attributes }) => ({
    label,
    input: options ? h("select", { name, ...attributes }, ...options.map((value) => h("option", { value }, value))) : h("input", { name, ...attributes }),
  }));
  const submit = h("button", { type: "submit", class: isDanger ? "danger" : "primary" }, confirm);
  const form = h(
    "form",
    { onsubmit: act },
    ...inputs.map(({ label, input }) => h("label", { class: "ask" }, h("span", {}, label), input)),
    failure,
    h("div", { class: "actions" }, h("button", { type: "button", onclick: () => element.close() }, keep), submit),
  );
  const element = h("dialog", { "aria-labelledby": id }, h("h2", { id }, title), h("p", {}, about), form);

  /** @param {SubmitEvent} event */
  async function act(event) {
    event.preventDefault();
    submit.disabled = true;
    failure.hidden = true;
    try {
      const result = await run(Object.fromEntries(inputs.map(({ input }) => [input.name, input.value.trim()])));
      element.close();
      onDone(result);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      const { title: what, errors = [] } = error.problem;
      setText(failure, `${what}. ${errors.length ? errors.map(({ detail }) => detail).join("; ") : error.message}`);
      failure.hidden = false;
    } finally {
      submit.disabled = false;
    }
  }

  function open() {
    failure.hidden = true;
    form.reset();
    element.showModal();
  }

  return { element, open, close: () => element.close() };
}
