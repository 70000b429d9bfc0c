"""mlflow: metrics, parameters, names and tags, told to its functions, to MlflowClient, or by autologging."""

from __future__ import annotations

from typing import Any

from .. import sink
from ..wrap import after, argument
from .several import Runs, is_first, nested

SOURCE = "mlflow"
_runs = Runs()
_about: dict = {}
"""What the first run is called, and its labels."""


def _prefix(module: Any, kwargs: dict) -> str:
    """Of the run that a function of mlflow means: the one that is named, or the active one."""
    active = None if kwargs.get("run_id") else module.active_run()
    return _runs.prefix(kwargs.get("run_id") or (active.info.run_id if active is not None else "none"))


def wrap_fluent(module: Any) -> None:
    def metric(result: Any, args: tuple, kwargs: dict) -> None:
        # (key, value, step=None, ...)
        name = _prefix(module, kwargs) + argument(args, kwargs, 0, "key")
        sink.scalar(SOURCE, name, argument(args, kwargs, 1, "value"), argument(args, kwargs, 2, "step"))

    def metrics(result: Any, args: tuple, kwargs: dict) -> None:
        # (metrics, step=None, ...)
        _report(_prefix(module, kwargs), argument(args, kwargs, 0, "metrics"), argument(args, kwargs, 1, "step"))

    def tag(result: Any, args: tuple, kwargs: dict) -> None:
        # (key, value)
        _tell(_prefix(module, {}), None, {argument(args, kwargs, 0, "key"): argument(args, kwargs, 1, "value")})

    def tags(result: Any, args: tuple, kwargs: dict) -> None:
        _tell(_prefix(module, {}), None, argument(args, kwargs, 0, "tags"))

    def started(result: Any, args: tuple, kwargs: dict) -> None:
        # (run_id=None, experiment_id=None, run_name=None, ...)
        name = argument(args, kwargs, 2, "run_name")
        _tell(_runs.prefix(result.info.run_id, name), name, kwargs.get("tags") or {})

    after(module, "start_run", SOURCE, started)
    after(module, "log_metric", SOURCE, metric)
    after(module, "log_metrics", SOURCE, metrics)
    after(module, "set_tag", SOURCE, tag)
    after(module, "set_tags", SOURCE, tags)


def wrap_fluent_parameters(module: Any) -> None:
    def param(result: Any, args: tuple, kwargs: dict) -> None:
        # (key, value, ...)
        _adopt(_prefix(module, kwargs), {argument(args, kwargs, 0, "key"): argument(args, kwargs, 1, "value")})

    def params(result: Any, args: tuple, kwargs: dict) -> None:
        _adopt(_prefix(module, kwargs), argument(args, kwargs, 0, "params"))

    after(module, "log_param", SOURCE, param)
    after(module, "log_params", SOURCE, params)


def wrap_client(module: Any) -> None:
    client = module.MlflowClient
    after(client, "create_run", SOURCE, _created)
    after(client, "log_metric", SOURCE, _metric)
    after(client, "log_batch", SOURCE, _batch_metrics)
    after(client, "set_tag", SOURCE, _tag)


def wrap_client_parameters(module: Any) -> None:
    client = module.MlflowClient
    after(client, "log_param", SOURCE, _param)
    after(client, "log_batch", SOURCE, _batch_params)


def _created(result: Any, args: tuple, kwargs: dict) -> None:
    # (self, experiment_id, start_time=None, tags=None, run_name=None)
    name = argument(args, kwargs, 4, "run_name")
    _tell(_runs.prefix(result.info.run_id, name), name, argument(args, kwargs, 3, "tags") or {})


def _metric(result: Any, args: tuple, kwargs: dict) -> None:
    # (self, run_id, key, value, timestamp=None, step=None, ...)
    name = _runs.prefix(argument(args, kwargs, 1, "run_id")) + argument(args, kwargs, 2, "key")
    sink.scalar(SOURCE, name, argument(args, kwargs, 3, "value"), argument(args, kwargs, 5, "step"))


def _batch_metrics(result: Any, args: tuple, kwargs: dict) -> None:
    # (self, run_id, metrics=(), params=(), tags=(), ...)
    by_step: dict = {}
    for metric in argument(args, kwargs, 2, "metrics", ()):
        by_step.setdefault(metric.step, {})[metric.key] = metric.value
    prefix = _runs.prefix(argument(args, kwargs, 1, "run_id"))
    for step, values in by_step.items():
        _report(prefix, values, step)


def _batch_params(result: Any, args: tuple, kwargs: dict) -> None:
    params = {param.key: param.value for param in argument(args, kwargs, 3, "params", ())}
    if params:
        _adopt(_runs.prefix(argument(args, kwargs, 1, "run_id")), params)


def _param(result: Any, args: tuple, kwargs: dict) -> None:
    # (self, run_id, key, value, ...)
    values = {argument(args, kwargs, 2, "key"): argument(args, kwargs, 3, "value")}
    _adopt(_runs.prefix(argument(args, kwargs, 1, "run_id")), values)


def _tag(result: Any, args: tuple, kwargs: dict) -> None:
    # (self, run_id, key, value, ...)
    tags = {argument(args, kwargs, 2, "key"): argument(args, kwargs, 3, "value")}
    _tell(_runs.prefix(argument(args, kwargs, 1, "run_id")), None, tags)


def _report(prefix: str, values: dict, step: Any) -> None:
    # What MLflow itself measures of the machine, the supervisor does too.
    values = {prefix + name: value for name, value in values.items() if not name.startswith("system/")}
    if values:
        sink.scalars(SOURCE, values, step)


def _adopt(prefix: str, values: dict) -> None:
    plain = {name: _decoded(value) if type(value) is str else value for name, value in values.items()}
    sink.parameters(SOURCE, nested(prefix, plain))


def _decoded(text: str) -> Any:
    """MLflow keeps all values as texts."""
    if text in ("True", "False", "None"):
        return {"True": True, "False": False, "None": None}[text]
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text


def _tell(prefix: str, name: Any, tags: dict) -> None:
    if not is_first(prefix):
        return
    name = name or tags.get("mlflow.runName")
    if name:
        _about["name"] = str(name)
    labels = _about.setdefault("labels", {})
    labels.update({str(key): str(value) for key, value in tags.items() if not str(key).startswith("mlflow.")})
    texts = tuple("%s=%s" % each if each[1] else each[0] for each in list(labels.items())[:50])
    _about["notes"] = tags.get("mlflow.note.content") or _about.get("notes")
    sink.library(SOURCE, sink.version_of("mlflow"), _about.get("name"), texts, _about["notes"])
