"""Indexed queries on PostgreSQL: the question of `sqlite_query`, asked of a server.

`run` uses psycopg's connections, one a thread, `arun` its AsyncConnection, one an item in flight.
The server is a temporary cluster, or the one that parameter `dsn` says; the service
(experiments/services/postgres.py) gives the schema that everything is made in, and drops it.
"""

from __future__ import annotations

import os
import random
import threading
from typing import TYPE_CHECKING, Any, Dict, Iterator, List, Optional, Tuple

from ..base import Context, Task
from . import checks, dsn
from .arithmetic import churn, start_of
from .sqlite_query import CUSTOMERS, DAYS, ORDERS, RANGE_DAYS

if TYPE_CHECKING:
    import psycopg

#: seconds; only a server that is not there at all takes longer
CONNECT_SECONDS = 10

COLUMNS = "(id integer PRIMARY KEY, customer integer, day integer, cents integer)"
QUERY = (
    "SELECT count(*), coalesce(sum(cents), 0), coalesce(max(cents), 0) FROM {} "
    "WHERE customer = %s AND day BETWEEN %s AND %s"
)
Item = Tuple[int, int]
Answer = List[int]


class PostgresQuery(Task):
    """Every item is a run of queries; its answer is the orders, cents and dearest order found."""

    name = "postgres_query"
    kind = "waiting"
    requires = ("psycopg",)
    services = ("postgres",)
    block_params = ("dsn",)
    defaults = {"item_ms": 1.2, "dsn": dsn.TEMPORARY}
    summary = "indexed queries on a PostgreSQL table of 100,000 orders, one connection a worker"
    native_async = True

    def __init__(self, params: Dict[str, Any], context: Context) -> None:
        super().__init__(params, context)
        self._local = threading.local()
        self._connections: List[psycopg.Connection[Any]] = []
        #: of the loop: all it has opened, and those that no item is using
        self._opened: List[psycopg.AsyncConnection[Any]] = []
        self._idle: List[psycopg.AsyncConnection[Any]] = []
        schema = context.services.get("postgres", {}).get("schema", "")
        self._table = f'"{schema}"."orders_seed{context.seed}"'
        self._query = QUERY.format(self._table)
        if params["dsn"] == dsn.TEMPORARY:
            _forget_settings()

    @classmethod
    def check_params(cls, params: Dict[str, Any]) -> Optional[str]:
        """See Task."""
        return checks.item_ms(params) or dsn.problem(params.get("dsn"))

    @classmethod
    def label_value(cls, name: str, value: Any) -> str:
        """See Task: of a connection string host and database only."""
        return dsn.shown(value) if name == "dsn" else str(value)

    def prepare(self, count: int, scale: int) -> None:
        """Make the table in the service's schema unless it is there: whole, or not at all."""
        import psycopg

        with psycopg.connect(**self._server()) as connection, connection.cursor() as cursor:
            cursor.execute("SELECT to_regclass(%s) IS NOT NULL", (self._table,))
            if cursor.fetchone() == (True,):
                return
            # unlogged: what is dropped soon need not pass the log, nor go to a server's replicas
            cursor.execute(f"CREATE UNLOGGED TABLE {self._table} {COLUMNS}".encode())
            with cursor.copy(f"COPY {self._table} FROM STDIN".encode()) as copy:
                for order in self._orders():
                    copy.write_row(order)
            cursor.execute(f"CREATE INDEX ON {self._table} (customer, day)".encode())
            cursor.execute(f"ANALYZE {self._table}".encode())

    def _orders(self) -> Iterator[Tuple[int, int, int, int]]:
        # Only `random()` is promised to give the same numbers in every Python version.
        draw = random.Random(f"postgres_query {self.context.seed}").random
        for order in range(ORDERS):
            yield order, int(draw() * CUSTOMERS), int(draw() * DAYS), int(draw() * 100_000)

    def make_items(self, count: int, scale: int) -> List[Item]:
        """Items are (start of the keys' generator, queries)."""
        return [(start_of(self.context.seed, index), scale) for index in range(count)]

    def run(self, item: Item) -> Answer:
        """[orders, cents, dearest order] over the item's queries."""
        execute, query = self._connection().execute, self._query.encode()
        return _added_up([execute(query, keys).fetchone() for keys in _keys(item)])

    def _connection(self) -> psycopg.Connection[Any]:
        import psycopg

        connection: Optional[psycopg.Connection[Any]] = getattr(self._local, "connection", None)
        if connection is None:
            connection = psycopg.connect(**self._server(), autocommit=True)
            self._local.connection = connection
            self._connections.append(connection)
        return connection

    async def arun(self, item: Item) -> Answer:
        """The same on a connection that no other item is using."""
        connection = self._idle.pop() if self._idle else await self._open()
        query, found = self._query.encode(), []
        for keys in _keys(item):
            cursor = await connection.execute(query, keys)
            found.append(await cursor.fetchone())
        self._idle.append(connection)  # only where nothing went wrong
        return _added_up(found)

    async def _open(self) -> psycopg.AsyncConnection[Any]:
        import psycopg

        connection = await psycopg.AsyncConnection.connect(**self._server(), autocommit=True)
        self._opened.append(connection)
        return connection

    def _server(self) -> Dict[str, Any]:
        """How to connect; the secret of a given string comes from this process's environment."""
        usual = {"connect_timeout": CONNECT_SECONDS, "application_name": "poolwise"}
        if self.params["dsn"] != dsn.TEMPORARY:
            return {"conninfo": dsn.resolved(self.params["dsn"]), **usual}
        address = self.context.services["postgres"]
        return {**{key: address[key] for key in ("host", "port", "user", "dbname")}, **usual}

    async def aclose(self) -> None:
        """Close the loop's connections."""
        self._idle.clear()
        while self._opened:
            await self._opened.pop().close()

    def close(self) -> None:
        """Close the connections of all threads."""
        while self._connections:
            self._connections.pop().close()
        self._local = threading.local()


def _keys(item: Item) -> Iterator[Tuple[int, int, int]]:
    """Customer, first and last day of each of an item's queries."""
    state, queries = item
    for _ in range(queries):
        state = churn(state, 1)
        first_day = state // CUSTOMERS % (DAYS - RANGE_DAYS)
        yield state % CUSTOMERS, first_day, first_day + RANGE_DAYS


def _added_up(found: List[Any]) -> Answer:
    counts, totals, largest = zip(*found)
    return [sum(counts), int(sum(totals)), max(largest)]


def _forget_settings() -> None:
    """Settings of libpq in the user's environment are about the user's servers, not ours."""
    for name in [name for name in os.environ if name.startswith("PG")]:
        del os.environ[name]
