"""python3 -m determined.launch.wrap_rank RANK -- COMMAND: runs it with `[rank=N] ` in front of each line that it prints.

RANK is a number, or the name of a variable that has one.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
from typing import BinaryIO, List

_FORWARDED = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2, signal.SIGWINCH)
_LINE = re.compile(rb"[^\r\n]*(?:\r?\n|\r)")


def main(arguments: List[str]) -> int:
    if len(arguments) < 3 or arguments[1] != "--":
        print("usage: python3 -m determined.launch.wrap_rank RANK -- COMMAND...", file=sys.stderr)
        return 2
    rank = arguments[0] if arguments[0].isdigit() else os.environ.get(arguments[0], "0")
    try:
        process = subprocess.Popen(arguments[2:], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    except OSError as error:
        print("determined.launch: cannot start %s: %s" % (arguments[2], error), file=sys.stderr)
        return 127
    for number in _FORWARDED:
        signal.signal(number, lambda got, _: process.send_signal(got))
    prefix = b"[rank=%s] " % rank.encode()
    copies = [
        threading.Thread(target=_copy, args=(source, target, prefix), daemon=True)
        for source, target in ((process.stdout, 1), (process.stderr, 2))
    ]
    for copy in copies:
        copy.start()
    code = process.wait()
    for copy in copies:
        copy.join(5)  # a child of the script may hold the pipe for longer
    return code if code >= 0 else 128 - code


def _copy(source: BinaryIO, target: int, prefix: bytes) -> None:
    """Line by line, as they come; a line that a carriage return ends (a progress bar) too."""
    rest = b""
    some = b"?"
    while some:
        some = os.read(source.fileno(), 65536)
        rest += some
        lines = _LINE.findall(rest)
        rest = rest[sum(map(len, lines)) :]
        if not some and rest:
            lines.append(rest)
        _write(target, b"".join(prefix + line for line in lines))


def _write(target: int, text: bytes) -> None:
    while text:
        text = text[os.write(target, text) :]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
