// @ts-check
/** What forms and pages call the names of the API: the words of the field. */

/** @type {Record<string, string>} */
const LABELS = {
  dataset: "Data set",
  mobilenetv2: "MobileNetV2",
  resnet: "ResNet",
  dscnn: "DS-CNN",
  vgg: "VGG",
  imported: "A network of your own",

  macs: "MACs",
  bops: "BOPs",
  size_bytes: "Size of the file",
  peak_activation_bytes: "Activation memory",
  latency_ms: "Latency, ms",
  energy_uj: "Energy, µJ",

  n_initial: "Initial trials",
  deadline_s: "Seconds for a proposal",
  allocate: "Candidates of allocated bits",
  searches: "Trials of other searches",
  bayesian: "Bayesian optimization",
  nsga2: "NSGA-II",
  bomp: "BOMP-NAS",

  lr: "Learning rate",
  qat_lr: "QAT learning rate",
  qat_epochs: "QAT epochs",
  lsq: "LSQ",
  lsq_plus: "LSQ+",
  pact: "PACT",
  dorefa: "DoReFa",
  ewgs: "EWGS",

  compute_s: "Max compute, seconds",
  wall_time_s: "Max wall time, seconds",
  min_gain_per_hour: "Min gain of hypervolume per hour",
  audit: "Share that runs to its end all the same",
  bound: "Stopped below this chance of entering the front",
  rungs: "Looks at each trial",
  min_completed: "Min completed trials",
  needs: "Needs of a worker",
  cpu: "CPU",
  cuda: "CUDA",
  memory_bytes: "Memory, bytes",
};

/** "max_trials" as a label. @param {string} name */
export const labelOf = (name) => LABELS[name] ?? (name.charAt(0).toUpperCase() + name.slice(1)).replaceAll("_", " ");
