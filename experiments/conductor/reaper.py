"""Ends a launch's process group when the conductor is killed before it can.

A conductor that gets SIGKILL can't clean up, and measured workers would run on and disturb the
next run. This small process, in a session of its own, reads process group ids from a pipe ("+123"
started, "-123" ended); when the pipe closes it kills the groups that are still open.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


class Reaper:
    """The conductor's end of the pipe."""

    def __init__(self) -> None:
        # by path and with -S -E: it needs nothing of ours, and starts in 10 ms
        self._process = subprocess.Popen(
            [sys.executable, "-S", "-E", str(Path(__file__))],
            stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, start_new_session=True, bufsize=0,
        )  # fmt: skip

    def started(self, group: int) -> None:
        """A process group of ours is alive."""
        self._say(f"+{group}\n")

    def ended(self, group: int) -> None:
        """That group was ended and reaped."""
        self._say(f"-{group}\n")

    def _say(self, line: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(line.encode())

    def close(self) -> None:
        """Let it end; groups still open are killed."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()


def watch() -> None:
    """Read until the pipe closes, then kill what is still open."""
    # Ctrl-C and the end of a cluster's job reach all processes at once: this one ends last
    for one in (signal.SIGINT, signal.SIGTERM):
        signal.signal(one, signal.SIG_IGN)
    groups: set[int] = set()
    for line in sys.stdin:
        (groups.add if line[0] == "+" else groups.discard)(int(line[1:]))
    for group in groups:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(group, signal.SIGKILL)


if __name__ == "__main__":
    watch()
