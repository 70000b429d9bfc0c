import { describe, expect, it } from "vitest";
import { factsOf, metricsOf, textAt } from "./facts.ts";

describe("what is reported to the harness", () => {
  it.each([
    ["trainyard.report(1, loss=2)", "training/loss"],
    ["run.report(1, {'val/loss': 3}, group='validation')", "validation/val/loss"],
    ["run.report(1, {'a': 3}, 'mine', b=1)", "mine/a mine/b"],
    ["run.report(1, a=1, group=g)", "?/a"],
    ["run.validate(step, {'loss': 1}, acc=2)", "validation/loss validation/acc"],
    ["run.report(step=1, values=dict(a=1))", "training/a"],
    ["run.report(1, {f'{x}': 1, 'b': 2})", "training/b training/?"],
    ["run.report(1, **values)", "training/?"],
    [
      "m = {'a': 1}\nm['b'] = 2\nm.update({'c': 1}, d=1)\nrun.report(1, m)",
      "training/a training/b training/c training/d",
    ],
    ["m = {'a': 1}\nm[k] = 2\nrun.report(1, m)", "training/a training/?"],
    ["def f(): return {'a': 1}\nrun.report(1, f())", "training/a"],
    ["def f(): return {'a': 1}\nx = f()\nrun.report(1, {**x, 'b': 2})", "training/a training/b"],
    ["other.report(1, a=1)", "training/a"],
    ["import other\nother.report(1, a=1)", ""],
  ])("%j", (text, expected) => {
    expect(metricsOf(`import trainyard\nrun = trainyard.init()\n${text}`).join(" ")).toBe(expected);
  });

  it("says where the name stands", () => {
    const text = 'import trainyard\ntrainyard.report(3, {"val/loss": 1}, acc=2)';
    expect(factsOf(text).metrics.map(({ nameRange }) => textAt(text, nameRange))).toEqual([
      "val/loss",
      "acc",
    ]);
  });
});

describe("what libraries are told", () => {
  it.each([
    [
      "from torch.utils.tensorboard import SummaryWriter\nw = SummaryWriter()\nw.add_scalar('loss/val', 1, 2)",
      "validation/loss/val",
    ],
    ["def f(writer): writer.add_scalar(tag='a', scalar_value=1)", "training/a"],
    ["w.add_scalars('loss', {'train': 1, 'val': 2}, 3)", "training/loss/train validation/loss/val"],
    ["w.add_scalar(f'{phase}/loss', 1, 2)", "?/?"],
    ["import tensorflow as tf\ntf.summary.scalar('eval_loss', 1, step=2)", "validation/eval_loss"],
    ["import wandb\nwandb.log({'a': 1, 'b': {'c': 2}}, step=1)", "training/a training/b.c"],
    ["import wandb\nwith wandb.init() as run:\n  run.log({'valid.loss': 1})", "validation/valid.loss"],
    ["import wandb\ndef f(run): run.log({'a': 1})", "training/a"],
    ["import math\nmath.log({'a': 1})\nlogging.log(10, 'text')", ""],
    [
      "import mlflow\nmlflow.log_metric('test_acc', 1)\nmlflow.log_metrics({'a': 1}, step=2)",
      "validation/test_acc training/a",
    ],
    ["from mlflow import MlflowClient\nMlflowClient().log_metric(run_id, 'a', 1)", "training/a"],
    ["from accelerate import Accelerator\na = Accelerator()\na.log({'loss': 1}, step=2)", "training/loss"],
    ["class T(PyTorchTrial):\n  pass", ""],
    [
      "from determined.pytorch import PyTorchTrial\nclass T(PyTorchTrial):\n  def train_batch(self): return {'loss': 1}\n  def evaluate_batch(self): return {'acc': 1}",
      "training/loss validation/acc",
    ],
  ])("%j", (text, expected) => {
    expect(metricsOf(text).join(" ")).toBe(expected);
  });

  it("Lightning: the method says the group, both on_ flags make two names", () => {
    const text = `import lightning as L
class M(L.LightningModule):
    def training_step(self, batch):
        self.log("loss", 1, on_step=True, on_epoch=True)
        self.log("hidden", 1, logger=False)
        self.shared()
    def validation_step(self, batch):
        self.log_dict({"loss": 1, "epoch": 2})
    def shared(self):
        self.log("acc", 1)
`;
    expect(metricsOf(text)).toEqual([
      "training/loss_step",
      "training/loss_epoch",
      "validation/loss",
      "?/acc",
    ]);
  });

  it("Keras: the loss and the metrics, of validation too where it validates", () => {
    const compile = "import keras\nm.compile('adam', loss='mse', metrics=['mae', keras.metrics.AUC()])\n";
    expect(metricsOf(`${compile}m.fit(x, y)`)).toEqual(["training/loss", "training/mae", "training/auc"]);
    expect(metricsOf(`${compile}m.fit(x, y, validation_data=v)`)).toContain("validation/val_mae");
  });

  it.each([
    ["from transformers import Trainer\nTrainer(m).train()", true],
    ["import mlflow\nmlflow.autolog()", true],
    ["import csv\ncsv.writer(f)", true],
    ["print(f'epoch {i} loss={loss}')", true],
    ["import trainyard\nprint(1)\ntrainyard.report(1, loss=2)", false],
    ["w.add_scalar(name, 1)", true],
    ["from torch.utils.tensorboard import SummaryWriter as S\nw = S('a')\nw.add_scalar('a', 1)", false],
  ])("whether there are others: %j", (text, expected) => {
    expect(factsOf(text).reportsAnyMetric).toBe(expected);
  });
});
