#!/usr/bin/env python
"""Fine-tunes a classifier, as the examples of transformers do."""

import dataclasses
import logging
from dataclasses import dataclass, field
from typing import List, Literal, Optional

import numpy as np
from datasets import load_dataset
from transformers import (
    AutoModelForSequenceClassification,
    AutoTokenizer,
    HfArgumentParser,
    Trainer,
    TrainingArguments,
)

logger = logging.getLogger(__name__)


@dataclass
class SharedArguments:
    seed_data: int = 13


@dataclass
class DataArguments(SharedArguments):
    """What is trained on."""

    dataset_name: str = field(metadata={"help": "a name of the hub"})
    max_seq_length: int = field(default=128, metadata={"help": "tokens"})
    max_train_samples: Optional[int] = None
    languages: List[str] = field(default_factory=lambda: ["en"])
    split: Literal["train", "all"] = "train"


@dataclasses.dataclass(frozen=True)
class ModelArguments:
    model_name_or_path: str = "bert-base-uncased"
    dropout: float = 0.1
    freeze: "bool" = False
    temperature: float | None = field(default=1.0)


@dataclass
class Unused:
    nobody: int = 1


def compute_metrics(prediction):
    return {"accuracy": (np.argmax(prediction.predictions, axis=1) == prediction.label_ids).mean()}


def main():
    parser = HfArgumentParser((ModelArguments, DataArguments, TrainingArguments))
    model_args, data_args, training_args = parser.parse_args_into_dataclasses()
    data = load_dataset(data_args.dataset_name)
    tokenizer = AutoTokenizer.from_pretrained(model_args.model_name_or_path)
    model = AutoModelForSequenceClassification.from_pretrained(model_args.model_name_or_path)
    trainer = Trainer(
        model=model,
        args=training_args,
        train_dataset=data["train"].shuffle(),
        eval_dataset=data["validation"],
        compute_metrics=compute_metrics,
        processing_class=tokenizer,
    )
    result = trainer.train()
    trainer.log_metrics("train", result.metrics)
    trainer.save_model()


if __name__ == "__main__":
    main()
