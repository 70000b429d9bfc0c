/** What a run serves on its host (TensorBoard, a notebook) as an address of this machine. */
import * as vscode from "vscode";
import type { RunPort } from "../../cluster/protocol/methods.ts";
import { ShownError } from "../errors.ts";
import { oneLine } from "../format.ts";
import { withoutLinks } from "../links.ts";
import type { Pool } from "../pool/pool.ts";
import type { Forwarding, Forwardings } from "../ports/forwardings.ts";
import type { Targets } from "./targets.ts";

export type PortAction = "open" | "copy" | "close";

interface PortItem extends vscode.QuickPickItem {
  /** Null to ask for a number. */
  listed: RunPort | null;
}

export class PortCommands {
  readonly #targets: Targets;
  readonly #forwardings: Forwardings;
  constructor(targets: Targets, forwardings: Forwardings) {
    this.#targets = targets;
    this.#forwardings = forwardings;
  }

  async forward(argument: unknown): Promise<void> {
    const target = await this.#targets.trial(
      argument,
      "A port of which run?",
      ({ currentRun }) => currentRun !== null,
    );
    if (!target) return;
    const { pool, trial } = target;
    const runId = trial.currentRun;
    if (runId === null)
      throw new ShownError(`Trial ${trial.id} does not run now.`, "A port is forwarded while its run lives.");
    const { ports } = await pool.call("run/ports", { runId });
    const chosen = await choose(pool, runId, ports);
    if (chosen === undefined) return;
    if (!pool.place.isRemote) return openAddress(chosen.port);
    const isListed = ports.includes(chosen);
    const forwarding = await this.#forwardings.forward(pool, { runId, ...chosen }, isListed);
    // Told, not waited for.
    void this.#tell(pool, forwarding);
  }

  /** @param argument a row of the tree of pools */
  async act(action: PortAction, argument: unknown): Promise<void> {
    const { poolId, localPort } = (argument ?? {}) as { poolId?: unknown; localPort?: unknown };
    const forwarding =
      typeof poolId === "string"
        ? this.#forwardings.of(poolId).find((one) => one.localPort === localPort)
        : undefined;
    if (!forwarding) throw new ShownError("This port is not forwarded any more.");
    switch (action) {
      case "open":
        return openAddress(forwarding.localPort);
      case "copy":
        await vscode.env.clipboard.writeText(addressOf(forwarding.localPort));
        vscode.window.setStatusBarMessage(`Copied ${addressOf(forwarding.localPort)}`, 3000);
        return;
      case "close":
        return this.#forwardings.close(forwarding);
    }
  }

  async #tell(pool: Pool, forwarding: Forwarding): Promise<void> {
    const [open, copy] = ["Open in Browser", "Copy Address"];
    const answer = await vscode.window.showInformationMessage(
      withoutLinks(
        `Port ${forwarding.port} of run ${forwarding.runId} on ${pool.name} is at ${addressOf(forwarding.localPort)} until the run ends.`,
      ),
      open,
      copy,
    );
    if (answer === open) await this.act("open", forwarding);
    if (answer === copy) await this.act("copy", forwarding);
  }
}

async function choose(pool: Pool, runId: string, ports: readonly RunPort[]): Promise<RunPort | undefined> {
  const items: PortItem[] = ports.map((listed) => ({
    label: `$(plug) ${listed.port}`,
    description: oneLine(listed.process, 60),
    listed,
  }));
  const another: PortItem = {
    label: "$(edit) Another Port...",
    description: `of 127.0.0.1 on ${pool.place.isRemote ? pool.name : "this machine"}`,
    listed: null,
  };
  const picked = await vscode.window.showQuickPick([...items, another], {
    title: `Ports of run ${runId}`,
    placeHolder:
      ports.length === 0 ? "Its processes listen on no port of the loopback" : "What its processes listen on",
  });
  if (!picked || picked.listed) return picked?.listed ?? undefined;
  const typed = await vscode.window.showInputBox({
    title: `Port on ${pool.name}`,
    placeHolder: "6006",
    validateInput: (value) => (isPort(value) ? undefined : "A port is a number from 1 to 65535."),
  });
  return typed === undefined ? undefined : { port: Number(typed), process: "" };
}

function isPort(text: string): boolean {
  return /^[1-9]\d{0,4}$/.test(text.trim()) && Number(text) <= 65_535;
}

const addressOf = (port: number): string => `http://127.0.0.1:${port}`;

async function openAddress(port: number): Promise<void> {
  await vscode.env.openExternal(vscode.Uri.parse(addressOf(port)));
}
