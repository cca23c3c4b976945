"""A real PostgreSQL server for tests, or a skip that says what is missing."""

from __future__ import annotations

import contextlib
import importlib.util
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from experiments.services.cluster import NOT_FOUND, programs
from experiments.services.service import Service, start


def server_or_skip() -> None:
    """Go on where there is a server and psycopg; POOLWISE_POSTGRES=required allows no skip."""
    missing = NOT_FOUND if programs() is None else ""
    if importlib.util.find_spec("psycopg") is None:
        missing = "psycopg is not installed"
    if missing and os.environ.get("POOLWISE_POSTGRES") == "required":
        pytest.fail(missing)
    if missing:
        pytest.skip(missing)


def wanted(scratch: Path, dsn: str = "temporary", connections: int = 8) -> dict[str, Any]:
    """What a block tells the service."""
    return {"params": {"dsn": dsn}, "scratch": str(scratch), "connections": connections}


@contextlib.contextmanager
def cluster(scratch: Path, dsn: str = "temporary", connections: int = 8) -> Iterator[Service]:
    """The service as a block starts it."""
    server_or_skip()
    with start(
        "postgres", log=scratch / "log", wanted=wanted(scratch, dsn, connections)
    ) as service:
        yield service


def dsn_of(service: Service, **more: str) -> str:
    """How a user would name that server."""
    address = {key: service.said[key] for key in ("host", "port", "user", "dbname")} | more
    return " ".join(f"{key}='{value}'" for key, value in address.items())


def schemas(service: Service) -> list[str]:
    """Names of the schemas that users have made on a server."""
    import psycopg

    query = r"SELECT nspname FROM pg_namespace WHERE nspname !~ '^pg_|^information_schema$'"
    with psycopg.connect(dsn_of(service)) as connection:
        return sorted(row[0] for row in connection.execute(query))
