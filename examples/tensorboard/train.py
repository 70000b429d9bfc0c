"""A script that has never heard of Trainyard: PyTorch, TensorBoard, argparse, torch.save.

    python train.py --epochs 60 --lr 0.05

Submitted as it is, its scalars become live curves, its flags the run's hyperparameters, its files checkpoints.
"""

import argparse
import os

import torch
from sklearn.datasets import load_digits
from torch import nn
from torch.utils.data import DataLoader, TensorDataset, random_split
from torch.utils.tensorboard import SummaryWriter


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--epochs", type=int, default=60)
    parser.add_argument("--lr", type=float, default=0.05)
    parser.add_argument("--batch-size", type=int, default=32)
    parser.add_argument("--hidden", type=int, default=64)
    return parser.parse_args()


def load_data():
    images, digits = load_digits(return_X_y=True)
    data = TensorDataset(torch.tensor(images / 16, dtype=torch.float32), torch.tensor(digits))
    return random_split(data, [1437, 360], generator=torch.Generator().manual_seed(0))


@torch.no_grad()
def evaluate(model, loader):
    model.eval()
    loss = correct = count = 0
    for x, y in loader:
        scores = model(x)
        loss += nn.functional.cross_entropy(scores, y, reduction="sum").item()
        correct += (scores.argmax(dim=1) == y).sum().item()
        count += len(y)
    model.train()
    return loss / count, correct / count


def main():
    args = parse_arguments()
    torch.manual_seed(0)
    training, validation = load_data()
    loader = DataLoader(training, batch_size=args.batch_size, shuffle=True)
    model = nn.Sequential(nn.Linear(64, args.hidden), nn.ReLU(), nn.Dropout(0.1), nn.Linear(args.hidden, 10))
    optimizer = torch.optim.SGD(model.parameters(), lr=args.lr, momentum=0.9)
    first = step = 0
    if os.path.exists("last.pt"):
        state = torch.load("last.pt")
        model.load_state_dict(state["model"])
        optimizer.load_state_dict(state["optimizer"])
        first, step = state["epoch"] + 1, state["step"]
        print("going on after epoch", state["epoch"], flush=True)

    writer = SummaryWriter("logs")
    for epoch in range(first, args.epochs):
        for x, y in loader:
            loss = nn.functional.cross_entropy(model(x), y)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            step += 1
            writer.add_scalar("loss", loss, step)
        val_loss, accuracy = evaluate(model, DataLoader(validation, batch_size=256))
        writer.add_scalar("val_loss", val_loss, step)
        writer.add_scalar("val_accuracy", accuracy, step)
        state = {"model": model.state_dict(), "optimizer": optimizer.state_dict(), "epoch": epoch, "step": step}
        torch.save(state, "last.pt")
        print("epoch %d: validation loss %.4f, accuracy %.1f %%" % (epoch, val_loss, 100 * accuracy), flush=True)


if __name__ == "__main__":
    main()
