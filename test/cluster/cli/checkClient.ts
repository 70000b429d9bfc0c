/** A client in a process of its own that has the pool in the first argument checked, to be killed, or of another account. */
import path from "node:path";
import { checkPool } from "../../../src/cluster/client/pools/maintain.ts";
import type { UserError } from "../../../src/cluster/client/userError.ts";
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
const asked = {
  full: true,
  repair: process.argv.includes("--repair"),
  onProgress: (text: string) => console.log(text),
};
try {
  const { findings } = await checkPool(null, { local, ssh: {} as OpenPoolOptions["ssh"] }, asked);
  console.log(JSON.stringify(findings), `${findings.length} findings`);
} catch (error) {
  const { message, remedy } = error as UserError;
  console.error(`${message}\n${remedy ?? ""}`);
  process.exitCode = 1;
}
