"""One process. Several need a launcher that is not part of Trainyard, which it says."""

from __future__ import annotations

import sys

from ._slots import run_single

if __name__ == "__main__":
    run_single(sys.argv[1:], "deepspeed")
