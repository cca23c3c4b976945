from __future__ import annotations

import asyncio
import os
import signal
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from experiments.launch.base import Context
from experiments.launch.tasks.postgres_query import ORDERS
from experiments.services.service import Service
from tests.experiments.launch.driving import launch, spec
from tests.experiments.postgres import cluster, dsn_of

from .driving import make, native, processes, sequential, threads


@pytest.fixture(scope="module")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with cluster(tmp_path_factory.mktemp("scratch")) as service:
        yield service


@pytest.fixture
def there(postgres: Service, tmp_path: Path) -> Context:
    return Context(str(tmp_path), {"postgres": postgres.address()}, seed=7)


@pytest.mark.parametrize("run", [threads, processes, native])
def test_every_way_gives_the_sequential_answers(
    run: Callable[..., list[Any]], there: Context
) -> None:
    expected = sequential(make("postgres_query", there), 6, 3)

    assert run(make("postgres_query", there), 6, 3) == expected
    assert len({tuple(answer) for answer in expected}) == 6


def test_another_seed_gives_other_answers(there: Context) -> None:
    other = Context(there.scratch, there.services, seed=8)

    assert sequential(make("postgres_query", there), 6, 3) != sequential(
        make("postgres_query", other), 6, 3
    )


def test_the_answer_adds_up_what_the_rows_say(there: Context) -> None:
    task = make("postgres_query", there)
    task.prepare(1, 2)
    (item,) = task.make_items(1, 2)
    rows = list(task._orders())  # type: ignore[attr-defined]
    from experiments.launch.tasks.postgres_query import _keys

    cents = [
        row[3]
        for customer, first, last in _keys(item)
        for row in rows
        if row[1] == customer and first <= row[2] <= last
    ]
    assert task.run(item) == [len(cents), sum(cents), max(cents)]
    task.close()


def test_the_table_is_made_once_whole_and_indexed(there: Context, postgres: Service) -> None:
    import psycopg

    task = make("postgres_query", there)
    task.prepare(1, 1)
    with psycopg.connect(dsn_of(postgres)) as connection:
        name = "public.orders_seed7"
        made = connection.execute("SELECT %s::regclass::oid", (name,)).fetchone()
        task.prepare(1, 1)
        again = connection.execute("SELECT %s::regclass::oid", (name,)).fetchone()
        count = connection.execute("SELECT count(*) FROM public.orders_seed7").fetchone()
        query = "EXPLAIN " + task._query  # type: ignore[attr-defined]
        plan = str(connection.execute(query.encode(), (1, 2, 3)).fetchall())

    assert made == again
    assert count == (ORDERS,)
    assert "orders_seed7_customer_day_idx" in plan


def test_every_thread_has_a_connection_of_its_own_and_close_closes_all(there: Context) -> None:
    task: Any = make("postgres_query", there)
    task.prepare(1, 1)
    meet = threading.Barrier(2)
    found: list[Any] = []

    def connect() -> None:
        meet.wait()
        found.append(task._connection())
        assert task._connection() in found

    both = [threading.Thread(target=connect) for _ in range(2)]
    for thread in both:
        thread.start()
    for thread in both:
        thread.join()
    task.close()

    assert found[0] is not found[1]
    assert all(connection.closed for connection in found)
    assert threads(task, 4, 2) == threads(task, 4, 2)  # and it can begin anew


def test_coroutines_have_as_many_connections_as_items_in_flight(there: Context) -> None:
    task: Any = make("postgres_query", there)
    task.prepare(1, 1)

    async def main() -> tuple[int, int]:
        items = task.make_items(6, 1)
        for item in items:
            await task.arun(item)
        alone = len(task._opened)
        await asyncio.gather(*map(task.arun, items[:3]))
        together = len(task._opened)
        await task.aclose()
        assert task._opened == task._idle == []
        return alone, together

    assert asyncio.run(main()) == (1, 3)


def test_settings_for_other_servers_do_not_reach_a_temporary_one(
    there: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PGSERVICE", "one_that_is_not_there")
    monkeypatch.setenv("PGREQUIREAUTH", "scram-sha-256")

    assert len(threads(make("postgres_query", there), 4, 1)) == 4


@pytest.mark.host  # each takes seconds
@pytest.mark.parametrize("executor", ["sequential", "threads", "asyncio", "processes"])
def test_a_launch_whose_server_has_died_says_so(executor: str, tmp_path: Path) -> None:
    with cluster(tmp_path) as service:
        context = Context(str(tmp_path), {"postgres": service.address()}, seed=1)
        make("postgres_query", context).prepare(1, 1)
        os.kill(service.pids[0], signal.SIGKILL)
        service.process.wait(10)
        told = launch(
            spec(
                "postgres_query", executor=executor, services={"postgres": service.address()},
                scratch=str(tmp_path),
            )
        )  # fmt: skip

    assert told.last["event"] == "failed"
    assert "OperationalError: connection " in told.last["reason"]
    assert not Path(service.host).exists()


@pytest.mark.host  # each takes seconds
@pytest.mark.parametrize("executor", ["threads", "asyncio"])
def test_a_server_that_dies_in_the_middle_ends_the_launch_with_a_reason(
    executor: str, tmp_path: Path
) -> None:
    def kill_in_the_middle(event: dict[str, Any]) -> None:
        if (event["event"], event.get("phase")) == ("batch", "cold"):
            os.kill(service.pids[0], signal.SIGKILL)

    with cluster(tmp_path) as service:
        told = launch(
            spec(
                "postgres_query", executor=executor, services={"postgres": service.address()},
                scratch=str(tmp_path), scale=20, steady_seconds=60.0, most_batches=10**6,
            ),
            heard=kill_in_the_middle,
        )  # fmt: skip

    assert told.last["event"] == "failed"
    assert told.last["phase"] == "steady"
    assert "OperationalError" in told.last["reason"] or "AdminShutdown" in told.last["reason"]
