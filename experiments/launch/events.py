"""The launch's voice: one JSON object a line on a descriptor that nothing else can write to."""

from __future__ import annotations

import json
import os
from typing import Any

LONGEST_REASON = 400


class Events:
    """Writes events on a descriptor that programs the task starts and forked workers don't hold.

    A worker that outlives the launch would otherwise keep the conductor waiting for the pipe's end.
    """

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self.phase_name = "import"
        os.set_inheritable(descriptor, False)
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=self._close)

    def emit(self, event: str, **fields: Any) -> None:
        """Write one event, whole: unbuffered, so that a crash right after it can't lose it."""
        line = memoryview((json.dumps({"event": event, **fields}) + "\n").encode("ascii"))
        while line:
            line = line[os.write(self._descriptor, line) :]

    def phase(self, name: str) -> None:
        """Say that a phase begins; a failure is reported with the phase it happened in."""
        self.phase_name = name
        self.emit("phase", name=name)

    def failed(self, error: BaseException) -> None:
        """Report an exception with its phase, type and message."""
        self.emit("failed", phase=self.phase_name, reason=reason_of(error))

    def _close(self) -> None:
        os.close(self._descriptor)
        self._descriptor = -1  # a later emit in the child fails, it can't hit another file


def reason_of(error: BaseException) -> str:
    """An exception in one line: its type and message, shortened."""
    message = " ".join(str(error).split())
    text = f"{type(error).__name__}: {message}" if message else type(error).__name__
    return shorten(text, LONGEST_REASON) + _advice(error)


def _advice(error: BaseException) -> str:
    """What to do about a file that is looked for where a launch runs, instead of the user's folder.

    A program that isn't found is an error of the same type, raised in module subprocess.
    """
    name, trace = getattr(error, "filename", None), error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    raised_in = trace.tb_frame.f_globals.get("__name__") if trace is not None else ""
    if not isinstance(error, FileNotFoundError) or raised_in == "subprocess":
        return ""
    if not isinstance(name, (str, bytes)) or os.path.isabs(name):
        return ""
    return (
        " - functions run in a folder of their own: use absolute paths, or paths relative to "
        "__file__"
    )


def shorten(text: str, length: int) -> str:
    """At most `length` characters of a text."""
    return text if len(text) <= length else text[: length - 3] + "..."
