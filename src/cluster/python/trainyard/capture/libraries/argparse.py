"""argparse, and what is built on it (HfArgumentParser): the script's command line as parameters."""

from __future__ import annotations

from typing import Any, Iterator

from .. import sink
from ..wrap import after, argument
from .command_line import arguments, is_own, plain

SOURCE = "argparse"


def wrap_parser(module: Any) -> None:
    after(module.ArgumentParser, "parse_known_args", SOURCE, _parsed)


def _parsed(result: Any, args: tuple, kwargs: dict) -> None:
    # (self, args=None, namespace=None)
    parser = args[0]
    words = argument(args, kwargs, 1, "args")
    words = arguments() if words is None else list(words)
    # Hydra's parser knows nothing of the parameters (libraries/hydra.py does).
    if words != arguments() or not is_own() or parser.description == "Hydra":
        return
    given = _given(parser, words)
    flags: dict = {}
    defaults: dict = {}
    for name, value in list(vars(result[0]).items()):
        if not name.startswith("_"):
            (flags if name in given else defaults)[name] = plain(value)
    sink.parameters(SOURCE, defaults, "default")
    sink.parameters(SOURCE, flags, "flag")


def _given(parser: Any, words: list) -> set:
    """Where the words of a command line go. Parsing once more would tell exactly, and do once more what actions do."""
    found = set()
    prefix = parser.prefix_chars
    heads = [word.partition("=")[0] for word in words if word[:1] in prefix]
    for action in _actions(parser):
        options = action.option_strings
        if not options:
            if words:
                found.add(action.dest)
        elif any(_names(head, option) for option in options for head in heads):
            found.add(action.dest)
    return found


def _names(head: str, option: str) -> bool:
    """--lr, its abbreviation --l, and -b32 for -b."""
    if head == option:
        return True
    if option[:1] == option[1:2]:
        return len(head) > 2 and option.startswith(head)
    return len(option) == 2 and head.startswith(option) and head[1:2] != head[:1]


def _actions(parser: Any, depth: int = 0) -> Iterator:
    for action in parser._actions:
        yield action
        choices = getattr(action, "choices", None)
        if isinstance(choices, dict) and depth < 4:
            for below in choices.values():
                if hasattr(below, "_actions"):
                    yield from _actions(below, depth + 1)
