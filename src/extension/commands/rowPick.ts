/** A list to pick experiments from. Of a long history it has the newest, and finds the others as one types. */
import * as vscode from "vscode";
import type { Pool } from "../pool/pool.ts";

const SETTLED_MS = 200;
/** Found in each pool for what was typed. */
const MOST_FOUND = 50;

export interface RowPick<Item extends vscode.QuickPickItem> {
  placeHolder: string;
  pools: readonly Pool[];
  canPickMany: boolean;
  /** Of what is known now. */
  items: () => Item[];
  /** The same thing in another reading of the items. */
  keyOf: (item: Item) => string;
}

/** Some experiments of the pool are not known here. */
export function hasMore({ mirror }: Pool): boolean {
  return mirror !== null && mirror.total > mirror.experiments.size;
}

/** @returns undefined when nothing was picked */
export async function pickRows<Item extends vscode.QuickPickItem>(
  asked: RowPick<Item>,
): Promise<readonly Item[] | undefined> {
  const more = asked.pools.filter((pool) => hasMore(pool) && pool.status.state === "connected");
  const pick = vscode.window.createQuickPick<Item>();
  pick.placeholder = more.length === 0 ? asked.placeHolder : `${asked.placeHolder} Type to find older ones.`;
  pick.matchOnDescription = true;
  pick.canSelectMany = asked.canPickMany;
  pick.items = asked.items();
  pick.selectedItems = pick.items.filter(({ picked }) => picked === true);
  let timer: NodeJS.Timeout | undefined;
  let searches = 0;
  const search = async (): Promise<void> => {
    const number = ++searches;
    pick.busy = true;
    // What cannot be read as a filter finds nothing more; what is there is matched all the same.
    await Promise.allSettled(
      more.map(async (pool) => (await pool.reader()).experiments({ filter: pick.value, limit: MOST_FOUND })),
    );
    if (number !== searches) return;
    pick.busy = false;
    const chosen = new Set(pick.selectedItems.map((item) => asked.keyOf(item)));
    pick.items = asked.items();
    pick.selectedItems = pick.items.filter((item) => chosen.has(asked.keyOf(item)));
  };
  try {
    return await new Promise((resolve) => {
      pick.onDidChangeValue(() => {
        clearTimeout(timer);
        if (more.length > 0 && pick.value.trim() !== "") timer = setTimeout(() => void search(), SETTLED_MS);
      });
      pick.onDidAccept(() => {
        const picked = asked.canPickMany ? pick.selectedItems : pick.activeItems;
        resolve(picked.length === 0 && !asked.canPickMany ? undefined : picked);
      });
      pick.onDidHide(() => resolve(undefined));
      pick.show();
    });
  } finally {
    searches++;
    clearTimeout(timer);
    pick.dispose();
  }
}
