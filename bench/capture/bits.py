"""A seeded training with torch.save, a DataLoader with shuffling, dropout and TensorBoard: prints the digest of its weights."""

import hashlib
import random
import sys

import numpy
import torch
from torch.utils.tensorboard import SummaryWriter

random.seed(1), numpy.random.seed(1), torch.manual_seed(1)
torch.use_deterministic_algorithms(True)
torch.set_num_threads(1)
data = torch.utils.data.TensorDataset(torch.randn(512, 16), torch.randint(0, 4, (512,)))
loader = torch.utils.data.DataLoader(data, batch_size=32, shuffle=True)
model = torch.nn.Sequential(torch.nn.Linear(16, 64), torch.nn.ReLU(), torch.nn.Dropout(0.2), torch.nn.Linear(64, 4))
optimizer = torch.optim.AdamW(model.parameters(), lr=1e-2)
writer = SummaryWriter(sys.argv[1])
step = 0
for epoch in range(5):
    for x, y in loader:
        loss = torch.nn.functional.cross_entropy(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        writer.add_scalar("loss", loss, step)
        step += 1
    torch.save({"model": model.state_dict(), "optimizer": optimizer.state_dict()}, "last.pt")
digest = hashlib.sha256()
for tensor in model.state_dict().values():
    digest.update(tensor.numpy().tobytes())
digest.update(repr((random.random(), numpy.random.rand(), torch.rand(1).item())).encode())
print(digest.hexdigest(), flush=True)
