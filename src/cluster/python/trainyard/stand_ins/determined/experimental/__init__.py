"""determined.experimental: what scripts of a trial use of it."""

from __future__ import annotations

from . import client, core_v2

__all__ = ["client", "core_v2"]
