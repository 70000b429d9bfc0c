import type { SshQuestions } from "./host.ts";

/** In the background nobody is asked, and a login that somebody would have to answer is not begun. */
export const silentQuestions: SshQuestions = {
  isSilent: true,
  trustHostKey: () => Promise.resolve(false),
  downloadNode: () => Promise.resolve(false),
  secret: () => Promise.resolve(null),
};
