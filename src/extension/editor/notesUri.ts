/** Addresses of notes in the editor: `trainyard-notes:/notes-12.md`, of a trial `notes-12.3.md`. Pure. */

/** Another pool than this machine's is the authority, as for a pool's files. */
export interface NotesOf {
  experimentId: number;
  /** Null: the experiment's own. */
  trialId: string | null;
}

export function notesPath({ experimentId, trialId }: NotesOf): string {
  return `/notes-${trialId ?? experimentId}.md`;
}

/** @returns null for what is no address of notes */
export function parseNotesPath(path: string): NotesOf | null {
  const [, id] = /^\/notes-([1-9]\d{0,8}(?:\.[1-9]\d{0,8})?)\.md$/.exec(path) ?? [];
  if (id === undefined) return null;
  return { experimentId: Number(id.split(".")[0]), trialId: id.includes(".") ? id : null };
}
