// @ts-check
/** Up to six searches or trials side by side, and the same as a report. */

import { ApiError, listSearches } from "./api.js";
import { MOST_ITEMS, readItem } from "./compare_items.js";
import { differenceTable, pointsTable, swatch } from "./compare_views.js";
import { h, setText } from "./dom.js";
import { frontsSvg } from "./fronts_svg.js";
import { reportOf } from "./report.js";
import { searchHref, setView, trialHref, viewParameter } from "./router.js";
import { saveText } from "./save.js";
import { nameOf } from "./search_header.js";
import { textScale } from "./theme.js";

/** @import {Item} from "./compare_items.js" */

/**
 * @param {HTMLElement} root
 * @returns {() => void} unmounts
 */
export function showCompare(root) {
  const abort = new AbortController();
  let ids = [...new Set((viewParameter("items") ?? "").split(",").filter(Boolean))].slice(0, MOST_ITEMS);
  /** @type {Map<string, Item>} */
  const known = new Map();
  const choice = h("select", { "aria-label": "Add a search", onchange: () => add(choice.value) }, h("option", { value: "" }, "Add a search…"));
  const other = h("input", { type: "text", placeholder: "or the id of a trial", "aria-label": "Id of a search or trial", autocomplete: "off", onchange: () => add(other.value.trim()) });
  const chosen = h("ul", { class: "legend" });
  const failure = h("p", { class: "failure", role: "alert", hidden: true });
  const empty = h("div", { class: "empty" }, h("h2", {}, "Nothing to compare yet"), h("p", {}, `Add up to ${MOST_ITEMS} searches or trials above.`));
  const picture = h("div");
  const points = h("div");
  const table = h("div");
  const onlyDifferent = h("input", { type: "checkbox", checked: true, onchange: () => render() });
  const report = h("button", { type: "button", class: "primary", onclick: saveReport }, "Save as a report");
  const content = h(
    "div",
    {},
    h("section", { class: "panel", "aria-labelledby": "fronts-title" }, h("div", { class: "panel-head" }, h("h2", { id: "fronts-title" }, "Fronts"), h("span", { class: "note hint" }, "Bars are 95 % intervals.")), picture, h("details", { class: "alternative" }, h("summary", {}, "The networks as a table"), points)),
    h("section", { class: "panel", "aria-labelledby": "differences-title" }, h("div", { class: "panel-head" }, h("h2", { id: "differences-title" }, "Differences"), h("label", { class: "check" }, onlyDifferent, "Only what differs")), table),
  );
  root.replaceChildren(h("div", { class: "title-row page-title" }, h("h1", {}, "Compare"), report), h("div", { class: "compare-choice" }, choice, other), failure, chosen, empty, content);
  document.title = "Compare · bitpareto";

  /** @param {string} id */
  function add(id) {
    choice.value = "";
    other.value = "";
    if (!id || ids.includes(id)) return;
    if (ids.length >= MOST_ITEMS) {
      complain(`At most ${MOST_ITEMS} can be compared; take one away first.`);
      return;
    }
    ids = [...ids, id];
    void read();
  }

  /** @param {string} id */
  function remove(id) {
    ids = ids.filter((other) => other !== id);
    void read();
  }

  /** @param {string} message empty: nothing is wrong */
  function complain(message) {
    failure.hidden = !message;
    setText(failure, message);
  }

  async function read() {
    complain("");
    for (const id of ids.filter((wanted) => !known.has(wanted))) {
      try {
        known.set(id, await readItem(id, abort.signal));
      } catch (error) {
        if (abort.signal.aborted) return;
        if (!(error instanceof ApiError)) throw error;
        ids = ids.filter((other) => other !== id);
        complain(`${id} cannot be compared: ${error.message}`);
      }
    }
    if (abort.signal.aborted) return;
    setView({ items: ids.join() });
    render();
  }

  const items = () => ids.flatMap((id) => known.get(id) ?? []);

  function render() {
    const shown = items();
    empty.hidden = shown.length > 0;
    content.hidden = report.hidden = shown.length === 0;
    chosen.replaceChildren(
      ...shown.map((item, i) =>
        h("li", {}, swatch(i), h("a", { href: item.kind === "search" ? searchHref(item.id) : trialHref(item.id), "data-route": true }, item.name), h("button", { type: "button", class: "quiet", "aria-label": `Take ${item.name} away`, onclick: () => remove(item.id) }, "×")),
      ),
    );
    picture.replaceChildren(frontsSvg(shown, picture.clientWidth / textScale()));
    points.replaceChildren(pointsTable(shown));
    table.replaceChildren(differenceTable(shown, onlyDifferent.checked && shown.length > 1));
  }

  async function saveReport() {
    const shown = items();
    saveText("bitpareto-report.html", await reportOf(shown, shown.map((item) => item.name).join(" · ")), "text/html");
  }

  async function readChoices() {
    try {
      const { data } = await listSearches([["limit", "50"]], abort.signal);
      choice.append(...data.map((search) => h("option", { value: search.id }, `${nameOf(search)} (${search.state})`)));
    } catch (error) {
      if (abort.signal.aborted) return;
      if (!(error instanceof ApiError)) throw error;
      complain(`The searches cannot be listed: ${error.message}`);
    }
  }

  content.hidden = report.hidden = true; // until all that the address names is here
  empty.hidden = ids.length > 0;
  void readChoices();
  void read();
  return () => abort.abort();
}
