"""The digits of train.py in PyTorch: reports, checkpoints, resumes, stops when asked.

    python train_torch.py --epochs 60 --lr 0.02

On a GPU if there is one. On a CPU it goes on from a checkpoint bit for bit with the same number of threads.
"""

import torch
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from torch import nn

import trainyard


def load_data(device):
    """Images of 1 x 8 x 8, scaled to 0..1, and their digits: training and validation."""
    images, digits = load_digits(return_X_y=True)
    images = (images / 16).astype("float32").reshape(-1, 1, 8, 8)
    parts = train_test_split(images, digits, test_size=0.2, random_state=0, stratify=digits)
    return [torch.from_numpy(part).to(device) for part in parts]


def make_model(width):
    return nn.Sequential(
        nn.Conv2d(1, width, 3, padding=1),
        nn.ReLU(),
        nn.Conv2d(width, 2 * width, 3, padding=1),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(2 * width * 16, 128),
        nn.ReLU(),
        nn.Linear(128, 10),
    )


def batch_of(step, steps_per_epoch, batch_size, size, seed):
    """Which examples this step takes: from the seed and the step alone, so that any step can be gone on from."""
    epoch, batch = divmod(step, steps_per_epoch)
    order = torch.randperm(size, generator=torch.Generator().manual_seed(seed * 1_000_003 + epoch))
    return order[batch * batch_size : (batch + 1) * batch_size]


@torch.no_grad()
def evaluate(model, x, y):
    """Mean loss and accuracy."""
    scores = model(x)
    return nn.functional.cross_entropy(scores, y), (scores.argmax(dim=1) == y).float().mean()


def main():
    run = trainyard.init()
    epochs = trainyard.param("epochs", 60)
    lr = trainyard.param("lr", 0.02)
    momentum = trainyard.param("momentum", 0.9)
    batch_size = trainyard.param("batch_size", 32)
    width = trainyard.param("width", 16)

    torch.manual_seed(run.seed)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    x, x_val, y, y_val = load_data(device)
    model = make_model(width).to(device)
    optimizer = torch.optim.SGD(model.parameters(), lr=lr, momentum=momentum)
    steps_per_epoch = len(x) // batch_size
    step = 0
    if run.latest_checkpoint:
        state = torch.load(run.latest_checkpoint / "state.pt", map_location=device)
        model.load_state_dict(state["model"])
        optimizer.load_state_dict(state["optimizer"])
        step = state["step"]
        print("going on from step", step, flush=True)

    while step < epochs * steps_per_epoch:
        chosen = batch_of(step, steps_per_epoch, batch_size, len(x), run.seed)
        loss = nn.functional.cross_entropy(model(x[chosen]), y[chosen])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        step += 1
        run.report(step, loss=loss)

        end_of_epoch = step % steps_per_epoch == 0
        if end_of_epoch:
            val_loss, accuracy = evaluate(model, x_val, y_val)
            run.validate(step, val_loss=val_loss, accuracy=accuracy)
            run.progress(step / (epochs * steps_per_epoch))
            print("step %d, validation loss %.4f, accuracy %.2f %%" % (step, val_loss, 100 * accuracy), flush=True)
        stop = run.should_stop()
        if end_of_epoch or stop:
            with run.checkpoint(step) as path:
                state = {"model": model.state_dict(), "optimizer": optimizer.state_dict(), "step": step}
                torch.save(state, path / "state.pt")
        if stop:
            print("asked to stop, leaving after step", step)
            return


if __name__ == "__main__":
    main()
