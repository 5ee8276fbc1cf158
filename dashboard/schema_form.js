// @ts-check
/** A form made from a JSON schema. What is left as it was declared is left out of its value. */

import { parseAmount } from "./amounts.js";
import { h } from "./dom.js";
import { labelOf } from "./labels.js";

/** @import {FieldError} from "./types.js" */

/** @typedef {Record<string, any>} Schema */
/**
 * @typedef {object} Field
 * @property {string} pointer JSON pointer of what it writes
 * @property {HTMLElement} element
 * @property {() => any} read undefined: as declared
 * @property {(value: any) => void} write undefined: as declared
 * @property {(message: string) => void} complain empty: nothing is wrong
 * @property {() => string} [problem] why what is written cannot even be sent; empty: it can
 */

let serial = 0;

/**
 * Follows references; a value that may be null is a value that may be left out.
 *
 * @param {Schema} schema
 * @param {Record<string, Schema>} components
 * @returns {Schema}
 */
export function resolved(schema, components) {
  const { $ref: reference, anyOf, ...own } = schema;
  if (reference) return { ...components[reference.split("/").at(-1) ?? ""], ...own };
  const variant = anyOf?.find((/** @type {Schema} */ option) => option.type !== "null");
  return variant ? { ...resolved(variant, components), ...own } : schema;
}

/** @param {string} label @param {HTMLElement} control @param {string} [note] */
export function labelled(label, control, note = "") {
  serial += 1;
  const error = h("span", { class: "failure field-error", id: `field-error-${serial}`, role: "alert", hidden: true });
  control.id = `field-${serial}`;
  control.setAttribute("aria-describedby", error.id);
  const element = h("div", { class: "field" }, h("label", { for: control.id }, label), control, note && h("span", { class: "note" }, note), error);
  return { element, complain: complaintIn(error, control) };
}

/** @param {HTMLElement} error @param {HTMLElement} [control] */
export function complaintIn(error, control) {
  return (/** @type {string} */ message) => {
    error.hidden = !message;
    error.textContent = message;
    if (message) control?.setAttribute("aria-invalid", "true");
    else control?.removeAttribute("aria-invalid");
  };
}

/** @param {Schema} schema */
function boundsOf({ minimum, maximum, exclusiveMinimum: above, exclusiveMaximum: below, default: usual }) {
  const parts = [minimum !== undefined && `from ${minimum}`, above !== undefined && `above ${above}`, maximum !== undefined && `to ${maximum}`, below !== undefined && `below ${below}`];
  const bounds = parts.filter(Boolean).join(" ");
  return usual === undefined || usual === null || usual === "" ? bounds : bounds && `${bounds}; usually ${usual}`;
}

/**
 * @param {string} pointer
 * @param {string} name
 * @param {readonly {value: string, words: string}[]} options
 * @param {any} usual
 * @returns {Field}
 */
function choiceField(pointer, name, options, usual) {
  const isOptional = usual === undefined || usual === null;
  const control = h("select", {}, isOptional && h("option", { value: "" }, "–"), ...options.map(({ value, words }) => h("option", { value }, words)));
  const write = (/** @type {any} */ value) => {
    control.value = value ?? usual ?? "";
  };
  write(undefined);
  return { pointer, ...labelled(labelOf(name), control), read: () => (control.value === (usual ?? "") ? undefined : control.value), write };
}

/** @param {string} pointer @param {string} name @param {readonly any[]} options @param {readonly any[]} usual @returns {Field} */
export function severalField(pointer, name, options, usual) {
  const boxes = options.map((option) => ({ option, box: h("input", { type: "checkbox" }) }));
  const error = h("span", { class: "failure field-error", role: "alert", hidden: true });
  const element = h("fieldset", { class: "field several" }, h("legend", {}, labelOf(name)), ...boxes.map(({ option, box }) => h("label", { class: "check" }, box, typeof option === "string" ? labelOf(option) : option)), error);
  const write = (/** @type {any} */ value) => boxes.forEach(({ option, box }) => (box.checked = (value ?? usual).includes(option)));
  write(undefined);
  const read = () => {
    const chosen = boxes.filter(({ box }) => box.checked).map(({ option }) => option);
    return String(chosen) === String(options.filter((option) => usual.includes(option))) ? undefined : chosen;
  };
  return { pointer, element, read, write, complain: complaintIn(error) };
}

/** @param {string} pointer @param {string} name @param {Schema} schema @param {boolean} isRequired @returns {Field} */
function textField(pointer, name, schema, isRequired) {
  const isNumber = schema.type === "integer" || schema.type === "number";
  const control = h("input", { type: "text", inputmode: isNumber ? "decimal" : null, placeholder: schema.default ?? "", required: isRequired, autocomplete: "off" });
  const read = () => {
    const text = control.value.trim();
    if (!text) return undefined;
    return isNumber && Number.isFinite(Number(text)) ? Number(text) : text; // what is no number, the server explains
  };
  const write = (/** @type {any} */ value) => {
    control.value = value ?? "";
  };
  return { pointer, ...labelled(labelOf(name), control, isNumber ? boundsOf(schema) : ""), read, write };
}

/** One amount per name, as of budgets, or two, as of a focus. @param {string} pointer @param {string} name @param {readonly string[]} names @param {boolean} areRanges @returns {Field[]} */
function amountFields(pointer, name, names, areRanges) {
  return names.map((key) => {
    const usual = areRanges ? "such as 32 KiB, 64 KiB" : "such as 64 KiB";
    const control = h("input", { type: "text", autocomplete: "off", placeholder: key.endsWith("_bytes") ? usual : "" });
    const amountOf = (/** @type {string} */ text) => parseAmount(text.trim()) ?? text.trim();
    const read = () => {
      const text = control.value.trim();
      if (!text) return undefined;
      return areRanges ? text.split(",").map(amountOf) : amountOf(text);
    };
    const shown = (/** @type {any} */ value) => (key.endsWith("_bytes") && value % 1024 === 0 ? `${value / 1024} KiB` : String(value));
    const write = (/** @type {any} */ value) => {
      control.value = value === undefined || value === null ? "" : [value].flat().map(shown).join(", ");
    };
    return { pointer: `${pointer}/${key}`, ...labelled(labelOf(key), control), read, write };
  });
}

/**
 * The fields of an object's schema, nested ones in a fieldset of their own.
 *
 * @param {Schema} schema
 * @param {object} context
 * @param {Record<string, Schema>} context.components
 * @param {Record<string, readonly {value: string, words: string}[]>} context.choices by pointer: what only the server knows
 * @param {Record<string, Field[]>} context.given by pointer: fields made by hand
 * @param {string} [pointer]
 * @returns {{fields: Field[], element: HTMLElement}}
 */
export function formOf(schema, context, pointer = "") {
  /** @type {Field[]} */
  const fields = [];
  const element = h("div", { class: "fields" });
  const required = new Set(schema.required ?? []);
  const order = Object.entries(schema.properties).sort(([a], [b]) => Number(required.has(b)) - Number(required.has(a)));
  for (const [name, declared] of order) {
    const place = `${pointer}/${name}`;
    const property = resolved(declared, context.components);
    const nested = property.properties ? formOf(property, context, place) : null;
    const made = context.given[place] ?? nested?.fields ?? fieldsOf(place, name, property, context, required.has(name));
    fields.push(...made);
    if (nested && !context.given[place]) element.append(h("details", { class: "group" }, h("summary", {}, labelOf(name)), nested.element));
    else if (made.length > 1) element.append(h("fieldset", { class: "group" }, h("legend", {}, labelOf(name)), h("div", { class: "fields" }, ...made.map((field) => field.element))));
    else element.append(...made.map((field) => field.element));
  }
  return { fields, element };
}

/** @param {string} pointer @param {string} name @param {Schema} schema @param {Parameters<typeof formOf>[1]} context @param {boolean} isRequired @returns {Field[]} */
function fieldsOf(pointer, name, schema, { choices, components }, isRequired) {
  const options = choices[pointer] ?? schema.enum?.map((/** @type {string} */ value) => ({ value, words: labelOf(value) }));
  if (options) return [choiceField(pointer, name, options, schema.default ?? (isRequired ? "" : undefined))];
  if (schema.type === "array") return [severalField(pointer, name, resolved(schema.items, components).enum ?? [], schema.default ?? [])];
  if (schema.propertyNames) return amountFields(pointer, name, schema.propertyNames.enum, schema.additionalProperties?.type === "array");
  return [textField(pointer, name, schema, isRequired)];
}

/** @param {readonly Field[]} fields @returns {Record<string, any>} without what is as declared */
export function valueOf(fields) {
  /** @type {Record<string, any>} */
  const value = {};
  const outermostFirst = [...fields].sort((a, b) => a.pointer.split("/").length - b.pointer.split("/").length);
  for (const field of outermostFirst) {
    const read = field.read();
    if (read === undefined) continue;
    const path = field.pointer.split("/").slice(1);
    const last = /** @type {string} */ (path.pop());
    let place = value;
    for (const part of path) place = place[part] ??= {};
    place[last] = read;
  }
  return value;
}

/** @param {readonly Field[]} fields @param {Record<string, any>} value */
export function write(fields, value) {
  for (const field of fields) {
    /** @type {any} */
    let found = value;
    for (const part of field.pointer.split("/").slice(1)) found = found?.[part];
    field.write(found);
  }
}

/**
 * Puts each message at its field; one about a part of a field at that field.
 *
 * @param {readonly Field[]} fields
 * @param {readonly FieldError[]} errors
 * @returns {string[]} messages that have no field here
 */
export function showErrors(fields, errors) {
  const messages = new Map(fields.map((field) => [field, /** @type {string[]} */ ([])]));
  const homeless = [];
  for (const { pointer, detail, allowed } of errors) {
    const within = fields.filter((field) => pointer === field.pointer || pointer.startsWith(`${field.pointer}/`));
    const field = within.sort((a, b) => b.pointer.length - a.pointer.length)[0];
    const rest = field ? pointer.slice(field.pointer.length + 1) : pointer;
    const message = `${rest ? `${rest}: ` : ""}${detail}${allowed?.length ? ` (allowed: ${allowed.join(", ")})` : ""}`;
    if (field) messages.get(field)?.push(message);
    else homeless.push(message);
  }
  for (const [field, found] of messages) field.complain(found.join("; "));
  return homeless;
}
