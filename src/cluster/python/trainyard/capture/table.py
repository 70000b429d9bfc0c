"""Which module is wrapped by what, when the script imports it: (module, part, "file:function" in libraries/).

`part` is one of install.PARTS. The function gets the module, just executed. It may raise: then that is said once in the
run's log, and the rest of the library is captured all the same.
"""

HOOKS = (
    ("torch.optim.optimizer", "metrics", "torch_optim:watch"),
    ("torch.utils.tensorboard.writer", "metrics", "tensorboard:wrap_writer"),
    ("lightning.pytorch.trainer.connectors.logger_connector.logger_connector", "metrics", "lightning:wrap_logger_connector"),
    ("lightning.pytorch.loops.training_epoch_loop", "metrics", "lightning:wrap_epoch_loop"),
    ("lightning.pytorch.trainer.trainer", "parameters", "lightning:wrap_trainer"),
    ("lightning.pytorch.trainer.trainer", "checkpoints", "lightning_state:wrap_resume"),
    ("lightning.pytorch.trainer.trainer", "preemption", "lightning_state:wrap_trainer"),
    ("lightning.pytorch.loops.training_epoch_loop", "preemption", "lightning_state:wrap_epoch_loop"),
    ("lightning.pytorch.loops.fit_loop", "preemption", "lightning_state:wrap_fit_loop"),
    ("lightning.fabric.plugins.io.torch_io", "checkpoints", "lightning_state:wrap_checkpoint_io"),
    ("pytorch_lightning.trainer.connectors.logger_connector.logger_connector", "metrics", "lightning:wrap_logger_connector"),
    ("pytorch_lightning.loops.training_epoch_loop", "metrics", "lightning:wrap_epoch_loop"),
    ("pytorch_lightning.trainer.trainer", "parameters", "lightning:wrap_trainer"),
    ("pytorch_lightning.trainer.trainer", "checkpoints", "lightning_state:wrap_resume"),
    ("pytorch_lightning.trainer.trainer", "preemption", "lightning_state:wrap_trainer"),
    ("pytorch_lightning.loops.training_epoch_loop", "preemption", "lightning_state:wrap_epoch_loop"),
    ("pytorch_lightning.loops.fit_loop", "preemption", "lightning_state:wrap_fit_loop"),
    ("lightning_fabric.plugins.io.torch_io", "checkpoints", "lightning_state:wrap_checkpoint_io"),
    ("transformers.trainer", "metrics", "transformers:wrap_trainer"),
    ("transformers.trainer", "checkpoints", "transformers_state:wrap_checkpoints"),
    ("transformers.trainer", "preemption", "transformers_state:wrap_trainer"),
    ("transformers.trainer_callback", "preemption", "transformers_state:wrap_callbacks"),
    ("transformers.trainer_callback", "metrics", "transformers:wrap_progress"),
    ("transformers.trainer_callback", "parameters", "transformers:wrap_parameters"),
    ("keras.src.callbacks.callback_list", "metrics", "keras:wrap_callbacks"),
    ("keras.src.callbacks.backup_and_restore", "checkpoints", "keras_state:wrap_backup"),
    ("keras.src.callbacks.callback_list", "preemption", "keras_state:wrap_callbacks"),
    ("keras.src.callbacks.tensorboard", "metrics", "keras:wrap_tensorboard"),
    ("torch.serialization", "checkpoints", "saves:wrap_torch"),
    ("safetensors.torch", "checkpoints", "saves:wrap_safetensors"),
    ("safetensors.numpy", "checkpoints", "saves:wrap_safetensors"),
    ("joblib.numpy_pickle", "checkpoints", "saves:wrap_joblib"),
    ("keras.src.saving.saving_api", "checkpoints", "saves:wrap_keras"),
    ("torch.utils.data.dataloader", "timing", "torch_loader:wrap_loader"),
)
