// @ts-check
/** Searches to start from. Each is a declaration that the server takes as it stands. */

/** @typedef {{name: string, note: string, declaration: Record<string, any>}} Preset */

/** @type {readonly Preset[]} */
export const PRESETS = [
  {
    name: "A first look",
    note: "digits, minutes on a laptop",
    declaration: {
      name: "a first look",
      dataset: "digits",
      space: { family: "mobilenetv2" },
      budgets: { size_bytes: 65536 },
      limits: { max_trials: 12 },
      recipe: { float_epochs: 15, qat_epochs: 5 },
    },
  },
  {
    name: "A microcontroller",
    note: "64 KiB of flash, 16 KiB of activations",
    declaration: {
      name: "for a microcontroller",
      dataset: "fashion-mnist",
      space: { family: "dscnn" },
      objectives: ["accuracy", "size_bytes", "peak_activation_bytes"],
      budgets: { size_bytes: 65536, peak_activation_bytes: 16384 },
      limits: { max_trials: 60 },
    },
  },
  {
    name: "CIFAR-10, a ResNet",
    note: "architecture and widths, 256 KiB",
    declaration: { name: "cifar10, resnet", dataset: "cifar10", space: { family: "resnet" }, budgets: { size_bytes: 262144 }, limits: { max_trials: 100 } },
  },
];
