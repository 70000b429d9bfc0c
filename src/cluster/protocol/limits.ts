/** What a trial may ask a pool to keep, each with the words for who goes beyond. docs/reliability.md has the table. */

/** Curves of one trial: names of metrics, times groups and ranks. */
export const MAX_CURVES = 10_000;
/** Event files of one run: a file for each process that reports. */
export const MAX_EVENT_FILES = 4096;
export const MAX_CHECKPOINTS_OF_TRIAL = 10_000;
export const MAX_MANIFEST_BYTES = 32 * 1024 * 1024;
/** Of one checkpoint; it is in every list of them. */
export const MAX_METADATA_BYTES = 64 * 1024;
/** They travel in one variable of the environment, which Linux bounds at 128 KiB. */
export const MAX_HYPERPARAMETERS_BYTES = 96 * 1024;
/** What a script says of the parameters that it read: in every list of trials. */
export const MAX_PARAMETERS = 1000;
export const MAX_PARAMETERS_BYTES = 256 * 1024;

export const BEYOND = {
  curves: `A trial has at most ${MAX_CURVES} curves (names of metrics, times ranks): what was reported beyond is left out.`,
  eventFiles: `At most ${MAX_EVENT_FILES} processes of a run can report: what others reported is left out.`,
  checkpoints: `A trial has at most ${MAX_CHECKPOINTS_OF_TRIAL} checkpoints: collect some, then later ones are listed again.`,
  metadata: `The metadata of a checkpoint may have ${MAX_METADATA_BYTES / 1024} KiB; longer ones are left out, the checkpoint is kept.`,
  parameters: `A trial shows at most ${MAX_PARAMETERS} parameters, of ${MAX_PARAMETERS_BYTES / 1024} KiB: what the script read beyond is left out.`,
} as const;
