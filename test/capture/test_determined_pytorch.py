"""PyTorchTrial and its Trainer, with the real torch, old and new."""

import os

from determined_runs import DeterminedRuns

MODEL = """
import torch, time
from torch import nn
from determined import pytorch

class Slow(pytorch.PyTorchCallback):
    told = []
    def on_training_epoch_end(self, epoch_idx):
        self.told.append(epoch_idx)
    def on_checkpoint_upload_end(self, uuid):
        print("stored", flush=True)
    def state_dict(self):
        return {"told": list(self.told)}
    def load_state_dict(self, state):
        self.told[:] = state["told"]

class Trial(pytorch.PyTorchTrial):
    def __init__(self, context):
        self.context = context
        self.data = torch.utils.data.TensorDataset(torch.arange(64.0).reshape(64, 1) / 64, torch.arange(64.0).reshape(64, 1))
        self.model = context.wrap_model(nn.Sequential(nn.Linear(1, 8), nn.Dropout(0.1), nn.Linear(8, 1)))
        self.optimizer = context.wrap_optimizer(torch.optim.SGD(self.model.parameters(), lr=context.get_hparam("lr"), momentum=0.9))
        context.wrap_lr_scheduler(
            torch.optim.lr_scheduler.StepLR(self.optimizer, 1, 0.9), pytorch.LRScheduler.StepMode.STEP_EVERY_EPOCH
        )
        self.worst = context.wrap_reducer(max, name="worst", for_training=False)
        assert context.get_per_slot_batch_size() == 8 // context.distributed.size
    def build_training_data_loader(self):
        return pytorch.DataLoader(self.data, batch_size=self.context.get_per_slot_batch_size(), shuffle=True)
    def build_validation_data_loader(self):
        return pytorch.DataLoader(self.data, batch_size=self.context.get_per_slot_batch_size())
    def train_batch(self, batch, epoch_idx, batch_idx):
        x, y = batch
        loss = nn.functional.mse_loss(self.model(x), y)
        self.context.backward(loss)
        self.context.step_optimizer(self.optimizer, clip_grads=lambda p: nn.utils.clip_grad_norm_(p, 1.0))
        time.sleep(float(PACE))
        return {"loss": loss, "lr": self.optimizer.param_groups[0]["lr"]}
    def evaluate_batch(self, batch):
        x, y = batch
        loss = nn.functional.mse_loss(self.model(x), y)
        self.worst.update(loss.item())
        return {"validation_loss": loss}
    def build_callbacks(self):
        return {"slow": Slow()}
"""
SCRIPT = (
    MODEL
    + """
import determined as det, hashlib
info = det.get_cluster_info()
with pytorch.init() as context:
    trial = Trial(context)
    trainer = pytorch.Trainer(trial, context)
    trainer.fit(
        max_length=pytorch.Epoch(4), reporting_period=pytorch.Batch(4), validation_period=pytorch.Epoch(1),
        checkpoint_period=pytorch.Batch(5), checkpoint_policy="none", latest_checkpoint=info.latest_checkpoint,
    )
    weights = b"".join(p.detach().numpy().tobytes() for p in trial.model.parameters())
    print("weights", hashlib.sha256(weights).hexdigest(), Slow.told, flush=True)
"""
)
HPARAMS = {"lr": 0.05, "global_batch_size": 8}


class Trials(DeterminedRuns):
    environment = "new"

    def test_trained_and_continued_to_the_same_bits(self):
        whole = self.run_determined(SCRIPT.replace("PACE", "0"), hyperparameters=HPARAMS)
        found = self.metrics(whole)
        self.assertEqual([step for step, _ in found["training", "loss"]], list(range(4, 33, 4)))
        self.assertEqual([step for step, _ in found["validation", "validation_loss"]], [8, 16, 24, 32])
        self.assertEqual(found["validation", "epochs"], [(8, 1), (16, 2), (24, 3), (32, 4)])
        self.assertTrue(all(value >= mean for (_, value), (_, mean) in
                            zip(found["validation", "worst"], found["validation", "validation_loss"])))  # fmt: skip
        self.assertLess(found["training", "lr"][-1][1], found["training", "lr"][0][1])
        self.assertEqual([event["step"] for event in self.events(whole, "checkpoint")], [5, 10, 15, 20, 25, 30, 32])

        part = self.make(SCRIPT.replace("PACE", "0.1"), name="1.2.1", hyperparameters=HPARAMS, configuration={})
        self.start(part)
        self.say(part, "stored")
        self.control(part, 1, "pause")
        ended = self.finish(part)
        self.assertEqual((ended["code"], ended["acknowledged"]["action"]), (0, "pause"))
        last = self.events(part, "checkpoint")[-1]
        self.assertLess(last["step"], 32)
        rest = self.run_determined(
            SCRIPT.replace("PACE", "0"), name="1.2.2", attempt=2, hyperparameters=HPARAMS,
            latestCheckpoint={"uuid": last["uuid"], "step": last["step"]},
        )  # fmt: skip
        weights = [line for line in self.text(whole, "stdout.log").splitlines() if line.startswith("weights")]
        self.assertEqual([line for line in self.text(rest, "stdout.log").splitlines() if "weights" in line], weights)
        self.assertIn("[0, 1, 2, 3]", weights[0])


class TrialsOld(DeterminedRuns):
    environment = "old"

    def test_trained(self):
        found = self.metrics(self.run_determined(SCRIPT.replace("PACE", "0"), hyperparameters=HPARAMS))
        self.assertEqual([step for step, _ in found["training", "loss"]], list(range(4, 33, 4)))
        self.assertEqual([step for step, _ in found["validation", "worst"]], [8, 16, 24, 32])


class ByConfiguration(DeterminedRuns):
    """What a `module:Class` entrypoint becomes, in two ranks."""

    environment = "new"

    def test_two_ranks(self):
        run_dir = self.make(
            "",
            entrypoint={
                "kind": "command",
                "argv": ["python3", "-m", "determined.launch.torch_distributed", "--trial", "model_def:Trial"],
                "interpreter": self.python(),
            },
            slots=self.slots(2),
            hyperparameters=HPARAMS,
            configuration={
                "entrypoint": "model_def:Trial",
                "searcher": {"name": "single", "metric": "validation_loss", "max_length": {"epochs": 2}},
                "min_validation_period": {"batches": 4},
                "scheduling_unit": 2,
            },
        )
        with open(os.path.join(run_dir, "work", "model_def.py"), "w") as file:
            file.write(MODEL.replace("PACE", "0"))
        self.start(run_dir)
        self.assertEqual(self.finish(run_dir)["code"], 0, self.text(run_dir, "stderr.log"))
        found = self.metrics(run_dir)
        self.assertEqual([step for step, _ in found["training", "loss"]], list(range(2, 17, 2)))
        self.assertEqual([step for step, _ in found["validation", "validation_loss"]], [4, 8, 12, 16])
        self.assertEqual(self.events(run_dir, "checkpoint")[-1]["step"], 16)
