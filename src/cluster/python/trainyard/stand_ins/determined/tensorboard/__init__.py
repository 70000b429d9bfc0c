"""determined.tensorboard: the writer that trials use; what it writes stays with the run."""
