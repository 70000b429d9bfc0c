import path from "node:path";
import { expect, test } from "vitest";
import type { PoolAccess } from "../../../src/cluster/cli/command.ts";
import { put, temporaryFolder } from "../client/support.ts";
import { runLine, unreachable } from "./terminal.ts";

const access: PoolAccess = {
  pythonFolder: path.resolve(import.meta.dirname, "../../../src/cluster/python"),
  connect: unreachable,
  purge: unreachable,
  backUp: unreachable,
  check: unreachable,
};
const importDetermined = (cwd: string, ...argv: string[]) =>
  runLine(["import-determined", ".", ...argv], access, { cwd });

const GOOD = {
  "exp/const.yaml": `name: a
entrypoint: python3 -m determined.launch.torch_distributed python3 train.py
searcher: {name: single, metric: loss, max_length: {epochs: 2}}
environment:
  image: determinedai/pytorch
`,
  "exp/train.py": `import determined as det
from determined.transformers import DetCallback
info = det.get_cluster_info()
with det.core.init() as core_context:
    for op in core_context.searcher.operations():
        core_context.checkpoint.delete("x")
`,
  "other.yaml": "a: 1\n",
  "helper.py": "context.train.nothing()\n",
  ".detignore": "*.bin\n",
  "venv/pyvenv.cfg": "",
  "venv/lib/thing.py": "import determined.nothing\n",
};

test("what runs with differences is said by file and line, and ends with 0", async () => {
  const cwd = temporaryFolder("determined");
  put(cwd, GOOD);
  const ran = await importDetermined(cwd);
  expect(ran).toMatchObject({ code: 0, stderr: "" });
  expect(ran.stdout).toContain("## exp/const.yaml: runs, with differences");
  expect(ran.stdout).toMatch(/- exp\/const.yaml:5: differs: `environment.image` has no effect here/);
  expect(ran.stdout).toMatch(/- exp\/train.py:6: differs: `context.checkpoint.delete` never removes/);
  expect(ran.stdout).toMatch(/- exp\/train.py:5: differs: `context.searcher.operations` lengths follow/);
  expect(ran.stdout).toContain("- .detignore:1: differs: ");
  expect(ran.stdout).toContain("trainyard submit SCRIPT --config exp/const.yaml");
  expect(ran.stdout).not.toMatch(/other\.yaml|helper\.py|venv\//);
});

test("what does not run ends with 1, and is in the document", async () => {
  const cwd = temporaryFolder("determined");
  put(cwd, {
    ...GOOD,
    "old.yaml": "name: b\nentrypoint: model_def:MyTrial\nsearcher: {name: adaptive, metric: loss}\n",
    "wrong.yaml": "searcher: {name: single, metrc: loss}\n",
    "legacy.py": `from determined.estimator import EstimatorTrial
from determined.experimental import client
import determined.pytorch as pt, os

class A(pt.PyTorchTrial):
    def train(self):
        client.get_trial(1)
        return pt.DeepSpeedTrial, os.environ["DET_MASTER"], os.environ["DET_TRIAL_ID"]
`,
    "broken.py": "import determined\ndef (:\n",
  });
  const ran = await importDetermined(cwd, "--json");
  expect(ran.code).toBe(1);
  const { files } = JSON.parse(ran.stdout) as {
    files: { file: string; verdict: string; findings: { line: number; verdict: string; what: string }[] }[];
  };
  const of = (file: string) => files.find((one) => one.file === file);
  const lines = (file: string, verdict: string) =>
    of(file)
      ?.findings.filter((finding) => finding.verdict === verdict)
      .map(({ line, what }) => `${line} ${what}`);
  expect(lines("legacy.py", "not")).toEqual([
    "1 determined.estimator.EstimatorTrial",
    "7 determined.experimental.client.get_trial",
    "8 determined.pytorch.DeepSpeedTrial",
  ]);
  expect(lines("legacy.py", "differs")).toEqual(["8 environment.DET_MASTER"]);
  expect(lines("old.yaml", "not")).toEqual([
    "2 There is no model_def.py with such a trial.",
    "3 The searcher `adaptive` does not run here; `adaptive_asha` is what came after it.",
  ]);
  expect(lines("wrong.yaml", "not")).toEqual(["1 Unknown key `searcher.metrc`. Did you mean `metric`?"]);
  expect(lines("broken.py", "not")).toEqual(["2 cannot be read"]);
  expect(of("exp/const.yaml")?.verdict).toBe("differs");
});

test("a folder that is not there, and one without anything", async () => {
  const cwd = temporaryFolder("determined");
  const ran = await importDetermined(cwd);
  expect(ran).toMatchObject({ code: 0 });
  expect(ran.stdout).toContain("No experiment configuration");
  const missing = await runLine(["import-determined", "gone"], access, { cwd });
  expect(missing.code).toBe(1);
  expect(missing.stderr).toContain("is not a folder");
});
