"""How a function of a library is wrapped: its own work first, ours after it, and nothing of ours ever raised."""

from __future__ import annotations

import functools

TYPE_CHECKING = False  # typing.TYPE_CHECKING, without the cost of importing typing
if TYPE_CHECKING:
    from typing import Any, Callable


def after(owner: Any, name: str, source: str, then: Callable[[Any, tuple, dict], None]) -> None:
    """Replaces `owner.name`: then(result, args, kwargs) is called when it has returned; what it reports to other captured
    libraries meanwhile is theirs (the same numbers once more) and is left out. AttributeError when there is no such
    function: a version that we do not know. A function that is wrapped already calls both, in the order in which they
    came."""
    own = getattr(owner, name)
    if name in vars(owner) and getattr(own, "trainyard_calls", None) is not None:
        own.trainyard_calls.append((source, then))
        return
    calls = [(source, then)]

    @functools.wraps(own)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        outer = sink.enter()
        try:
            result = own(*args, **kwargs)
        finally:
            sink.leave(outer)
        if not outer:
            for source, then in calls:
                try:
                    then(result, args, kwargs)
                except Exception as error:
                    sink.trouble(source, error)
        return result

    wrapped.trainyard_calls = calls  # type: ignore[attr-defined]
    setattr(owner, name, wrapped)


def beside(owner: Any, name: str, source: str, then: Callable[[Any, tuple, dict], None]) -> None:
    """As after(), for a function that runs the script's own code: what that reports meanwhile is captured as ever. `then` may
    end the script (SystemExit); any other exception of it is said and goes no further."""
    own = getattr(owner, name)

    @functools.wraps(own)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        result = own(*args, **kwargs)
        try:
            then(result, args, kwargs)
        except Exception as error:
            sink.trouble(source, error)
        return result

    setattr(owner, name, wrapped)


def before(owner: Any, name: str, source: str, first: Callable[[tuple, dict], None]) -> None:
    """Replaces `owner.name`: first(args, kwargs) is called before it, also inside of other captured functions."""
    own = getattr(owner, name)

    @functools.wraps(own, updated=())
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        try:
            first(args, kwargs)
        except Exception as error:
            sink.trouble(source, error)
        return own(*args, **kwargs)

    setattr(owner, name, wrapped)


def owning(owner: Any, name: str, source: str, first: Callable[[tuple, dict], None]) -> None:
    """As before(), and what it reports to other captured libraries is left out, as in after(): for a function that changes or
    prints what it is given."""
    own = getattr(owner, name)

    @functools.wraps(own)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        outer = sink.enter()
        try:
            if not outer:
                try:
                    first(args, kwargs)
                except Exception as error:
                    sink.trouble(source, error)
            return own(*args, **kwargs)
        finally:
            sink.leave(outer)

    setattr(owner, name, wrapped)


def after_set(owner: Any, name: str, source: str, then: Callable[[Any, tuple, dict], None]) -> None:
    """The same as `after` for setting a property: then(None, (self, value), {})."""
    own = getattr(owner, name)

    class Setter:
        set = own.fset

    after(Setter, "set", source, then)
    setattr(owner, name, own.setter(Setter.set))


def argument(args: tuple, kwargs: dict, position: int, name: str, default: Any = None) -> Any:
    """An argument by its position (self is 0) or its name."""
    return args[position] if len(args) > position else kwargs.get(name, default)


from . import sink  # noqa: E402
