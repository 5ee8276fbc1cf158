// @ts-check
/** Whether the server can be reached: one banner, one probe, and word to who waits for it. */

import { h } from "./dom.js";

const PROBE_MS = 2000;
const LOOK_MS = 5000;
/** A page in the background hears its timers once a minute; one that hears nothing for longer has slept. */
const SLEPT_MS = 75_000;
const BACK = "bitpareto:reconnected";

const banner = h("p", { class: "offline", role: "alert", hidden: true }, "No connection to the server. What is shown may be old; it catches up by itself.");
let isLost = false;

async function probe() {
  try {
    await fetch("healthz", { cache: "no-store" });
  } catch {
    window.setTimeout(probe, PROBE_MS); // still away
    return;
  }
  isLost = false;
  banner.hidden = true;
  window.dispatchEvent(new Event(BACK));
}

/** A connection that broke while the machine slept or changed networks can look open for hours. */
function renew() {
  if (!isLost) window.dispatchEvent(new Event(BACK)); // lost, the probe tells
}

function watchForSleep() {
  let lookedAt = Date.now();
  window.setInterval(() => {
    const now = Date.now();
    if (now - lookedAt > SLEPT_MS) renew();
    lookedAt = now;
  }, LOOK_MS);
}

/** Told by whoever got no answer. */
export function noteLost() {
  if (isLost) return;
  isLost = true;
  banner.hidden = false;
  window.setTimeout(probe, PROBE_MS);
}

/**
 * @param {() => void} listener
 * @returns {() => void} stops listening
 */
export function onReconnected(listener) {
  window.addEventListener(BACK, listener);
  return () => window.removeEventListener(BACK, listener);
}

/** @param {HTMLElement} before the banner stands above it */
export function installBanner(before) {
  before.before(banner);
  window.addEventListener("offline", noteLost);
  window.addEventListener("online", renew);
  watchForSleep();
}
