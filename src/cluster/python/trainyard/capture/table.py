"""Which module is wrapped by what, when the script imports it: (module, part, "file:function" in libraries/).

`part` is one of install.PARTS. The function gets the module, just executed. It may raise: then that is said once in the
run's log, and the rest of the library is captured all the same.
"""

HOOKS = (
    ("torch.optim.optimizer", "metrics", "torch_optim:watch"),
    ("torch.utils.tensorboard.writer", "metrics", "tensorboard:wrap_writer"),
    ("tensorboardX.writer", "metrics", "tensorboard:wrap_tensorboard_x"),
    ("wandb.sdk.wandb_init", "metrics", "wandb_account:wrap_init"),
    ("wandb.sdk.wandb_login", "metrics", "wandb_account:wrap_login"),
    ("wandb.sdk.wandb_init", "metrics", "wandb:wrap_init"),
    ("wandb.sdk.wandb_init", "parameters", "wandb:wrap_init_config"),
    ("wandb.sdk.wandb_run", "metrics", "wandb:wrap_log"),
    ("wandb.sdk.wandb_run", "metrics", "wandb:wrap_names"),
    ("wandb.sdk.wandb_run", "metrics", "wandb:wrap_summary"),
    ("wandb.sdk.wandb_run", "parameters", "wandb:wrap_config"),
    ("wandb.sdk.lib.noop_run", "metrics", "wandb:wrap_disabled"),
    ("mlflow.tracking.fluent", "metrics", "mlflow:wrap_fluent"),
    ("mlflow.tracking.fluent", "parameters", "mlflow:wrap_fluent_parameters"),
    ("mlflow.tracking.client", "metrics", "mlflow:wrap_client"),
    ("mlflow.tracking.client", "parameters", "mlflow:wrap_client_parameters"),
    ("accelerate.accelerator", "metrics", "accelerate:wrap_log"),
    ("accelerate.accelerator", "parameters", "accelerate:wrap_config"),
    ("tensorflow.python.ops.summary_ops_v2", "metrics", "tensorflow:wrap_summary"),
    ("tensorboard.plugins.scalar.summary_v2", "metrics", "tensorflow:wrap_scalar"),
    ("tensorboard.plugins.hparams.summary_v2", "parameters", "tensorflow:wrap_hparams"),
    ("tqdm.std", "metrics", "tqdm:wrap_tqdm"),
    ("csv", "metrics", "csv:wrap_csv"),
    ("argparse", "parameters", "argparse:wrap_parser"),
    ("click.core", "parameters", "click:wrap_command"),
    ("hydra.core.utils", "parameters", "hydra:wrap_utils"),
    ("absl.flags._flagvalues", "parameters", "absl:wrap_flags"),
)
