"""context.distributed: how many processes train this trial, and what they tell each other."""

from __future__ import annotations

import json
import os
from typing import Any, List, Optional, Tuple

TYPE_CHECKING = False  # typing.TYPE_CHECKING, as elsewhere
if TYPE_CHECKING:
    from ._star import Star

_PUB_PORT = 12360
_TORCH = ("WORLD_SIZE", "RANK", "LOCAL_WORLD_SIZE", "LOCAL_RANK", "GROUP_WORLD_SIZE", "GROUP_RANK")
_made = 0


class DistributedContext:
    """All six numbers, or none for one process. `chief_ip` is needed where not all ranks are on one host. Every method is
    collective: all ranks call it, in the same order."""

    def __init__(
        self, *, rank: Optional[int] = None, size: Optional[int] = None, local_rank: Optional[int] = None,
        local_size: Optional[int] = None, cross_rank: Optional[int] = None, cross_size: Optional[int] = None,
        chief_ip: Optional[str] = None, pub_port: int = _PUB_PORT, pull_port: int = _PUB_PORT + 5, port_offset: int = 0,
        force_tcp: bool = False,
    ) -> None:  # fmt: skip
        given = (rank, size, local_rank, local_size, cross_rank, cross_size)
        if all(number is None for number in given):
            given = (0, 1, 0, 1, 0, 1)
        elif any(number is None for number in given):
            raise ValueError("rank, size, local_rank, local_size, cross_rank, cross_size: all of them, or none")
        self.rank, self.size, self.local_rank, self.local_size, self.cross_rank, self.cross_size = (
            int(number or 0) for number in given
        )
        if self.local_size != self.size and chief_ip is None:
            raise ValueError("chief_ip is needed when the ranks are on several hosts")
        self._all: Optional[Star] = None
        self._local: Optional[Star] = None
        if self.size > 1:
            self._meet(chief_ip, pub_port + port_offset, force_tcp)

    def _meet(self, chief_ip: Optional[str], port: int, force_tcp: bool) -> None:
        from ._star import Star, local_path  # its modules take longer to load than all else here

        global _made
        _made += 1  # each context of a process meets at a place of its own
        is_one_host = self.local_size == self.size
        address = local_path("%d" % _made) if is_one_host and not force_tcp else (chief_ip or "127.0.0.1", port)
        self._all = Star(address, self.rank, self.size)
        if is_one_host:
            self._local = self._all
        elif self.local_size > 1:
            self._local = Star(local_path("%d of %d" % (_made, self.cross_rank)), self.local_rank, self.local_size)

    @classmethod
    def from_torch_distributed(cls, chief_ip: Optional[str] = None) -> DistributedContext:
        """From what torch.distributed.run (torchrun) puts into the environment."""
        missing = [name for name in _TORCH if not os.environ.get(name, "").isdigit()]
        if missing:
            raise RuntimeError(
                "from_torch_distributed() needs %s in the environment: start the script with "
                "`python3 -m determined.launch.torch_distributed python3 SCRIPT` or torchrun" % ", ".join(missing)
            )
        size, rank, local_size, local_rank, cross_size, cross_rank = (int(os.environ[name]) for name in _TORCH)
        return cls(
            rank=rank, size=size, local_rank=local_rank, local_size=local_size, cross_rank=cross_rank,
            cross_size=cross_size, chief_ip=chief_ip or os.environ.get("DET_CHIEF_IP"),
        )  # fmt: skip

    @classmethod
    def from_deepspeed(cls, chief_ip: Optional[str] = None) -> DistributedContext:
        """DeepSpeed's launcher sets the variables of torch.distributed, but for those of several hosts."""
        os.environ.setdefault("LOCAL_WORLD_SIZE", os.environ.get("LOCAL_SIZE") or os.environ.get("WORLD_SIZE", ""))
        os.environ.setdefault("GROUP_WORLD_SIZE", os.environ.get("CROSS_SIZE") or "1")
        os.environ.setdefault("GROUP_RANK", os.environ.get("CROSS_RANK") or "0")
        return cls.from_torch_distributed(chief_ip)

    @classmethod
    def from_horovod(cls, hvd: Any, chief_ip: Optional[str] = None) -> DistributedContext:
        """`hvd`: such as horovod.torch, after hvd.init()."""
        return cls(
            rank=hvd.rank(), size=hvd.size(), local_rank=hvd.local_rank(), local_size=hvd.local_size(),
            cross_rank=hvd.cross_rank(), cross_size=hvd.cross_size(), chief_ip=chief_ip or os.environ.get("DET_CHIEF_IP"),
        )  # fmt: skip

    @classmethod
    def from_tf_config(cls) -> Tuple[DistributedContext, Any]:
        """The context, and the tf.distribute strategy, of TF_CONFIG; one process without it."""
        import tensorflow as tf

        workers = _tf_workers()
        if workers is None:
            several = len(tf.config.list_physical_devices("GPU")) > 1
            return cls(), tf.distribute.MirroredStrategy() if several else tf.distribute.get_strategy()
        rank, addresses = workers
        strategy = tf.distribute.MultiWorkerMirroredStrategy()
        context = cls(
            rank=rank, size=len(addresses), local_rank=0, local_size=1, cross_rank=rank, cross_size=len(addresses),
            chief_ip=addresses[0].rpartition(":")[0],
        )  # fmt: skip
        return context, strategy

    def get_rank(self) -> int:
        return self.rank

    def get_local_rank(self) -> int:
        return self.local_rank

    def get_size(self) -> int:
        return self.size

    def get_num_agents(self) -> int:
        return self.cross_size

    def gather(self, stuff: Any) -> Optional[List]:
        """A list by rank on the chief, None elsewhere."""
        return _gather(self._all, self.rank, stuff)

    def gather_local(self, stuff: Any) -> Optional[List]:
        return _gather(self._local, self.local_rank, stuff)

    def allgather(self, stuff: Any) -> List:
        """A list by rank, everywhere."""
        return [stuff] if self._all is None else self._all.broadcast(self._all.gather(stuff))

    def allgather_local(self, stuff: Any) -> List:
        return [stuff] if self._local is None else self._local.broadcast(self._local.gather(stuff))

    def broadcast(self, stuff: Any) -> Any:
        """The chief's stuff, everywhere."""
        return stuff if self._all is None else self._all.broadcast(stuff)

    def broadcast_local(self, stuff: Any = None) -> Any:
        return stuff if self._local is None else self._local.broadcast(stuff)

    def close(self) -> None:
        for star in {id(star): star for star in (self._all, self._local) if star is not None}.values():
            star.close()
        self._all = self._local = None

    def __enter__(self) -> DistributedContext:
        return self

    def __exit__(self, *_: Any) -> None:
        self.close()


class DummyDistributedContext(DistributedContext):
    """One process."""

    def __init__(self) -> None:
        super().__init__()


def _gather(star: Optional[Star], rank: int, stuff: Any) -> Optional[List]:
    if star is None:
        return [stuff]
    found = star.gather(stuff)
    return found if rank == 0 else None


def _tf_workers() -> Optional[Tuple[int, List[str]]]:
    try:
        config = json.loads(os.environ.get("TF_CONFIG") or "{}")
        workers = config.get("cluster", {}).get("worker", [])
        return (int(config["task"]["index"]), workers) if len(workers) > 1 else None
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise RuntimeError("TF_CONFIG is not what TensorFlow writes: %r" % (error,)) from error
