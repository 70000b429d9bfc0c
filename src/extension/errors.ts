/** What went wrong, said so that a person knows what to do next. */
import * as vscode from "vscode";
import { COMMANDS } from "./commands/commandIds.ts";
import { withoutLinks } from "./links.ts";

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** The classes of these live in a bundle that may not be loaded, so they are known by name. */
export function isCancelled(error: unknown): boolean {
  return error instanceof Error && ["AbortError", "SubmitCancelled", "Canceled"].includes(error.name);
}

/** The pool has no such thing (any more). */
export function isNotFound(error: unknown): boolean {
  return error instanceof Error && "reason" in error && error.reason === "notFound";
}

/** An error of ours, to be shown as it stands. */
export class ShownError extends Error {
  override readonly name = "ShownError";
  readonly remedy: string | null;
  readonly actions: readonly RemedyAction[];
  constructor(message: string, remedy: string | null = null, actions: readonly RemedyAction[] = []) {
    super(message);
    this.remedy = remedy;
    this.actions = actions;
  }
}

/** What was asked for is refused, since the pool cannot be had now: nothing is kept to be done later. */
export class NotConnectedError extends ShownError {
  /** @param isTried the pool is connected to by itself as soon as it can be */
  constructor(pool: { id: string; name: string }, cause: unknown, isTried: boolean) {
    super(
      `${pool.name} cannot be reached (${messageOf(cause).replace(/\.$/, "")}).`,
      [isTried ? "It is tried again by itself; then do it once more." : "", remedyOf(cause) ?? ""]
        .filter((sentence) => sentence !== "")
        .join(" "),
      [
        {
          title: "Reconnect",
          run: () => vscode.commands.executeCommand(COMMANDS.reconnect, { poolId: pool.id }),
        },
      ],
    );
    this.cause = cause;
  }
}

export interface RemedyAction {
  title: string;
  run: () => unknown;
}

/**
 * Shows an error once, with the buttons that put it right, and always the log. Resolves when it was answered.
 * @param refused what did not happen, where the pool was not to be had
 */
export async function showError(
  error: unknown,
  log: vscode.LogOutputChannel,
  refused = "Nothing was done",
): Promise<void> {
  if (isCancelled(error)) return;
  log.error(error instanceof Error ? (error.stack ?? error.message) : String(error));
  const remedy = remedyOf(error);
  const actions = [...actionsOf(error), { title: "Show Log", run: () => log.show(true) }];
  const what = error instanceof NotConnectedError ? `${refused}: ${error.message}` : messageOf(error);
  const message = withoutLinks(remedy === null ? what : `${what} ${remedy}`);
  const chosen = await vscode.window.showErrorMessage(message, ...actions.map(({ title }) => title));
  await actions.find(({ title }) => title === chosen)?.run();
}

function remedyOf(error: unknown): string | null {
  const remedy = (error as { remedy?: unknown } | null)?.remedy;
  return typeof remedy === "string" && remedy !== "" ? remedy : null;
}

function actionsOf(error: unknown): readonly RemedyAction[] {
  if (error instanceof ShownError) return error.actions;
  const reason = (error as { reason?: unknown } | null)?.reason;
  if (reason === "disconnected" || reason === "unavailable")
    return [{ title: "Reconnect", run: () => vscode.commands.executeCommand(COMMANDS.reconnect) }];
  if (/\bPython\b|interpreter/i.test(remedyOf(error) ?? ""))
    return [
      { title: "Choose Interpreter", run: () => vscode.commands.executeCommand(COMMANDS.chooseInterpreter) },
    ];
  return [];
}
