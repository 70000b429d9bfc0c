/** Which Python a workspace's scripts run with, where the pool does not share the client's files: found, chosen, built. */
import * as z from "zod";
import { Bytes, ObjectId, RelativePath } from "./base.ts";

const Nothing = z.object({});
/** A path of the pool's host, or a name. */
const Place = z.string().min(1).max(4096);
/** The workspace's absolute path on the client's machine, as in SubmitRequest. */
const Workspace = z.string();

/** What went wrong, and what to do next: a sentence each. */
export const Problem = z.object({ message: z.string(), remedy: z.string() });
export type Problem = z.infer<typeof Problem>;

/** Hash of all that an environment is made of: the name of its folder. */
export const EnvironmentId = z.string().regex(/^[0-9a-f]{32}$/, "not an environment's id");

/** An interpreter of the pool's host. */
export const HostInterpreter = z.object({
  /** Absolute path. */
  path: z.string(),
  version: z.string(),
  /** Why this one, or where it was found; for display. */
  origin: z.string(),
  /** Version of its PyTorch, and of the CUDA that this was built for; null where there is none. */
  torch: z.string().nullable(),
  cuda: z.string().nullable(),
});
export type HostInterpreter = z.infer<typeof HostInterpreter>;

/** An import that certainly runs, and that nothing there answers to. */
export const MissingModule = z.object({
  module: z.string(),
  /** Relative to the snapshot's root. */
  file: z.string(),
  line: z.number().int(),
});
export type MissingModule = z.infer<typeof MissingModule>;

/** `script`: the block of PEP 723 in the script itself. */
export const SourceKind = z.enum([
  "uv.lock",
  "requirements.txt",
  "pyproject.toml",
  "environment.yml",
  "script",
]);
export type SourceKind = z.infer<typeof SourceKind>;

/** `absent`: never built, or its building was ended. */
export const EnvironmentState = z.enum(["absent", "building", "ready", "failed"]);
export type EnvironmentState = z.infer<typeof EnvironmentState>;

/** A file of the snapshot from which an environment can be built. */
export const EnvironmentSource = z.object({
  kind: SourceKind,
  /** Relative to the snapshot's root. */
  path: RelativePath,
  environmentId: EnvironmentId,
  state: EnvironmentState,
  /** The workspace uses an environment that was built from this file, which has changed since. */
  mustRebuild: z.boolean(),
});
export type EnvironmentSource = z.infer<typeof EnvironmentSource>;

/** What the configuration, or the person for this submit, names. */
export const NamedEnvironment = z.union([
  z.strictObject({ python: Place }),
  /** A name or a prefix. */
  z.strictObject({ conda: Place }),
  /** The environment's folder. */
  z.strictObject({ venv: Place }),
]);
export type NamedEnvironment = z.infer<typeof NamedEnvironment>;

/** What would run: a snapshot that the pool has, and the place in it. */
const Start = z.object({
  tree: ObjectId,
  directory: RelativePath,
  /** Relative to the directory. */
  script: RelativePath,
  workspace: Workspace,
});

export const PoolSettings = z.object({
  /** Shell lines that run before every Python here (`module load cuda`); empty for none. */
  setupLines: z.string().max(64 * 1024),
  /** A folder of the host with the wheels that environments are built from, instead of a package index. */
  wheelFolder: z.string().max(4096).nullable(),
});
export type PoolSettings = z.infer<typeof PoolSettings>;

export const ENVIRONMENT_METHODS = {
  /**
   * Before a submit, so before any slot is taken: the interpreter, and what the script imports that it lacks. In this
   * order: what is named, what was chosen for the workspace, what the script last completed with, what was built from the
   * workspace's sources, `python3`.
   */
  "environment/prepare": {
    params: Start.extend({
      named: NamedEnvironment.nullable(),
      /** PYTHONPATH of the configuration. */
      pythonPath: z.string().nullable().default(null),
      /** False where the configuration's own entrypoint runs, of which the imports are not known. */
      checkImports: z.boolean().default(true),
    }),
    result: z.object({
      interpreter: HostInterpreter,
      missing: z.array(MissingModule),
      /** Nearest first; none when something is named. */
      sources: z.array(EnvironmentSource),
    }),
  },
  "interpreter/list": {
    params: z.object({ workspace: Workspace }),
    result: z.object({ interpreters: z.array(HostInterpreter.extend({ chosen: z.boolean() })) }),
  },
  /** Remembered for the workspace; null forgets. */
  "interpreter/choose": {
    params: z.object({ workspace: Workspace, path: Place.nullable() }),
    result: z.object({ interpreter: HostInterpreter.nullable() }),
  },
  /** Begins, or joins who has begun; an environment that is ready is used from now on, one that gets ready then. */
  "environment/build": {
    params: Start.extend({
      source: z.object({ kind: SourceKind, path: RelativePath }),
      /** What it is built on; null for `python3`. */
      python: Place.nullable(),
    }),
    result: z.object({ environmentId: EnvironmentId, state: EnvironmentState }),
  },
  /** The log of the building by byte offset, and how far it is. */
  "environment/read": {
    params: z.object({
      environmentId: EnvironmentId,
      offset: z.number().int().nonnegative(),
      limit: z
        .number()
        .int()
        .min(1)
        .max(1024 * 1024),
    }),
    result: z.object({
      bytes: Bytes,
      offset: z.number().int(),
      size: z.number().int(),
      state: EnvironmentState,
      interpreter: HostInterpreter.nullable(),
      problem: Problem.nullable(),
    }),
  },
  /** Ends the building, for everyone who waits for it. */
  "environment/cancel": { params: z.object({ environmentId: EnvironmentId }), result: Nothing },

  "pool/settings": { params: Nothing, result: PoolSettings },
  /** They are kept whatever `problem` says: that is what became of running the set-up lines once. */
  "pool/setSettings": { params: PoolSettings, result: z.object({ problem: Problem.nullable() }) },
} as const;
