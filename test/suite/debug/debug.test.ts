import assert from "node:assert/strict";
import { readdirSync, writeFileSync } from "node:fs";
import * as vscode from "vscode";
import type { InternalApi } from "../../../src/extension/main.ts";
import { activate, inWorkspace, rowThatSays, submit, until, withPicksAccepted } from "../main/support.ts";

interface Message {
  type: string;
  event?: string;
  body?: { threadId?: number };
}

describe("Run Here Under the Debugger", () => {
  let api: InternalApi;
  let id: number;
  const subscriptions: vscode.Disposable[] = [];
  const stops: { session: vscode.DebugSession; threadId: number }[] = [];

  before(async () => {
    api = await activate();
    subscriptions.push(
      vscode.debug.registerDebugAdapterTrackerFactory("debugpy", {
        createDebugAdapterTracker: (session) => ({
          onDidSendMessage: ({ type, event, body }: Message) => {
            if (type === "event" && event === "stopped")
              stops.push({ session, threadId: body?.threadId ?? 0 });
          },
        }),
      }),
    );
    const line = new vscode.Position(7, 0);
    vscode.debug.addBreakpoints([
      new vscode.SourceBreakpoint(new vscode.Location(vscode.Uri.file(inWorkspace("train.py")), line)),
    ]);
    id = await submit("train.py");
    await rowThatSays(api, id, /completed/);
  });
  after(async () => {
    await vscode.debug.stopDebugging();
    vscode.Disposable.from(...subscriptions).dispose();
  });

  const stopped = async (): Promise<(expression: string) => Promise<string>> => {
    const { session, threadId } = await until("the breakpoint", () => stops.shift());
    const { stackFrames } = (await session.customRequest("stackTrace", { threadId })) as {
      stackFrames: { id: number; line: number }[];
    };
    assert.equal(stackFrames[0]?.line, 8);
    return async (expression) => {
      const frameId = stackFrames[0]?.id;
      const answer = (await session.customRequest("evaluate", { expression, frameId, context: "watch" })) as {
        result: string;
      };
      return answer.result;
    };
  };
  const ended = async (): Promise<void> => {
    await vscode.debug.stopDebugging();
    await until("the end", () => (vscode.debug.activeDebugSession === undefined ? true : undefined));
  };

  it("runs a trial's script with its parameters, seed and best checkpoint, and stops at a breakpoint", async () => {
    const trial = api.pools.local.mirror?.trials.get(`${id}.1`);
    const before = api.pools.local.mirror?.experiments.size;
    assert.equal(
      await withPicksAccepted(vscode.commands.executeCommand("trainyard.debugTrial", `${id}.1`)),
      true,
    );
    const value = await stopped();
    assert.equal(await value("width"), "7");
    assert.equal(await value("note"), "'a ${workspaceFolder} that stays'");
    assert.equal(await value("run.seed"), String(trial?.seed));
    assert.equal(await value("weights"), "'weights of step 2'");
    assert.equal(await value("__import__('os').getcwd()"), `'${inWorkspace()}'`);
    await ended();
    assert.equal(api.pools.local.mirror?.experiments.size, before, "it became an experiment");
    assert.ok(readdirSync(inWorkspace()).includes("trainyard-runs"));
  });

  it("brings a checkpoint anew that was changed in its place", async () => {
    const cached = vscode.Uri.joinPath(api.storage, "checkpoints");
    const uuid = api.pools.local.mirror?.checkpointsOf(`${id}.1`).at(-1)?.uuid ?? "";
    writeFileSync(vscode.Uri.joinPath(cached, uuid, "files", "weights.txt").fsPath, "others of step 2!");
    await withPicksAccepted(vscode.commands.executeCommand("trainyard.debugTrial", `${id}.1`));
    const value = await stopped();
    assert.equal(await value("weights"), "'weights of step 2'");
    await ended();
  });

  it("runs the open script as it is", async () => {
    await vscode.window.showTextDocument(vscode.Uri.file(inWorkspace("train.py")));
    await withPicksAccepted(vscode.commands.executeCommand("trainyard.debugTrial"));
    const value = await stopped();
    assert.equal(await value("width"), "1");
    assert.equal(await value("weights"), "'none'");
    await ended();
  });
});
