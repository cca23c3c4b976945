"""The PostgreSQL server that `postgres_query` asks: `python -m experiments.services.postgres`.

Reads one JSON line {"params", "scratch", "connections"} from standard input: the task's
parameters, a folder, how many workers there will be at most. Then it starts a temporary cluster,
or makes a schema on the server that parameter `dsn` says, and prints one JSON line: the address.
It undoes all of it when its standard input closes, so it can't outlive the process that started
it, or on SIGTERM, or when the cluster's server ends.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import FrameType
from typing import Any

from experiments.launch.tasks import dsn
from experiments.services import command_line
from experiments.services.cluster import running
from experiments.services.given_server import schema_on
from experiments.services.refusal import RefusedError

#: the schema in a cluster of our own: the one that every database has
OWN_SCHEMA = "public"


@contextlib.contextmanager
def _temporary(wanted: Mapping[str, Any], ended: int) -> Iterator[dict[str, Any]]:
    with running(Path(wanted["scratch"]), int(wanted["connections"])) as (address, process):
        threading.Thread(target=_tell_end, args=(process, ended), daemon=True).start()
        yield {**address, "schema": OWN_SCHEMA, "pids": [process.pid], "cores": _cores()}


def _tell_end(process: subprocess.Popen[bytes], ended: int) -> None:
    process.wait()
    os.write(ended, b"x")


@contextlib.contextmanager
def _given(wanted: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    given = wanted["params"]["dsn"]
    with schema_on(given, int(wanted["connections"])) as (schema, pids):
        yield {"server": dsn.shown(given), "schema": schema, "pids": pids, "cores": _cores()}


def _cores() -> int:
    """Cores that the server's processes, one a connection, can use at once."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _terminated(_signal: int, _frame: FrameType | None) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)  # what follows is undoing: not to be cut short
    sys.exit(0)


def serve(wanted: Mapping[str, Any]) -> None:
    """Give the address, then wait for the end."""
    reader, writer = os.pipe()
    temporary = wanted["params"]["dsn"] == dsn.TEMPORARY
    with _temporary(wanted, writer) if temporary else _given(wanted) as address:
        print(json.dumps(address), flush=True)
        select.select([sys.stdin, reader], [], [])


def main() -> None:
    """Serve until standard input closes, SIGTERM comes or the server has ended."""
    command_line.obey(__doc__)
    signal.signal(signal.SIGTERM, _terminated)
    line = sys.stdin.readline()
    try:
        serve(json.loads(line))
    except RefusedError as refusal:
        print(json.dumps({"refused": refusal.status, "reason": refusal.reason}), flush=True)


if __name__ == "__main__":
    main()
