/** Configurations that are used without being asked for, when they lie beside the script; the first one counts. */
export const CONFIGURATION_NAMES = ["train.yaml", "train.yml", "experiment.yaml", "experiment.yml"] as const;
