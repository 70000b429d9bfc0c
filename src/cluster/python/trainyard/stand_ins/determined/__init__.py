"""A module of Trainyard's own with the names of Determined's, so that scripts written for it run unchanged (docs/determined.md).

It is found only in a run, and only where `determined` is not installed. Written from what its users' scripts call; standard
library only.
"""

from __future__ import annotations

import trainyard

from . import core
from ._info import ClusterInfo, RendezvousInfo, ResourcesInfo, TrialInfo, get_cluster_info

__version__ = "0.38.1+trainyard"
LOG_FORMAT = "%(levelname)s: [%(process)s] %(name)s: %(message)s"


class InvalidHP(trainyard.InvalidHP):
    """These hyperparameters make no sense: the searcher puts another set in their place."""

    __module__ = "determined"


__all__ = [
    "LOG_FORMAT",
    "ClusterInfo",
    "InvalidHP",
    "RendezvousInfo",
    "ResourcesInfo",
    "TrialInfo",
    "core",
    "get_cluster_info",
]
