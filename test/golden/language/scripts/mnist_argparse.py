"""PyTorch's MNIST example, with TensorBoard."""

from __future__ import print_function

import argparse
import random

import numpy as np
import torch
import torch.nn.functional as F
import torch.optim as optim
from torch.utils.data import DataLoader
from torch.utils.tensorboard import SummaryWriter
from torchvision import datasets, transforms

from model import Net


def train(args, model, device, train_loader, optimizer, epoch, writer):
    model.train()
    for batch_idx, (data, target) in enumerate(train_loader):
        data, target = data.to(device), target.to(device)
        optimizer.zero_grad()
        loss = F.nll_loss(model(data), target)
        loss.backward()
        optimizer.step()
        if batch_idx % args.log_interval == 0:
            step = (epoch - 1) * len(train_loader) + batch_idx
            writer.add_scalar("train/loss", loss.item(), step)
            for i, group in enumerate(optimizer.param_groups):
                writer.add_scalar(f"lr/group{i}", group["lr"], step)


def test(model, device, test_loader, writer, epoch):
    loss, accuracy = model.evaluate(test_loader, device)
    writer.add_scalars("test", {"loss": loss, "accuracy": accuracy}, global_step=epoch)
    return accuracy


def parse():
    parser = argparse.ArgumentParser(description="PyTorch MNIST Example")
    parser.add_argument("data", help="folder of the data")
    training = parser.add_argument_group("training")
    training.add_argument("--batch-size", type=int, default=64, metavar="N")
    training.add_argument("--epochs", type=int, default=14)
    training.add_argument("--learning-rate", "--lr", "-l", type=float, default=1.0)
    training.add_argument("--gamma", type=float, default=0.7, dest="lr_decay")
    training.add_argument("--optimizer", choices=["sgd", "adam", 'adadelta'], default="adadelta")
    parser.add_argument("--no-cuda", action="store_true", default=False)
    parser.add_argument("--amp", action=argparse.BooleanOptionalAction, default=True)
    parser.add_argument("--betas", type=float, nargs=2, default=[0.9, 0.999])
    parser.add_argument("-v", "--verbose", action="count", default=0)
    parser.add_argument("--log-interval", type=int, default=10)
    parser.add_argument("--save-model", action="store_true")
    parser.add_argument("--seed", type=int)
    return parser.parse_args()


def main():
    args = parse()
    if args.seed is not None:
        random.seed(args.seed)
        torch.manual_seed(args.seed)
    device = torch.device("cuda" if torch.cuda.is_available() and not args.no_cuda else "cpu")
    data = datasets.MNIST(args.data, train=True, download=True, transform=transforms.ToTensor())
    indices = np.random.permutation(len(data))[:10_000]
    train_loader = DataLoader(torch.utils.data.Subset(data, indices), batch_size=args.batch_size, shuffle=True)
    test_loader = DataLoader(datasets.MNIST(args.data, train=False), batch_size=1000)
    model = Net(dropout=0.25).to(device)
    optimizer = optim.Adadelta(model.parameters(), lr=args.learning_rate)
    scheduler = optim.lr_scheduler.StepLR(optimizer, step_size=1, gamma=args.lr_decay)
    writer = SummaryWriter()
    for epoch in range(1, args.epochs + 1):
        train(args, model, device, train_loader, optimizer, epoch, writer)
        accuracy = test(model, device, test_loader, writer, epoch)
        scheduler.step()
    writer.add_hparams(vars(args), {"hparam/accuracy": accuracy})
    if args.save_model:
        torch.save(model.state_dict(), "mnist_cnn.pt")


if __name__ == "__main__":
    main()
