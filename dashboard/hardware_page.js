// @ts-check
/** The devices that a search can be bound to. */

import { listHardware } from "./api.js";
import { h } from "./dom.js";
import { plural, size } from "./format.js";
import { showList } from "./list_page.js";
import { pageHref } from "./router.js";
import { labelOf } from "./labels.js";

/** The others are known of every network without a device. */
const DEVICE_COSTS = new Set(["latency_ms", "energy_uj"]);

/** "1–8", "2, 4, 8". @param {readonly number[]} widths rising */
function ranges(widths) {
  const last = widths.length - 1;
  return last > 1 && widths[last] - widths[0] === last ? `${widths[0]}–${widths[last]}` : widths.join(", ");
}

/** @param {string} name */
const newSearchHref = (name) => pageHref("new", { declaration: JSON.stringify({ dataset: "digits", space: { family: "mobilenetv2" }, hardware: name }) });

/** @param {HTMLElement} root */
export const showHardware = (root) =>
  showList(root, {
    title: "Hardware profiles",
    about: "What a device computes, holds and costs. A profile narrows a search to the networks that run on it and adds latency and energy.",
    read: listHardware,
    columns: ["Profile", "What it is", "Weight bits", "Activation bits", "Flash", "RAM", "Costs", ""],
    row: (profile) => [
      h("strong", {}, profile.name),
      h("span", { class: "wrap" }, profile.description),
      ranges(profile.weight_bits),
      ranges(profile.activation_bits),
      size(profile.flash_bytes),
      size(profile.ram_bytes),
      profile.costs.filter((cost) => DEVICE_COSTS.has(cost)).map(labelOf).join(", ") || null,
      h("a", { href: newSearchHref(profile.name), "data-route": true, "aria-label": `Search for it: ${profile.name}` }, "Search for it"),
    ],
    summary: (profiles) => `${plural(profiles.length, "profile")}, ${profiles.filter((profile) => profile.shipped).length} of them shipped with the server.`,
    empty: () => h("p", {}, "No profile yet. Add one with ", h("code", {}, "bitpareto hardware add chip.yaml"), "."),
  });
