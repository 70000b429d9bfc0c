"""W&B without an account or a network: offline, when nothing says otherwise."""

from __future__ import annotations

import os
from typing import Any

from ..wrap import before

SOURCE = "wandb"
_SAID = ("WANDB_MODE", "WANDB_API_KEY", "WANDB_DISABLED", "WANDB_IDENTITY_TOKEN_FILE")
_has_key = False
"""Whether the script itself gave a key to wandb.login."""


def wrap_init(module: Any) -> None:
    before(module, "init", SOURCE, _before_init)


def wrap_login(module: Any) -> None:
    before(module, "login", SOURCE, _before_login)


def _before_init(args: tuple, kwargs: dict) -> None:
    is_anonymous = kwargs.get("anonymous") in ("must", "allow")
    if not (kwargs.get("mode") or is_anonymous or _says_mode(kwargs.get("settings"))):
        go_offline()


def _says_mode(settings: Any) -> bool:
    if isinstance(settings, dict):
        return bool(settings.get("mode") or settings.get("api_key"))
    if settings is None or getattr(settings, "api_key", None):
        return settings is not None
    # "online" is the default of each Settings; newer ones know what was set.
    return settings.mode != "online" or "mode" in getattr(settings, "model_fields_set", ())


def _before_login(args: tuple, kwargs: dict) -> None:
    global _has_key
    # Older versions have `anonymous` before the key.
    words = [value for value in args if type(value) is str] + [kwargs.get("key"), kwargs.get("anonymous")]
    if any(word and word != "never" for word in words):
        _has_key = True
    elif not kwargs.get("relogin"):
        go_offline()


def go_offline() -> None:
    if _has_key or any(os.environ.get(name) for name in _SAID) or _in_settings() or _in_netrc():
        return
    os.environ["WANDB_MODE"] = "offline"


def _in_settings() -> bool:
    """A settings file that names a key or a mode."""
    config = os.environ.get("WANDB_CONFIG_DIR") or os.path.join(os.path.expanduser("~"), ".config", "wandb")
    local = os.environ.get("WANDB_DIR") or "."
    for folder in (config, os.path.join(local, "wandb"), os.path.join(local, ".wandb")):
        for line in _text(os.path.join(folder, "settings")).splitlines():
            if line.partition("=")[0].strip() in ("mode", "api_key", "disabled"):
                return True
    return False


def _in_netrc() -> bool:
    """A login for W&B's host, or for the one of WANDB_BASE_URL."""
    host = os.environ.get("WANDB_BASE_URL", "").partition("://")[2].partition("/")[0].partition(":")[0]
    given = os.environ.get("NETRC")
    home = os.path.expanduser("~")
    for path in [given] if given else [os.path.join(home, ".netrc"), os.path.join(home, "_netrc")]:
        words = _text(path).split()
        for word, machine in zip(words, words[1:]):
            is_theirs = "wandb" in machine or "coreweave" in machine or machine.partition(":")[0] == host
            if word == "machine" and is_theirs:
                return True
    return False


def _text(path: str) -> str:
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read(1 << 20)
    except OSError:
        return ""
