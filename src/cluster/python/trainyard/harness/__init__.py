"""The harness: what `import trainyard` gives to a training script."""
