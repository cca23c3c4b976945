"""Indexed queries on a real SQLite file, read only, one connection a worker.

The database fits the page cache, so this is a local database in daily use: the work is SQLite's
own, which runs without the GIL, between short pieces of Python which need it.
"""

from __future__ import annotations

import os
import pathlib
import random
import threading
from typing import TYPE_CHECKING, Any, Dict, Iterator, List, Optional, Tuple

from ..base import Context, Task
from . import checks, files
from .arithmetic import churn, start_of

if TYPE_CHECKING:
    import sqlite3

CUSTOMERS = 2_000
ORDERS = 100_000
DAYS = 365
#: days one query looks at: about 12 orders
RANGE_DAYS = 90

SCHEMA = (
    "CREATE TABLE orders (id INTEGER PRIMARY KEY, customer INTEGER, day INTEGER, cents INTEGER)"
)
INDEX = "CREATE INDEX orders_by_customer_and_day ON orders (customer, day)"
QUERY = (
    "SELECT COUNT(*), TOTAL(cents), MAX(cents) FROM orders "
    "WHERE customer = ? AND day BETWEEN ? AND ?"
)


class SqliteQuery(Task):
    """Every item is a run of queries; its answer is the orders, cents and dearest order found."""

    name = "sqlite_query"
    kind = "waiting"
    #: the extension module: builds of Python without SQLite have the package but not this
    requires = ("_sqlite3",)
    defaults = {"item_ms": 1.2}
    summary = "indexed queries on a SQLite file of 100,000 orders, one connection a worker"

    def __init__(self, params: Dict[str, Any], context: Context) -> None:
        super().__init__(params, context)
        self._path = os.path.join(context.scratch, f"orders-seed{context.seed}.sqlite")
        self._local = threading.local()
        self._connections: List[sqlite3.Connection] = []

    @classmethod
    def check_params(cls, params: Dict[str, Any]) -> Optional[str]:
        """See Task."""
        return checks.item_ms(params)

    def prepare(self, count: int, scale: int) -> None:
        """Make the database unless it is there."""
        import sqlite3  # noqa: F401  forked workers inherit it, as from a program's top

        files.make_once(self._path, self._make_database)

    def _make_database(self, path: str) -> None:
        import sqlite3

        connection = sqlite3.connect(path)
        try:
            with connection:
                connection.execute(SCHEMA)
                connection.executemany("INSERT INTO orders VALUES (?, ?, ?, ?)", self._orders())
                connection.execute(INDEX)
        finally:
            connection.close()

    def _orders(self) -> Iterator[Tuple[int, int, int, int]]:
        # Only `random()` is promised to give the same numbers in every Python version.
        draw = random.Random(f"sqlite_query {self.context.seed}").random
        for order in range(ORDERS):
            yield order, int(draw() * CUSTOMERS), int(draw() * DAYS), int(draw() * 100_000)

    def make_items(self, count: int, scale: int) -> List[Tuple[int, int]]:
        """Items are (start of the keys' generator, queries)."""
        return [(start_of(self.context.seed, index), scale) for index in range(count)]

    def run(self, item: Tuple[int, int]) -> List[int]:
        """[orders, cents, dearest order] over the item's queries."""
        state, queries = item
        execute = self._connection().execute
        orders, cents, dearest = 0, 0, 0
        for _ in range(queries):
            state = churn(state, 1)
            first_day = state // CUSTOMERS % (DAYS - RANGE_DAYS)
            keys = (state % CUSTOMERS, first_day, first_day + RANGE_DAYS)
            found, total, largest = execute(QUERY, keys).fetchone()
            orders, cents, dearest = orders + found, cents + int(total), max(dearest, largest or 0)
        return [orders, cents, dearest]

    def _connection(self) -> sqlite3.Connection:
        import sqlite3

        connection: Optional[sqlite3.Connection] = getattr(self._local, "connection", None)
        if connection is None:
            address = pathlib.Path(self._path).absolute().as_uri() + "?mode=ro"
            # Every thread uses its own; `close` may come from another one.
            connection = sqlite3.connect(address, uri=True, check_same_thread=False)
            self._local.connection = connection
            self._connections.append(connection)
        return connection

    def close(self) -> None:
        """Close the connections of all threads."""
        while self._connections:
            self._connections.pop().close()
        self._local = threading.local()
