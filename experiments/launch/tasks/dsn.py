"""Where a PostgreSQL server is: what a connection string may hold, and what of it is shown.

A task's parameters stand in plans, tables and reports. So a string that is written into the
config must not hold a password; one with a password is named by its environment variable.
"""

from __future__ import annotations

import os
import re
from typing import Any, Dict, NamedTuple, Optional
from urllib.parse import parse_qsl, unquote

#: a cluster of our own, made for the block and removed after it
TEMPORARY = "temporary"
#: what libpq takes, with special characters percent-encoded:
#: https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-CONNSTRING-URIS
_URI = re.compile(
    r"postgres(?:ql)?://(?:[^@/?#:]*(?P<password>:[^@/?#]*)?@)?"
    r"(?P<host>[^@/?#]*)(?:/(?P<dbname>[^@/?#]*))?(?:\?(?P<more>[^#]*))?"
)
_PAIR = re.compile(r"(\w+)\s*=\s*('(?:\\.|[^'\\])*'|[^\s']\S*|)(?:\s+|$)")
_SECRET = re.compile("password|secret", re.IGNORECASE)

SHAPES = (
    "dsn must be 'temporary' (a cluster of its own), a connection string without a password "
    "(postgresql://user@host:port/dbname, or host=... dbname=...), or $NAME: the environment "
    "variable that holds one; special characters in a URI are percent-encoded"
)
NO_PASSWORD = (
    "dsn must not hold a password, because plans, tables and reports keep it: put the whole "
    "string into an environment variable and give its name (dsn: $NAME), or leave the password to "
    "PGPASSWORD or ~/.pgpass"
)


class Place(NamedTuple):
    """What is shown of a connection string, and whether it holds a password."""

    host: str
    dbname: str
    secret: bool


def problem(dsn: Any) -> Optional[str]:
    """A message for a `dsn` that can't be, which repeats nothing of it but a variable's name."""
    if dsn == TEMPORARY:
        return None
    if not isinstance(dsn, str):
        return SHAPES
    if dsn.startswith("$"):
        return _variable_problem(dsn[1:])
    place = _read(dsn)
    if place is None:
        return SHAPES
    return NO_PASSWORD if place.secret else None


def _variable_problem(name: str) -> Optional[str]:
    if not re.fullmatch(r"[A-Za-z_]\w*", name):
        return SHAPES
    if not os.environ.get(name):
        return f"dsn names the environment variable {name}, which is not set"
    if _read(os.environ[name]) is None:
        return (
            f"dsn: the value of the environment variable {name} is no connection string; {SHAPES}"
        )
    return None


def resolved(dsn: str) -> str:
    """The connection string itself, with all that it holds: never to be written anywhere."""
    return os.environ[dsn[1:]] if dsn.startswith("$") else dsn


def shown(dsn: Any) -> str:
    """Host and database: what a label and a message say of a `dsn` without a problem."""
    if dsn == TEMPORARY:
        return TEMPORARY
    place = _read(resolved(dsn))
    return f"{place.host}/{place.dbname}" if place else "unknown"


def _read(text: str) -> Optional[Place]:
    """The parts of a connection string; None where it is none."""
    uri = _URI.fullmatch(text)
    if uri:
        more = dict(parse_qsl(uri["more"] or "", keep_blank_values=True))
        given = {"host": unquote(uri["host"]), "dbname": unquote(uri["dbname"] or ""), **more}
        return _place(given, bool(uri["password"]))
    pairs = list(_PAIR.finditer(text.strip()))
    if not pairs or "".join(pair[0] for pair in pairs) != text.strip():
        return None
    return _place({pair[1]: pair[2].strip("'") for pair in pairs}, False)


def _place(given: Dict[str, str], secret: bool) -> Place:
    """What libpq takes from the environment where the string is silent is shown, too."""
    host = given.get("host") or given.get("hostaddr") or os.environ.get("PGHOST") or "local"
    if given.get("port") and ":" not in host:
        host += f":{given['port']}"
    service = given.get("service") or os.environ.get("PGSERVICE")
    dbname = given.get("dbname") or os.environ.get("PGDATABASE") or service or "default"
    return Place(host, dbname, secret or any(map(_SECRET.search, given)))
