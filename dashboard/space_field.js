// @ts-check
/** The fields of a search space: its family, its widths, and the rest as JSON. */

import { h } from "./dom.js";
import { labelOf } from "./labels.js";
import { labelled, severalField } from "./schema_form.js";

/** @import {Field} from "./schema_form.js" */

/**
 * @param {object} known what the server has
 * @param {readonly string[]} known.families
 * @param {readonly number[]} known.weightBits
 * @param {readonly number[]} known.activationBits
 * @param {readonly {id: string, name: string}[]} known.models
 * @returns {Field[]}
 */
export function spaceFields({ families, weightBits, activationBits, models }) {
  const family = h("select", {}, ...families.map((name) => h("option", { value: name }, labelOf(name))));
  const model = h("select", {}, ...models.map(({ id, name }) => h("option", { value: id }, name || id)));
  const options = h("textarea", { rows: 4, spellcheck: "false", placeholder: '{"fixed": {"stem.channels": 16}}' });
  const modelField = labelled("Network", model, "uploaded with “bitpareto models upload”");
  const familyField = labelled("Family", family);
  const optionsField = labelled("Further genes, as JSON", options, "See the documentation of search spaces.");
  const showModel = () => {
    modelField.element.hidden = family.value !== "imported";
  };
  family.addEventListener("change", showModel);
  showModel();

  function rest() {
    const text = options.value.trim();
    if (!text) return {};
    try {
      const parsed = JSON.parse(text);
      if (parsed && typeof parsed === "object" && !Array.isArray(parsed)) return parsed;
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
    }
    return null;
  }

  const known = new Set(["family", "model", "weight_bits", "activation_bits"]);
  return [
    {
      pointer: "/space/family",
      ...familyField,
      read: () => family.value,
      write(name) {
        family.value = name ?? families[0];
        showModel();
      },
    },
    { pointer: "/space/model", ...modelField, read: () => (family.value === "imported" ? model.value : undefined), write: (id) => void (model.value = id ?? model.value) },
    bitsField("weight_bits", weightBits),
    bitsField("activation_bits", activationBits),
    {
      pointer: "/space",
      ...optionsField,
      read: () => rest() ?? {},
      problem: () => (rest() ? "" : 'Write a JSON object, such as {"fixed": {"stem.channels": 16}}.'),
      write(space) {
        const others = Object.fromEntries(Object.entries(space ?? {}).filter(([key, value]) => !known.has(key) || (key.endsWith("_bits") && !Array.isArray(value))));
        options.value = Object.keys(others).length ? JSON.stringify(others, null, 1) : "";
      },
    },
  ];
}

/** @param {string} name @param {readonly number[]} widths @returns {Field} */
function bitsField(name, widths) {
  const field = severalField(`/space/${name}`, name, widths, []);
  return { ...field, write: (value) => field.write(Array.isArray(value) ? value : undefined) };
}
