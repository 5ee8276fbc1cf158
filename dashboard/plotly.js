// @ts-check
/** Plotly, loaded when the first chart needs it: the list of searches stays light. */

/**
 * Plotly bundles a map library that adds an inline style sheet, which our CSP forbids, unless an
 * element with this id exists. There are no maps here. The browser test fails if the id changes.
 */
const MAP_STYLES_ID = "9f215cf04c5486422605d13261cb87401f4e7763b6296af81e98efbc0130da53";

const AGAIN_MS = 5000;

/** @type {Promise<any>|null} */
let loading = null;

/** @returns {Promise<any>} the global `Plotly` */
export function loadPlotly() {
  loading ??= new Promise((resolve, reject) => {
    const noMapStyles = document.createElement("template");
    noMapStyles.id = MAP_STYLES_ID;
    const script = document.createElement("script");
    script.src = "assets/plotly.min.js";
    script.addEventListener("load", () => resolve(/** @type {any} */ (window).Plotly));
    script.addEventListener("error", () => {
      window.setTimeout(() => (loading = null), AGAIN_MS); // whoever asks until then hears the same
      reject(new Error("The chart library could not be loaded."));
    });
    document.head.append(noMapStyles, script);
  });
  return loading;
}
