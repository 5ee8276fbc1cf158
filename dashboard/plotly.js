// @ts-check
/** Plotly, loaded when the first chart needs it: the list of searches stays light. */

/** @type {Promise<any>|null} */
let loading = null;

/** @returns {Promise<any>} the global `Plotly` */
export function loadPlotly() {
  loading ??= new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = "assets/plotly.min.js";
    script.addEventListener("load", () => resolve(/** @type {any} */ (window).Plotly));
    script.addEventListener("error", () => {
      loading = null;
      reject(new Error("The chart library could not be loaded."));
    });
    document.head.append(script);
  });
  return loading;
}
