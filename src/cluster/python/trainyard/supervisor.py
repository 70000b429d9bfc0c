#!/usr/bin/env python3
"""Runs one script of a pool and says how it ended: docs/run-directory.md.

    python3 -S -E .../trainyard/supervisor.py RUN_DIR [--adopt]

Started by its path, detached, with the run's secrets in its environment; -S -E keep its own start short and
independent of the user's site-packages, and `python -m trainyard.supervisor` works too. It ignores SIGTERM, SIGINT
and SIGHUP (they only make it look at control.json sooner) and survives whatever the script does. Its own troubles
go to supervisor.log in the run directory. Exit codes: 0 exit.json is written, 2 the run directory is unusable,
3 another supervisor has this run.
"""

import os
import sys

if not __package__:  # started by path: the package's parent is where imports start, not the package itself
    sys.path[0] = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))

from trainyard.supervising.main import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
