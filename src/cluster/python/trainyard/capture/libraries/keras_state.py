"""Keras's BackupAndRestore: its folder is captured, and after a backup the script leaves when the pool asks.

The next run has the folder again, and the callback goes on from it. Of a script without that callback nothing is known of how it
goes on: the rule for plain scripts holds, after its next captured checkpoint.
"""

from __future__ import annotations

from typing import Any

from .. import checkpoints, trainings
from ..saves import after_save
from ..working import working_directory
from ..wrap import beside

SOURCE = "keras"
_has_backup = False
"""Whether one was captured of the callbacks that run now."""


def wrap_backup(module: Any) -> None:
    after_save(module.BackupAndRestore, "_save_model", SOURCE, _folder)


def _folder(args: tuple, kwargs: dict) -> Any:
    global _has_backup
    _has_backup = working_directory().has_inside(args[0].backup_dir)
    return args[0].backup_dir


def wrap_callbacks(module: Any) -> None:
    """At the end of all callbacks, so that a ModelCheckpoint that comes later has saved, too."""
    for name in ("on_train_batch_end", "on_epoch_end"):
        beside(module.CallbackList, name, SOURCE, _leave_if_asked)


def _leave_if_asked(result: Any, args: tuple, kwargs: dict) -> None:
    global _has_backup
    if not _has_backup:
        return
    _has_backup = False
    if trainings.is_due():
        checkpoints.leave("Keras has stored a backup, and the pool asks to leave")
