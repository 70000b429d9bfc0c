/** What is kept of checkpoints where nobody says otherwise. Apart from its schema: the extension's first bundle has no zod. */
import type { SavePolicy } from "./collection.ts";

export const DEFAULT_SAVE_POLICY: SavePolicy = { experimentBest: 0, trialBest: 1, trialLatest: 1 };
