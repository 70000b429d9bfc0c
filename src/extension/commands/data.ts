/** After a run that did not find what was not sent: sends it with the next ones, or says where it is on the pool. */
import path from "node:path";
import * as vscode from "vscode";
import type { SnapshotPlan } from "../../cluster/client/snapshot/plan.ts";
import type { Experiment, Failure } from "../../cluster/protocol/entities.ts";
import { ShownError } from "../errors.ts";
import { formatBytes, plural } from "../format.ts";
import { withoutLinks } from "../links.ts";
import { type Client, loadClient } from "../pool/client.ts";
import type { Pool } from "../pool/pool.ts";
import { experimentTitle } from "../views/labels.ts";
import { failedTrials } from "./failedTrials.ts";
import { askPathOnPool } from "./pathOnPool.ts";
import { requireOpen, resubmit } from "./resubmit.ts";
import { requireTrust } from "./script.ts";
import type { SubmitCommands } from "./submit.ts";
import type { Targets } from "./targets.ts";

interface Missing {
  pool: Pool;
  experiment: Experiment;
  notSent: NonNullable<Failure["notSent"]>;
}

export class DataCommands {
  readonly #targets: Targets;
  readonly #submits: SubmitCommands;
  constructor(targets: Targets, submits: SubmitCommands) {
    this.#targets = targets;
    this.#submits = submits;
  }

  async send(argument: unknown): Promise<void> {
    const missing = await this.#missing(argument);
    if (!missing) return;
    const { client, plan } = await planFor(missing);
    const { path: file, leftOut } = missing.notSent;
    const name = await chooseOne(client, plan, [file, leftOut], "What shall be sent with every snapshot?");
    if (name === undefined) return;
    await client.sendPath(plan, name);
    await this.#offerAgain(missing, `${name} is part of the next snapshots of this folder.`);
  }

  async map(argument: unknown): Promise<void> {
    const missing = await this.#missing(argument);
    if (!missing) return;
    const { client, plan } = await planFor(missing);
    const { path: file, leftOut } = missing.notSent;
    const name = await chooseOne(client, plan, [leftOut, file], "What of it is on the pool?");
    if (name === undefined) return;
    const { pool } = missing;
    const last = plan.mapped.find((one) => one.path === name)?.target ?? "";
    const target = await askPathOnPool(pool, name, last);
    if (target === undefined) return;
    await client.mapPath(plan, name, target);
    await this.#offerAgain(missing, `${name} is ${target} for the next runs of this folder on ${pool.name}.`);
  }

  async #missing(argument: unknown): Promise<Missing | undefined> {
    requireTrust();
    const target = await this.#targets.trial(argument, "Which failure?", (trial) =>
      Boolean(trial.failure?.notSent),
    );
    if (!target) return undefined;
    const { pool, experiment, trial } = target;
    const failed = trial.failure?.notSent
      ? trial
      : (await failedTrials(pool, experiment)).find(({ failure }) => failure?.notSent);
    const notSent = failed?.failure?.notSent;
    if (!notSent)
      throw new ShownError(
        `${experimentTitle(experiment)} did not fail for want of something that was not sent.`,
        "Show What Will Be Sent changes what the next submits send.",
      );
    requireOpen(experiment, "Open that folder first.");
    return { pool, experiment, notSent };
  }

  async #offerAgain({ pool, experiment }: Missing, said: string): Promise<void> {
    const again = "Submit Again";
    const answer = await vscode.window.showInformationMessage(withoutLinks(said), again);
    if (answer === again)
      await resubmit(this.#submits, { pool, experiment }, "submit another script of the folder.");
  }
}

async function planFor({ pool, experiment }: Missing): Promise<{ client: Client; plan: SnapshotPlan }> {
  const client = await loadClient();
  const plan = await client.planSnapshot({
    folder: experiment.workspace,
    stateFolder: client.defaultStateFolder(),
    pool: pool.id,
    linkable: !pool.place.isRemote,
  });
  return { client, plan };
}

/** The path that was missing, or all of what was left out with it. */
async function chooseOne(
  client: Client,
  { root }: SnapshotPlan,
  names: readonly string[],
  title: string,
): Promise<string | undefined> {
  const different = [...new Set(names)];
  if (different.length === 1) return different[0];
  const items = await Promise.all(
    different.map(async (name) => {
      const { files, bytes, complete } = await client.measurePath(path.join(root, name));
      const size = `${plural(files, "file")}, ${formatBytes(bytes)}`;
      return { label: name, description: files === 0 ? "not here" : complete ? size : `more than ${size}` };
    }),
  );
  return (await vscode.window.showQuickPick(items, { title }))?.label;
}
