/** Asks where data is on a pool, and the pool whether that is so. */
import * as vscode from "vscode";
import { messageOf } from "../errors.ts";
import { loadClient } from "../pool/client.ts";
import type { Pool } from "../pool/pool.ts";

/** @returns the path as the person wrote it, which is there; undefined when the person thought better of it */
export async function askPathOnPool(pool: Pool, name: string, last: string): Promise<string | undefined> {
  const client = await loadClient();
  const input = vscode.window.createInputBox();
  input.title = `Where is ${name} on ${pool.name}?`;
  input.prompt = "Runs get a link to it. Enter asks the pool whether it is there.";
  input.placeholder = `/scratch/${name}, or ~/${name}`;
  input.value = last;
  input.ignoreFocusOut = true;
  try {
    return await new Promise<string | undefined>((resolve) => {
      const accept = async (): Promise<void> => {
        const target = input.value.trim();
        input.validationMessage = problemOf(target);
        if (input.validationMessage !== undefined || input.busy) return;
        [input.busy, input.enabled] = [true, false];
        try {
          await client.requirePathOnPool(await pool.connection(), pool.name, target);
          resolve(target);
        } catch (error) {
          input.validationMessage = messageOf(error);
        } finally {
          [input.busy, input.enabled] = [false, true];
        }
      };
      input.onDidChangeValue(() => (input.validationMessage = undefined));
      input.onDidAccept(() => void accept());
      input.onDidHide(() => resolve(undefined));
      input.show();
    });
  } finally {
    input.dispose();
  }
}

function problemOf(target: string): string | undefined {
  return /^(\/|~\/)/.test(target) ? undefined : "A path on the pool begins with / or ~/";
}
