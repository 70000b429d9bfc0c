"""Programs that start a script's processes: `python3 -m determined.launch.torch_distributed python3 train.py`."""
