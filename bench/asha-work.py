"""Trains multilayer perceptrons on scikit-learn's digits, and prints the validation loss of each after each epoch.

    python3 bench/asha-work.py CONFIGURATIONS.json EPOCHS PART OF_PARTS

CONFIGURATIONS.json is a list of {lr, momentum, weight_decay, width, batch_size, seed}; this process trains every
OF_PARTS-th of them, from PART on. One line for each: {"index": 7, "losses": [...]}, with null for what is no finite number.
"""

import json
import math
import sys

import numpy as np
from sklearn.datasets import load_digits

TRAINED_ON = 1200  # of 1797; the others say how good it is


def load():
    digits = load_digits()
    inputs = (digits.data / 16.0).astype(np.float32)
    order = np.random.default_rng(0).permutation(len(inputs))
    inputs, labels = inputs[order], digits.target[order]
    return inputs[:TRAINED_ON], labels[:TRAINED_ON], inputs[TRAINED_ON:], labels[TRAINED_ON:]


def loss_of(inputs, labels, w1, b1, w2, b2):
    scores = np.maximum(inputs @ w1 + b1, 0) @ w2 + b2
    scores -= scores.max(axis=1, keepdims=True)
    log_sums = np.log(np.exp(scores).sum(axis=1))
    return float((log_sums - scores[np.arange(len(labels)), labels]).mean())


def train(configuration, data, epochs):
    """Stochastic gradient descent with Nesterov's momentum on the cross-entropy of one hidden layer (ReLU)."""
    inputs, labels, validation_inputs, validation_labels = data
    rng = np.random.default_rng(configuration["seed"])
    width, batch = configuration["width"], configuration["batch_size"]
    lr, momentum, decay = (np.float32(configuration[name]) for name in ("lr", "momentum", "weight_decay"))
    w1 = rng.normal(0, math.sqrt(2 / 64), (64, width)).astype(np.float32)
    w2 = rng.normal(0, math.sqrt(1 / width), (width, 10)).astype(np.float32)
    b1, b2 = np.zeros(width, np.float32), np.zeros(10, np.float32)
    weights = [w1, b1, w2, b2]
    speeds = [np.zeros_like(each) for each in weights]
    targets = np.eye(10, dtype=np.float32)[labels]
    losses = []
    for _ in range(epochs):
        order = rng.permutation(len(inputs))
        for start in range(0, len(order), batch):
            chosen = order[start : start + batch]
            x, y = inputs[chosen], targets[chosen]
            hidden = np.maximum(x @ w1 + b1, 0)
            scores = hidden @ w2 + b2
            scores -= scores.max(axis=1, keepdims=True)
            share = np.exp(scores)
            share /= share.sum(axis=1, keepdims=True)
            error = (share - y) / np.float32(len(chosen))
            back = (error @ w2.T) * (hidden > 0)
            slopes = (x.T @ back + decay * w1, back.sum(axis=0), hidden.T @ error + decay * w2, error.sum(axis=0))
            for weight, speed, slope in zip(weights, speeds, slopes):
                speed *= momentum
                speed -= lr * slope
                weight += momentum * speed - lr * slope
        loss = loss_of(validation_inputs, validation_labels, *weights)
        losses.append(loss if math.isfinite(loss) else None)
        if losses[-1] is None:  # what is no number any more does not become one again
            losses += [None] * (epochs - len(losses))
            break
    return losses


def main():
    path, epochs, part, parts = sys.argv[1], *map(int, sys.argv[2:5])
    with open(path, encoding="utf-8") as file:
        configurations = json.load(file)
    data = load()
    np.seterr(all="ignore")
    for index in range(part, len(configurations), parts):
        losses = train(configurations[index], data, epochs)
        print(json.dumps({"index": index, "losses": losses}), flush=True)


if __name__ == "__main__":
    main()
