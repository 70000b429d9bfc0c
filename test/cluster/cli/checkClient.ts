/** A client in a process of its own that has the pool in the first argument checked, to be killed. */
import path from "node:path";
import { checkPool } from "../../../src/cluster/client/pools/maintain.ts";
import type { OpenPoolOptions } from "../../../src/cluster/client/pools/openPool.ts";

const ROOT = path.resolve(import.meta.dirname, "../../..");
const local = {
  home: process.argv[2] ?? "",
  serverScript: path.join(ROOT, "src/cluster/server/main.ts"),
  pythonFolder: path.join(ROOT, "src/cluster/python"),
  runtimePath: null,
  environment: {},
  client: { name: "test", version: "0.0.0" },
};
await checkPool(
  null,
  { local, ssh: {} as OpenPoolOptions["ssh"] },
  { full: true, repair: false, onProgress: (text) => console.log(text) },
);
