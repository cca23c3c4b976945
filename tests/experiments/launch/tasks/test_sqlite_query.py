from __future__ import annotations

import sqlite3
import threading
from pathlib import Path

from experiments.launch.base import Context
from experiments.launch.tasks.sqlite_query import ORDERS, QUERY

from .driving import make, threads


def test_the_answer_adds_up_what_the_queries_find(context: Context) -> None:
    task = make("sqlite_query", context)
    task.prepare(1, 40)
    one, many = (task.run(task.make_items(1, scale)[0]) for scale in (1, 40))
    task.close()

    assert many[0] >= one[0]
    assert many[0] > 0
    assert many[1] >= many[2] > 0


def test_the_database_is_made_once_and_whole(context: Context) -> None:
    task = make("sqlite_query", context)
    task.prepare(1, 1)
    (path,) = Path(context.scratch).iterdir()
    made = path.stat().st_mtime_ns
    task.prepare(1, 1)

    assert path.stat().st_mtime_ns == made
    with sqlite3.connect(path) as connection:
        assert connection.execute("SELECT COUNT(*) FROM orders").fetchone() == (ORDERS,)
    connection.close()


def test_queries_use_the_index(context: Context) -> None:
    task = make("sqlite_query", context)
    task.prepare(1, 1)
    connection = task._connection()  # type: ignore[attr-defined]
    plan = connection.execute("EXPLAIN QUERY PLAN " + QUERY, (1, 2, 3)).fetchall()
    task.close()

    assert "USING INDEX orders_by_customer_and_day" in str(plan)


def test_every_thread_has_a_connection_of_its_own_and_close_closes_all(context: Context) -> None:
    task = make("sqlite_query", context)
    task.prepare(1, 1)
    meet = threading.Barrier(2)
    found: list[sqlite3.Connection] = []

    def connect() -> None:
        meet.wait()
        found.append(task._connection())  # type: ignore[attr-defined]
        assert task._connection() is found[-1] or len(found) == 2  # type: ignore[attr-defined]

    both = [threading.Thread(target=connect) for _ in range(2)]
    for thread in both:
        thread.start()
    for thread in both:
        thread.join()

    assert found[0] is not found[1]
    assert set(task._connections) == set(found)  # type: ignore[attr-defined]
    task.close()
    assert task._connections == []  # type: ignore[attr-defined]
    assert threads(task, 4, 2) == threads(task, 4, 2)  # and it can begin anew
