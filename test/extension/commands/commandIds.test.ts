import { readFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { COMMANDS, SET_UP_LINES, VIEWS } from "../../../src/extension/commands/commandIds.ts";

const root = path.resolve(import.meta.dirname, "../../..");
const read = (name: string): string => readFileSync(path.join(root, name), "utf8");
interface Manifest {
  contributes: {
    commands: { command: string; title: string; category: string }[];
    menus: Record<string, { command: string; when?: string }[]>;
    views: Record<string, { id: string }[]>;
    viewsWelcome: { view: string; contents: string; when: string }[];
    languages: { id: string; extensions: string[] }[];
    configurationDefaults: Record<string, unknown>;
    configuration: {
      properties: Record<string, { scope?: string; default: unknown; markdownDescription: string }>;
    };
  };
}
const manifest = JSON.parse(read("package.json")) as Manifest;
const { contributes } = manifest;
const texts = JSON.parse(read("package.nls.json")) as Record<string, string>;

test("package.json and the code name the same commands and views", () => {
  expect(contributes.commands.map(({ command }) => command).sort()).toEqual(Object.values(COMMANDS).sort());
  expect(contributes.views.trainyard?.map(({ id }) => id)).toEqual(Object.values(VIEWS));
});

test("every command of a menu, and every button of a welcome text, exists", () => {
  const known = new Set<string>(Object.values(COMMANDS));
  const used = [
    ...Object.values(contributes.menus).flatMap((entries) => entries.map(({ command }) => command)),
    ...contributes.viewsWelcome.flatMap(({ contents }) =>
      [...(texts[contents.replaceAll("%", "")] ?? "").matchAll(/\(command:(trainyard\.[\w.]+)\)/g)].map(
        (m) => m[1] ?? "",
      ),
    ),
  ];
  expect(used.filter((command) => !known.has(command))).toEqual([]);
});

test("commands have our category, and no emptiness in any text", () => {
  expect(contributes.commands.filter(({ category }) => category !== "Trainyard")).toEqual([]);
  const keys = [...read("package.json").matchAll(/"%([\w.]+)%"/g)].map((match) => match[1] ?? "");
  expect(keys.filter((key) => !texts[key]?.trim())).toEqual([]);
  expect(Object.keys(texts).filter((key) => !keys.includes(key))).toEqual([]);
});

test("what names a program or a folder of the machine cannot be set by a workspace", () => {
  for (const name of ["python", "runtimePath", "nodeMirror", "poolFolder", "cpuSlots", "probeCommand"])
    expect(["machine", "application"]).toContain(
      contributes.configuration.properties[`trainyard.${name}`]?.scope,
    );
});

test("the document of a pool's set-up lines is never saved, and so run, by itself", () => {
  expect(contributes.languages.map(({ id, extensions }) => ({ id, extensions }))).toEqual([
    { id: SET_UP_LINES, extensions: [`.${SET_UP_LINES}`] },
  ]);
  expect(contributes.configurationDefaults[`[${SET_UP_LINES}]`]).toEqual({ "files.autoSave": "off" });
});

test("rows of the tree get the menus that their state allows", () => {
  const menu = contributes.menus["view/item/context"] ?? [];
  const commandsFor = (contextValue: string): string[] => [
    ...new Set(
      menu
        .filter(({ when }) => matches(when ?? "", contextValue))
        .map(({ command }) => command.replace("trainyard.", "")),
    ),
  ];
  const running = commandsFor("trial.single.running.live.pausable.hasCheckpoints");
  expect(running).toEqual(
    expect.arrayContaining(["stop", "kill", "pause", "restore", "rename", "delete", "openPanel"]),
  );
  expect(running).toEqual(expect.arrayContaining(["browseFiles", "openTerminal", "forwardPort"]));
  expect(running).not.toContain("resume");
  expect(running).not.toContain("pauseUnavailable");
  expect(commandsFor("trial.single.running.live.unpausable")).toEqual(
    expect.arrayContaining(["pauseUnavailable", "stop"]),
  );
  expect(commandsFor("trial.single.running.live.unpausable")).not.toContain("pause");
  expect(commandsFor("trial.paused.live.resumable")).toEqual(expect.arrayContaining(["resume", "kill"]));
  const failed = commandsFor("trial.failed.hasLine");
  expect(failed).toEqual(expect.arrayContaining(["goToFailingLine", "showOutput", "copyId"]));
  expect(failed).toEqual(expect.arrayContaining(["rename", "editLabels", "editNotes", "starTrial"]));
  expect(commandsFor("trial.completed.starred")).toContain("unstarTrial");
  for (const absent of ["forwardPort", "stop", "kill", "pause", "restore", "unstarTrial", "delete"])
    expect(failed).not.toContain(absent);
  expect(commandsFor("checkpoint.pinned")).toEqual(
    expect.arrayContaining(["unpinCheckpoint", "restoreCheckpoint", "browseFiles"]),
  );
  expect(commandsFor("trial.completed.starred")).not.toContain("starTrial");
  expect(commandsFor("checkpoint.pinned")).not.toContain("pinCheckpoint");
});

/** `when` clauses of this menu: a view, and a comparison of viewItem. */
function matches(when: string, contextValue: string): boolean {
  return when.split(" && ").every((clause) => {
    const pattern = /^viewItem =~ \/(.*)\/$/.exec(clause)?.[1];
    if (pattern !== undefined) return new RegExp(pattern).test(contextValue);
    const exact = /^viewItem == (.*)$/.exec(clause)?.[1];
    if (exact !== undefined) return exact === contextValue;
    return clause === "view == trainyard.experiments";
  });
}
