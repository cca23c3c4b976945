"""A schema of our own on a PostgreSQL server that the user gave: all that is made there.

Nothing outside the schema is written, and it is dropped afterwards. A server that has too few
free connections is left alone: taking the last ones would lock its other users out.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from experiments.launch.tasks import dsn as words
from experiments.services.refusal import CRASHED, UNSUPPORTED, RefusedError

if TYPE_CHECKING:
    import psycopg

CONNECT_SECONDS = 10
#: connections that stay free for others
LEFT_FREE = 5
#: a killed launch may hold a lock until the server notices
LOCK_SECONDS = 3
FREE = (
    "SELECT current_setting('max_connections')::int "
    "- current_setting('superuser_reserved_connections')::int "
    "- (SELECT count(*) FROM pg_stat_activity WHERE datid IS NOT NULL) + 1"
)


@contextlib.contextmanager
def schema_on(dsn: str, connections: int) -> Iterator[tuple[str, list[int]]]:
    """A new schema's name, and the server's process id where it runs here. Raises RefusedError."""
    try:
        import psycopg
    except ImportError as error:
        needed = "a given dsn needs psycopg: pip install 'poolwise[postgres]'"
        raise RefusedError(UNSUPPORTED, f"{needed} ({error})") from error
    where, name = words.shown(dsn), f"poolwise_{secrets.token_hex(8)}"
    maybe_made = False
    try:
        try:
            with _connected(dsn) as connection:
                _check_room(connection, connections, where)
                maybe_made = True
                connection.execute(f"CREATE SCHEMA {name}".encode())
                pids = _local_server(connection)
        except psycopg.Error as error:
            raise RefusedError(CRASHED, f"PostgreSQL at {where}: {_told(error, dsn)}") from error
        yield name, pids
    finally:
        if maybe_made:
            _drop(dsn, name, where)


def _connected(dsn: str) -> psycopg.Connection[Any]:
    import psycopg

    conninfo = words.resolved(dsn)
    return psycopg.connect(
        conninfo, autocommit=True, connect_timeout=CONNECT_SECONDS, application_name="poolwise"
    )


def _check_room(connection: psycopg.Connection[Any], connections: int, where: str) -> None:
    row = connection.execute(FREE.encode()).fetchone()
    free = row[0] if row else 0
    if free < connections + LEFT_FREE:
        raise RefusedError(
            UNSUPPORTED,
            f"PostgreSQL at {where} has {free} free connections; this block would take up to "
            f"{connections}, and {LEFT_FREE} have to stay free: set config key 'workers' to fewer",
        )


def _local_server(connection: psycopg.Connection[Any]) -> list[int]:
    """The server's main process where it is one of this machine's: its CPU time is no others'."""
    address = connection.info.hostaddr
    if address and not (address.startswith("127.") or address == "::1"):
        return []
    backend = Path(f"/proc/{connection.info.backend_pid}")
    try:
        if not (backend / "cmdline").read_bytes().startswith(b"postgres:"):
            return []  # a server in a container of its own counts its processes otherwise
        return [int((backend / "stat").read_text().rpartition(")")[2].split()[1])]
    except OSError:
        return []


def _drop(dsn: str, name: str, where: str) -> None:
    """Drop the schema; where that fails, the log says what is left and why."""
    import psycopg

    try:
        with _connected(dsn) as connection:
            connection.execute(f"SET lock_timeout = '{LOCK_SECONDS}s'".encode())
            connection.execute(f"DROP SCHEMA IF EXISTS {name} CASCADE".encode())
    except psycopg.Error as error:
        said = _told(error, dsn)
        print(f"PostgreSQL at {where}: schema {name} may be left ({said})", file=sys.stderr)


def _told(error: Exception, dsn: str) -> str:
    """An error in one line, without the password."""
    from psycopg import Error, conninfo

    try:
        secret = conninfo.conninfo_to_dict(words.resolved(dsn)).get("password")
    except Error:  # its message would repeat the string
        return "the connection string can't be read"
    text = " ".join(str(error).split())
    for hidden in filter(None, (secret, os.environ.get("PGPASSWORD"))):
        text = text.replace(str(hidden), "***")
    return text
