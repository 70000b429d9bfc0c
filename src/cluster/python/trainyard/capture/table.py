"""Which module is wrapped by what, when the script imports it: (module, part, "file:function" in libraries/).

`part` is one of install.PARTS. The function gets the module, just executed. It may raise: then that is said once in the
run's log, and the rest of the library is captured all the same.
"""

HOOKS = (
    ("torch.optim.optimizer", "metrics", "torch_optim:watch"),
    ("torch.utils.tensorboard.writer", "metrics", "tensorboard:wrap_writer"),
    ("torch.serialization", "checkpoints", "saves:wrap_torch"),
    ("torch.distributed.checkpoint.state_dict_saver", "checkpoints", "saves:wrap_distributed"),
    ("safetensors.torch", "checkpoints", "saves:wrap_safetensors"),
    ("safetensors.numpy", "checkpoints", "saves:wrap_safetensors"),
    ("joblib.numpy_pickle", "checkpoints", "saves:wrap_joblib"),
    ("keras.src.saving.saving_api", "checkpoints", "saves:wrap_keras"),
    ("torch.utils.data.dataloader", "timing", "torch_loader:wrap_loader"),
)
