"""spec.json, checked: what to run. Every message names the key and what is wrong with it."""

from __future__ import annotations

from ..files import read_json


class SpecError(Exception):
    pass


class Spec:
    """The keys of spec.json that the supervisor needs (docs/run-directory.md)."""

    def __init__(self, data: dict) -> None:
        self.data = data
        if data.get("version") != 1:
            raise SpecError("spec.json has version %r, this supervisor knows 1" % (data.get("version"),))
        self.run: str = self._get("run", str)
        self.trial: str = self._get("trial", str)
        self.experiment: int = self._get("experiment", int)
        self.key: str = self._get("key", str)
        self.entrypoint: dict = self._get("entrypoint", dict)
        self.directory: str = _inside("directory", self._get("directory", str))
        self.environment: dict = self._strings("environment")
        self.secret_names: list = self._get("secretNames", list)
        self.hyperparameters: dict = self._get("hyperparameters", dict)
        self.seed: int = self._get("seed", int)
        self.slots: list = self._get("slots", list)
        self.slot_count: int = data.get("slotCount") or len(self.slots) or 1
        self.data_paths: list = _strings("dataPaths", data.get("dataPaths", []))
        self.leases: str = self._get("leases", str)
        self.checkpoints: str = self._get("checkpoints", str)
        self.latest_checkpoint: dict | None = data.get("latestCheckpoint")
        self.stop_acknowledge_s: float = self._get("stopAcknowledgeS", (int, float))
        self.stop_term_s: float = self._get("stopTermS", (int, float))
        self.preemption_timeout_s: float = self._get("preemptionTimeoutS", (int, float))
        self.output_metrics: bool = self._get("outputMetrics", bool)
        self.capture: list = _strings("capture", data.get("capture", []))
        self.output_limit_bytes: int | None = data.get("outputLimitBytes")
        if self.output_limit_bytes is not None:
            self.output_limit_bytes = int(self._get("outputLimitBytes", (int, float)))
        if not self.key.isascii():
            raise SpecError("spec.json: 'key' is not a UUID")
        for slot in self.slots:
            lease = slot.get("lease") if isinstance(slot, dict) else None
            if not isinstance(lease, str) or "/" in lease or lease in ("", ".", ".."):
                raise SpecError("spec.json: a slot without a proper 'lease': %r" % (slot,))
        self._check_entrypoint()

    def _check_entrypoint(self) -> None:
        kind = self.entrypoint.get("kind")
        if kind == "script":
            _strings("entrypoint.interpreter", [self.entrypoint.get("interpreter")])
            _inside("entrypoint.script", _strings("entrypoint.script", [self.entrypoint.get("script")])[0])
            _strings("entrypoint.arguments", self.entrypoint.get("arguments"))
        elif kind == "command":
            if not _strings("entrypoint.argv", self.entrypoint.get("argv")):
                raise SpecError("spec.json: 'entrypoint.argv' is empty")
        elif kind == "shell":
            _strings("entrypoint.command", [self.entrypoint.get("command")])
        else:
            raise SpecError("spec.json: unknown entrypoint kind %r" % (kind,))
        if kind != "script":
            _strings("interpreter", [self.entrypoint.get("interpreter", "")])

    def _get(self, key: str, kind: object) -> object:
        value = self.data.get(key)
        if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
            raise SpecError("spec.json: '%s' is missing or of a wrong type: %r" % (key, value))
        return value

    def _strings(self, key: str) -> dict:
        value = self._get(key, dict)
        for name, text in value.items():
            if not isinstance(text, str) or not name or "=" in name or "\0" in name + text:
                raise SpecError("spec.json: '%s' has a bad entry: %r" % (key, name))
        return value


def load(path: str) -> Spec:
    try:
        return Spec(read_json(path))
    except FileNotFoundError:
        raise SpecError("%s does not exist" % path) from None
    except (OSError, ValueError) as error:
        raise SpecError(str(error)) from None


def _strings(key: str, values: object) -> list:
    if not isinstance(values, list) or not all(isinstance(v, str) and "\0" not in v for v in values):
        raise SpecError("spec.json: '%s' is missing or of a wrong type" % key)
    return values


def _inside(key: str, path: str) -> str:
    if not path or path.startswith("/") or ".." in path.split("/") or "\0" in path:
        raise SpecError("spec.json: '%s' leaves the working tree: %r" % (key, path))
    return path
