import random

import click
import torch
import wandb
from accelerate import Accelerator
from accelerate.utils import set_seed


def evaluate(model):
    return {"val/loss": 0.3, "val/accuracy": 0.9}


@click.group()
def cli():
    pass


@cli.command()
@click.option("--lr", "--learning-rate", "-l", default=1e-3, show_default=True, help="learning rate")
@click.option("--batch-size", type=click.IntRange(1, 4096), default=32)
@click.option("--optimizer", "optimizer_name", type=click.Choice(["adam", "sgd"]), default="adam")
@click.option("--amp/--no-amp", default=True)
@click.option("--shuffle", is_flag=True)
@click.option("--Layers", default=(64, 64), multiple=True, type=int)
@click.argument("data", type=click.Path(exists=True))
def train(lr, batch_size, optimizer_name, amp, shuffle, layers, data):
    run = wandb.init(project="digits", config=dict(lr=lr, batch_size=batch_size))
    accelerator = Accelerator(log_with="wandb")
    model = torch.nn.Linear(64, 10)
    warm_up, DECAY = 100, -1e-4
    for step in range(1_000):
        loss = random.random()
        run.log({"loss": loss, "timing": {"forward": 0.1}}, step=step)
        if step % 100 == 0:
            metrics = evaluate(model)
            metrics.update(epoch=step // 100)
            wandb.log(metrics, step=step)
            accelerator.log({"grad_norm": 1.0}, step=step)
    wandb.log({f"final/{k}": v for k, v in metrics.items()})


if __name__ == "__main__":
    set_seed(7)
    cli()
