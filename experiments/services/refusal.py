"""Why a service can't be had here, as it says it itself: a result, never a crash."""

from __future__ import annotations

#: nothing is wrong, but the machine lacks something; or what was asked for does not work
UNSUPPORTED, CRASHED = "unsupported", "crashed"


class RefusedError(Exception):
    """A reason in one line; `status` is the column of launches.csv in the block's row."""

    def __init__(self, status: str, reason: str) -> None:
        super().__init__(reason)
        self.status, self.reason = status, reason
