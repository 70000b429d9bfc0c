"""Handwritten digits with a small neural network in numpy: reports, checkpoints, resumes, stops when asked.

    python train.py --epochs 40 --lr 0.01

Run it here, or submit it with Trainyard. It goes on from a checkpoint bit for bit, on the same machine with the same
number of threads: everything random comes from the seed, the epoch and the batch.
"""

import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

import trainyard


def load_data():
    """Images of 8 x 8 pixels, scaled to 0..1, and their digits: training and validation."""
    images, digits = load_digits(return_X_y=True)
    images = (images / 16).astype(np.float32)
    return train_test_split(images, digits, test_size=0.2, random_state=0, stratify=digits)


def augment(images, rng):
    """Moves each image by up to one pixel and adds noise, so that it is not learned by heart."""
    moved = np.empty_like(images).reshape(-1, 8, 8)
    padded = np.pad(images.reshape(-1, 8, 8), ((0, 0), (1, 1), (1, 1)))
    for i, (y, x) in enumerate(rng.integers(0, 3, size=(len(images), 2))):
        moved[i] = padded[i, y : y + 8, x : x + 8]
    noise = rng.normal(0, 0.15, size=images.shape).astype(np.float32)
    return moved.reshape(len(images), 64) + noise


class Network:
    """Three dense layers with ReLU, trained by stochastic gradient descent with momentum."""

    def __init__(self, hidden, seed):
        rng = np.random.default_rng(seed)
        sizes = [64, hidden, hidden, 10]
        self.weights = []
        for inputs, outputs in zip(sizes, sizes[1:]):
            scale = np.sqrt(2 / inputs)
            self.weights.append(rng.normal(0, scale, size=(inputs, outputs)).astype(np.float32))
            self.weights.append(np.zeros(outputs, dtype=np.float32))
        self.velocity = [np.zeros_like(weight) for weight in self.weights]

    def forward(self, x):
        """All layers' activations; the last are log-probabilities."""
        w1, b1, w2, b2, w3, b3 = self.weights
        h1 = np.maximum(x @ w1 + b1, 0)
        h2 = np.maximum(h1 @ w2 + b2, 0)
        scores = h2 @ w3 + b3
        scores -= scores.max(axis=1, keepdims=True)
        return h1, h2, scores - np.log(np.exp(scores).sum(axis=1, keepdims=True))

    def train_step(self, x, y, lr, momentum, weight_decay):
        """One step; returns the batch's loss before it."""
        h1, h2, logs = self.forward(x)
        _, _, w2, _, w3, _ = self.weights
        d3 = np.exp(logs)
        d3[np.arange(len(y)), y] -= 1
        d3 /= len(y)
        d2 = (d3 @ w3.T) * (h2 > 0)
        d1 = (d2 @ w2.T) * (h1 > 0)
        gradients = [x.T @ d1, d1.sum(0), h1.T @ d2, d2.sum(0), h2.T @ d3, d3.sum(0)]
        for weight, velocity, gradient in zip(self.weights, self.velocity, gradients):
            velocity *= momentum
            velocity -= lr * (gradient + weight_decay * weight)
            weight += velocity
        return -logs[np.arange(len(y)), y].mean()

    def evaluate(self, x, y):
        """Mean loss and accuracy."""
        logs = self.forward(x)[2]
        return -logs[np.arange(len(y)), y].mean(), (logs.argmax(axis=1) == y).mean()


def save(path, network, step):
    arrays = {"step": np.array(step)}
    arrays.update({"weight%d" % i: weight for i, weight in enumerate(network.weights)})
    arrays.update({"velocity%d" % i: velocity for i, velocity in enumerate(network.velocity)})
    np.savez(path / "network.npz", **arrays)


def load(path, network):
    """Puts a checkpoint's weights into the network; returns the number of steps that were done."""
    with np.load(path / "network.npz") as arrays:
        network.weights = [arrays["weight%d" % i] for i in range(6)]
        network.velocity = [arrays["velocity%d" % i] for i in range(6)]
        return int(arrays["step"])


def main():
    run = trainyard.init()
    epochs = trainyard.param("epochs", 40)
    lr = trainyard.param("lr", 0.01)
    momentum = trainyard.param("momentum", 0.9)
    weight_decay = trainyard.param("weight_decay", 1e-4)
    batch_size = trainyard.param("batch_size", 16)
    hidden = trainyard.param("hidden", 256)
    if not 0 < lr < 10:
        raise trainyard.InvalidHP("lr is %s; it should be between 0 and 10" % lr)

    x, x_val, y, y_val = load_data()
    network = Network(hidden, run.seed)
    steps_per_epoch = len(x) // batch_size
    step = 0
    if run.latest_checkpoint:
        step = load(run.latest_checkpoint, network)
        print("going on from step", step, flush=True)

    while step < epochs * steps_per_epoch:
        epoch, batch = divmod(step, steps_per_epoch)
        order = np.random.default_rng([run.seed, epoch]).permutation(len(x))
        chosen = order[batch * batch_size : (batch + 1) * batch_size]
        images = augment(x[chosen], np.random.default_rng([run.seed, epoch, batch]))
        loss = network.train_step(images, y[chosen], lr, momentum, weight_decay)
        step += 1
        run.report(step, loss=loss)

        end_of_epoch = step % steps_per_epoch == 0
        if end_of_epoch:
            val_loss, accuracy = network.evaluate(x_val, y_val)
            run.validate(step, val_loss=val_loss, accuracy=accuracy)
            run.progress(step / (epochs * steps_per_epoch))
            print(
                "epoch %d of %d, validation loss %.4f, accuracy %.2f %%"
                % (epoch + 1, epochs, val_loss, 100 * accuracy),
                flush=True,
            )
        stop = run.should_stop()
        if end_of_epoch or stop:
            with run.checkpoint(step, epoch=epoch + 1) as path:
                save(path, network, step)
        if stop:
            print("asked to stop, leaving after step", step)
            return


if __name__ == "__main__":
    main()
