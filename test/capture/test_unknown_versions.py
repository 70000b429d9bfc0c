"""Versions of the frameworks that have none of what is wrapped: said once for each part, and the script goes on."""

import os
import sys
import unittest

from libraries import Captured

MODULES = """
lightning.pytorch.trainer.connectors.logger_connector.logger_connector
lightning.pytorch.trainer.trainer
lightning.pytorch.loops.training_epoch_loop
lightning.pytorch.loops.fit_loop
lightning.fabric.plugins.io.torch_io
transformers.trainer
transformers.trainer_callback
keras.src.callbacks.callback_list
keras.src.callbacks.backup_and_restore
keras.src.callbacks.tensorboard
""".split()


class UnknownVersions(Captured):
    def python(self):
        return sys.executable

    def test_each_part_is_said_once(self):
        script = "import %s\nimport %s\nprint('trained', flush=True)\n" % (", ".join(MODULES), MODULES[0])
        run_dir = self.make(script)
        for module in MODULES:
            path = os.path.join(run_dir, "work", *module.split(".")) + ".py"
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "w") as file:
                file.write("class Trainer:\n    pass\n")
            for depth in range(1, module.count(".") + 1):
                open(os.path.join(run_dir, "work", *module.split(".")[:depth], "__init__.py"), "w").close()
        self.good_end(run_dir)
        self.assertEqual(self.text(run_dir, "stdout.log"), "trained\n")
        said = self.warnings(run_dir)
        self.assertEqual(sorted(said), sorted("capture %.60s" % module for module in MODULES))
        self.assertIn("is not captured: this version is not known to Trainyard", said["capture transformers.trainer"])


if __name__ == "__main__":
    unittest.main()
