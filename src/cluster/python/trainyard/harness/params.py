"""Parameters: what the configuration gave, what stood on the command line, what the script has as default."""

from __future__ import annotations

import contextlib
import itertools
import json
import re
import sys
from collections.abc import Mapping
from typing import Any

from .values import to_json

MISSING = object()
MAX_ADOPTED = 1000
"""Parameters, and below how long a name and a value may be, of those that other libraries were told."""
MAX_ADOPTED_NAME = 200
MAX_ADOPTED_VALUE = 10_000
_SECRET = re.compile(
    r"(?:^|[_.-])(?:token|password|passwd|passphrase|secret|credentials?|key|apikey|auth)(?:$|[_.-])", re.IGNORECASE
)
_WORDS = {"true": True, "yes": True, "on": True, "1": True, "false": False, "no": False, "off": False, "0": False}


class InvalidHP(Exception):
    """Raise it when these hyperparameters make no sense: the searcher puts another set in their place."""

    __module__ = "trainyard"


class Params(Mapping):
    """Hyperparameters as a mapping and as attributes, nested: params.optimizer.lr, params["optimizer"]["lr"].
    A name that a mapping has itself (keys, values, items, get) is reached by brackets only."""

    __slots__ = ("_values", "_where")

    def __init__(self, values: dict, where: str = "") -> None:
        self._values = values
        self._where = where

    def __getitem__(self, name: str) -> object:
        value = self._values[name]
        return Params(value, self._where + name + ".") if isinstance(value, dict) else value

    def __getattr__(self, name: str) -> object:
        if name.startswith("__"):
            raise AttributeError(name)
        try:
            return self[name]
        except KeyError:
            known = ", ".join(self._where + key for key in self._values) or "none"
            raise AttributeError("no hyperparameter %s%s; there are: %s" % (self._where, name, known)) from None

    def __iter__(self):
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __repr__(self) -> str:
        return "Params(%r)" % (self._values,)

    def __reduce__(self):
        return Params, (self._values, self._where)

    def to_dict(self) -> dict:
        """A copy as plain dictionaries, for json.dump and **."""
        return json.loads(json.dumps(self._values))


class Reader:
    """Finds one parameter: a flag of the command line, else the configuration, else the default."""

    def __init__(self, hyperparameters: dict) -> None:
        self._hyperparameters = hyperparameters
        self.values = json.loads(json.dumps(hyperparameters))
        self.origin = {name: "configuration" for name in _dotted(hyperparameters)}
        self._asked: set = set()
        """What the script asked for here: no other library's word counts for it."""
        self._configured_alike = {name.replace("-", "_") for name in self.origin}

    def read(self, name: str, default: object = MISSING) -> tuple:
        """The value, and whether it is news. KeyError without a value, ValueError for a flag of a wrong type."""
        value, origin = self._find(name, default)
        self._asked.add(name)
        if origin == "configuration" or self.origin.get(name) == origin:
            return value, False
        self.origin[name] = origin
        _put(self.values, name, value)
        return value, True

    def adopt(self, values: Mapping, origin: str) -> bool:
        """Takes what is not known yet, and what is known from the same origin, but for texts that are secrets by their name;
        whether that was news."""
        news = False
        for name, value in _flat(values):
            # A number under such a name (key_dim, say) is none.
            if isinstance(value, str) and _SECRET.search(name):
                continue
            if name in self._asked or name.replace("-", "_") in self._configured_alike:
                continue
            known = self.origin.get(name)
            if known is None and len(self.origin) >= MAX_ADOPTED or known not in (None, "default", origin):
                continue
            if known == origin and _got(self.values, name) == value:
                continue
            self.origin[name] = origin
            _put(self.values, name, value)
            news = True
        return news

    def _find(self, name: str, default: object) -> tuple:
        words = _flag(name)
        value = self._configured(name)
        if words is not None:
            # With `pass_as: flags` the configuration's own values stand on the command line.
            if isinstance(value, list) and [_decoded(word) for word in words] == value:
                return value, "configuration"
            given = _parsed(name, words[0] if words else "true", default)
            return given, "configuration" if value is not MISSING and given == _like(value, default) else "flag"
        if value is not MISSING:
            return (Params(value, name + ".") if isinstance(value, dict) else _like(value, default)), "configuration"
        if default is MISSING:
            raise KeyError(
                "the parameter %r has no default, and neither the configuration nor the command line (--%s) gives it"
                % (name, name)
            )
        return default, "default"

    def _configured(self, name: str) -> object:
        value: object = self._hyperparameters
        for part in name.split("."):
            if not isinstance(value, dict) or part not in value:
                return MISSING
            value = value[part]
        return value


def _dotted(values: dict, where: str = "") -> list:
    names = []
    for key, value in values.items():
        names += _dotted(value, where + key + ".") if isinstance(value, dict) and value else [where + key]
    return names


def _flat(values: Mapping, where: str = "", depth: int = 0) -> list:
    """(dotted name, value) for each value that JSON can hold; a nested mapping's are its own."""
    found = []
    for key, value in list(values.items()):
        name = where + str(key)[:MAX_ADOPTED_NAME]
        if isinstance(value, Mapping) and value and depth < 8:
            found += _flat(value, name + ".", depth + 1)
            continue
        with contextlib.suppress(TypeError, ValueError, RecursionError):
            plain = to_json(value)
            if len(repr(plain)) <= MAX_ADOPTED_VALUE:
                found.append((name, plain))
    return found[:MAX_ADOPTED]


def _got(values: dict, name: str) -> object:
    found: object = values
    for part in name.split("."):
        if not isinstance(found, dict):
            return MISSING
        found = found.get(part, MISSING)
    return found


def _put(values: dict, name: str, value: object) -> None:
    *parents, last = name.split(".")
    for part in parents:
        below = values.get(part)
        if not isinstance(below, dict):
            below = values[part] = {}
        values = below
    values[last] = value


def _flag(name: str) -> list | None:
    """The words of --name VALUE... or --name=VALUE, dashes and underscores alike; of several flags the last."""
    wanted = "--" + name.replace("_", "-")
    found = None
    arguments = sys.argv[1:]
    for i, argument in enumerate(arguments):
        flag, equals, value = argument.partition("=")
        if argument == "--":
            break
        if flag.replace("_", "-") == wanted:
            found = [value] if equals else list(itertools.takewhile(_is_word, arguments[i + 1 :]))
    return found


def _is_word(argument: str) -> bool:
    return not argument.startswith("--")


def _parsed(name: str, text: str, default: object) -> object:
    try:
        if isinstance(default, bool):
            return _WORDS[text.lower()]
        if isinstance(default, (int, float)):
            return type(default)(text)
        if isinstance(default, str):
            return text
    except (KeyError, ValueError):
        raise ValueError(
            "--%s %s: not a %s, as its default %r is" % (name, text, type(default).__name__, default)
        ) from None
    return _decoded(text)


def _decoded(text: str) -> object:
    try:
        return json.loads(text)
    except ValueError:
        return text


def _like(value: Any, default: object) -> object:
    """1, or "1e-3", in a configuration where the default is a float is a float."""
    if isinstance(default, float) and type(value) in (int, str):
        try:
            return float(value)
        except ValueError:
            pass
    return value
