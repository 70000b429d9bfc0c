/** Why a path stays behind, where it is not git that ignores it. */
export const ENVIRONMENT_REASON = "a Python environment";
export const LEFT_OUT_REASON = "left out by you";
