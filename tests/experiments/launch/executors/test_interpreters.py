"""Subinterpreters, by launches of Python 3.14, and what its interpreters share."""

from __future__ import annotations

import pickle
import threading
from pathlib import Path
from typing import Any

import pytest

from experiments.launch.executors.one_process import Barrier, Integer, Tokens
from tests.experiments.launch.driving import Launched, fastest, launch, spec
from tests.pythons import python_or_skip

REFUSAL = "module {} does not support loading in subinterpreters"


def run(task: str = "Squares", **changes: Any) -> Launched:
    return launch(spec(task, executor="interpreters", **changes), python_or_skip("3.14"))


def test_an_older_python_says_that_it_has_none() -> None:
    last = launch(spec(executor="interpreters"), python_or_skip("3.12")).last

    assert last["event"] == "unsupported"
    assert last["reason"].endswith("has no InterpreterPoolExecutor; 3.14 has")


def test_results_keep_the_items_order_and_memory_and_heartbeat_are_known() -> None:
    expected = [number * number for number in range(20)]
    done = run("Unequal", items=20, workers=3, expected=expected, profile=True)

    assert done.last == {"event": "end"}
    assert done.one("profile")["peak_memory_mib"] > 0
    assert done.one("startup")["worker_import_seconds"] > 0


def test_every_interpreter_has_a_task_of_its_own_and_closes_it(tmp_path: Path) -> None:
    run("Witness", workers=3, scratch=str(tmp_path))
    words = [line.split()[2] for line in (tmp_path / "notes").read_text().splitlines()]

    assert words[:4] == ["started"] * 3 + ["batch"]
    assert words.count("closed") == 3 + 1  # the main program's, last


def test_waiting_overlaps_and_its_latencies_are_recorded() -> None:
    done = run("Sleeps", workers=8, items=16, batches=5, latencies=True)

    assert 2 * 0.02 <= fastest(done) < 16 * 0.02 / 2
    assert done.one("latencies")["latency_p50_ms"] >= 20


def test_locks_and_counters_are_the_same_to_all_interpreters() -> None:
    assert run("Counts", workers=4).one("extras")["lost_updates"] == 0

    params = {"guard": "lock", "item_ms": 1.0}
    guarded = run("locked_counter", params=params, items=8, scale=500, workers=4)
    assert guarded.one("extras") == {
        "event": "extras", "lost_updates": 0, "object_writes": 16, "seen_writes": 0,
    }  # fmt: skip


def test_updates_without_a_guard_are_lost() -> None:
    params = {"guard": "none", "item_ms": 1.0}

    def lost() -> int:
        free = run("locked_counter", params=params, items=8, scale=20000, workers=4)
        return int(free.one("extras")["lost_updates"])

    # a host that gives one core only lets hardly any update meet another
    assert any(lost() for _ in range(10))


@pytest.mark.parametrize(
    ("task", "phase", "reason"),
    [
        ("Raises", "cold", "ZeroDivisionError: divided"),
        ("RaisesOddly", "cold", "RuntimeError: TwoPartError: halfhalf"),
        ("Leaves", "cold", "SystemExit: enough"),
        ("CantStart", "startup", "LookupError: no such table"),
    ],
)
def test_an_exception_fails_with_its_phase_and_message(task: str, phase: str, reason: str) -> None:
    assert run(task).last == {"event": "failed", "phase": phase, "reason": reason}


def test_a_crash_ends_the_whole_process() -> None:
    done = run("Exits")

    assert (done.last, done.status) == ({"event": "phase", "name": "cold"}, 7)


@pytest.mark.parametrize("where", ["module", "run"])
def test_an_extension_module_that_refuses_is_unsupported(where: str, tmp_path: Path) -> None:
    top, inside = ("import readline", "pass") if where == "module" else ("", "import readline")
    (tmp_path / "mine.py").write_text(
        f"from tests.experiments.launch.sample_tasks import Squares\n{top}\n"
        f"class Mine(Squares):\n    def run(self, item):\n        {inside}\n        return item\n"
    )
    wanted = spec("mine:Mine", executor="interpreters", workers=3)
    last = launch(wanted, python_or_skip("3.14"), path=(tmp_path,)).last

    assert last == {"event": "unsupported", "reason": REFUSAL.format("readline")}


def test_the_refusal_is_found_in_a_page_of_advice(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(
        "from tests.experiments.launch.sample_tasks import Squares\n"
        "class Mine(Squares):\n    def run(self, item):\n"
        f"        raise ImportError('IMPORTANT:\\n\\nwas: {REFUSAL.format('a.b')}\\n')\n"
    )
    wanted = spec("mine:Mine", executor="interpreters")
    last = launch(wanted, python_or_skip("3.14"), path=(tmp_path,)).last

    assert last == {"event": "unsupported", "reason": REFUSAL.format("a.b")}


# --- what they share, tried with threads of this process ---------------------------------------


def again(shared: Any) -> Any:
    return pickle.loads(pickle.dumps(shared))


def test_an_integer_is_found_again_at_its_address() -> None:
    counter = Integer(0)
    again(counter).value = 7

    assert counter.value == 7


def test_tokens_let_so_many_through_at_once() -> None:
    two = Tokens(2)
    entered = threading.Semaphore(0)

    def enter() -> None:
        with again(two):
            entered.release()

    with two, two:
        waiting = threading.Thread(target=enter)
        waiting.start()
        assert not entered.acquire(timeout=0.05)
    waiting.join()
    assert entered.acquire(timeout=0)


def test_a_barrier_opens_for_the_last_and_breaks_for_all() -> None:
    barrier, passed = Barrier(3), []
    others = [
        threading.Thread(target=lambda: passed.append(again(barrier).wait())) for _ in range(2)
    ]
    for one in others:
        one.start()
    barrier.wait()
    for one in others:
        one.join()
    assert len(passed) == 2

    broken = Barrier(2)
    again(broken).abort()
    with pytest.raises(threading.BrokenBarrierError):
        broken.wait()
