/** The one place where commands are registered: each has the same handling of errors. */
import * as vscode from "vscode";
import { showError } from "../errors.ts";
import { COMMANDS, type CommandName } from "./commandIds.ts";

/** What a menu, a key or another extension gives along; each handler checks what it got. */
export type CommandHandler = (...args: unknown[]) => unknown;
/** Complete by type: a command that is declared and not handled does not compile. */
export type CommandHandlers = Readonly<Record<CommandName, CommandHandler>>;

/** What a person is told first when the pool cannot be had. */
const REFUSED: Partial<Readonly<Record<CommandName, string>>> = {
  submit: "Nothing was submitted",
  submitWithOptions: "Nothing was submitted",
  resumeFromHere: "Nothing was submitted",
  restore: "Nothing was restored",
  restoreCheckpoint: "Nothing was restored",
  restoreWithCode: "Nothing was restored",
  delete: "Nothing was deleted",
  reconnect: "Not connected",
};

export function registerCommands(handlers: CommandHandlers, log: vscode.LogOutputChannel): vscode.Disposable {
  const registered = Object.entries(COMMANDS).map(([name, id]) =>
    vscode.commands.registerCommand(id, async (...args: unknown[]) => {
      try {
        return await handlers[name as CommandName](...args);
      } catch (error) {
        // Not awaited: the command has ended, the message may stay.
        void showError(error, log, REFUSED[name as CommandName]);
        return undefined;
      }
    }),
  );
  return vscode.Disposable.from(...registered);
}
