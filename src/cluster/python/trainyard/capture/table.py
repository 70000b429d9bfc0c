"""Which module is wrapped by what, when the script imports it: (module, part, "file:function" in libraries/).

`part` is one of install.PARTS. The function gets the module, just executed. It may raise: then that is said once in the
run's log, and the rest of the library is captured all the same.
"""

HOOKS = (
    ("torch.optim.optimizer", "metrics", "torch_optim:watch"),
    ("torch.utils.tensorboard.writer", "metrics", "tensorboard:wrap_writer"),
)
