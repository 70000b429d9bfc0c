/** A training script of 2,000 lines and an experiment file of 500, as people write them. */

const PARAMETERS = 60;
export const SCRIPT_LINES = 2000;
export const FILE_LINES = 500;

export const parameterName = (index: number): string =>
  ["lr", "weight_decay", "dropout", "momentum", "batch_size", "hidden"][index] ?? `option_${index}`;

export function scriptText(): string {
  const lines = [
    '"""Trains an image classifier."""',
    ...["import argparse", "import math", "import os", "import random"],
    ...["import numpy as np", "import torch", "import torch.nn as nn", "import trainyard", ""],
  ];
  lines.push("def parse_args():", "    parser = argparse.ArgumentParser()");
  for (let index = 0; index < PARAMETERS; index++)
    lines.push(
      `    parser.add_argument("--${parameterName(index).replaceAll("_", "-")}", type=float, default=${(index + 1) / 1000}, help="number ${index}")`,
    );
  lines.push("    return parser.parse_args()", "");
  const tail = trainingLoop();
  for (let block = 0; lines.length + tail.length + 16 < SCRIPT_LINES; block++)
    lines.push(
      `class Block${block}(nn.Module):`,
      `    """Block number ${block}: attention, then two layers."""`,
      "",
      `    def __init__(self, width: int = ${32 + block}, heads: int = 4, rate: float = 0.1):`,
      "        super().__init__()",
      "        self.attention = nn.MultiheadAttention(width, heads, dropout=rate, batch_first=True)",
      "        self.layers = nn.Sequential(nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width))",
      "        self.scale = 1 / math.sqrt(width)",
      "",
      "    def forward(self, x, mask=None):",
      "        y, weights = self.attention(x, x, x, attn_mask=mask, need_weights=False)",
      "        if self.training and torch.isnan(y).any():",
      `            raise ValueError(f"block ${block}: not a number in {y.shape}")`,
      "        return x + self.scale * self.layers(y)",
      "",
    );
  while (lines.length + tail.length < SCRIPT_LINES) lines.push(`LIMIT_${lines.length} = ${lines.length}`);
  return `${[...lines, ...tail].join("\n")}\n`;
}

function trainingLoop(): string[] {
  return [
    "",
    "def main():",
    "    args = parse_args()",
    "    run = trainyard.init()",
    '    warmup = trainyard.param("warmup", 100)',
    "    model = nn.Sequential(Block0(), Block1(), Block2())",
    "    optimizer = torch.optim.AdamW(model.parameters(), lr=args.lr, weight_decay=args.weight_decay)",
    "    for step in range(1000):",
    "        batch = torch.randn(int(args.batch_size), 10, 32)",
    "        loss = (model(batch) ** 2).mean()",
    "        loss.backward()",
    "        optimizer.step()",
    "        run.report(step, loss=loss.item(), rate=args.lr)",
    "        if step % 100 == 0:",
    "            run.validate(step, val_loss=loss.item())",
    "",
    "",
    'if __name__ == "__main__":',
    "    main()",
  ];
}

export function fileText(): string {
  const head = [
    "name: bench",
    "entrypoint: python train.py",
    "searcher:",
    "  name: adaptive_asha",
    "  metric: val_loss",
    "  max_trials: 64",
    "  max_time: 1000",
    "resources:",
    "  slots_per_trial: 1",
    "data:",
    "  images: data/images",
    "hyperparameters:",
  ];
  const lines = [...head];
  for (let index = 0; lines.length < FILE_LINES; index++)
    lines.push(
      `  # What number ${index} is for.`,
      `  ${parameterName(index)}:`,
      "    type: log",
      "    base: 10",
      "    minval: -5",
      `    maxval: ${-1 - (index % 3)}`,
    );
  return `${lines.slice(0, FILE_LINES - 2).join("\n")}\n`;
}
