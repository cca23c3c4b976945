"""A launch that goes wrong: one event says how, or the missing end does."""

from __future__ import annotations

import json
import signal
from pathlib import Path
from typing import Any

import pytest

from tests.experiments.launch.driving import launch, spec
from tests.pythons import python_or_skip

SQUARES = [number * number for number in range(8)]
IN_PROCESS = ["sequential", "threads", "asyncio", "asyncio_to_thread"]
IN_PROCESSES = ["processes", "multiprocessing_pool", "process_per_item"]
ALL = [*IN_PROCESS, *IN_PROCESSES]


@pytest.mark.parametrize("executor", ALL)
def test_a_different_answer_is_wrong_and_names_the_item(executor: str) -> None:
    expected = [*SQUARES[:5], "x" * 500, *SQUARES[6:]]
    done = launch(spec(executor=executor, expected=expected))

    wrong = done.last
    assert (wrong["event"], done.status) == ("wrong", 0)
    assert wrong["reason"].startswith('cold batch 0: item 5: expected "xxx')
    assert wrong["reason"].endswith(", got 25")
    assert len(wrong["reason"]) < 200
    assert done.all("batch") == []


def test_a_missing_answer_is_wrong() -> None:
    done = launch(spec("Drops", expected=SQUARES))

    assert done.last["reason"] == "cold batch 0: expected 8 answers, got 7"


@pytest.mark.parametrize(
    ("task", "phase", "reason"),
    [
        ("Raises", "cold", "ZeroDivisionError: divided"),
        ("CantPrepare", "prepare", "OSError: no free disk"),
        ("CantStart", "startup", "LookupError: no such table"),
        ("FewerItems", "prepare", "ValueError: make_items(8, 1) made 7 items"),
    ],
)
@pytest.mark.parametrize("executor", ALL)
def test_an_exception_fails_with_its_phase_and_message(
    executor: str, task: str, phase: str, reason: str
) -> None:
    done = launch(spec(task, executor=executor))
    if (task, executor) == ("CantStart", "process_per_item"):
        phase = "cold"  # no process lives before

    assert done.last == {"event": "failed", "phase": phase, "reason": reason}
    assert done.status == 0
    assert reason.partition(":")[2].strip() in done.output  # the log holds the traceback


@pytest.mark.parametrize(
    ("executor", "reason"),
    [
        *((executor, "SystemExit: enough") for executor in [*IN_PROCESS, "processes"]),
        # these hand on exceptions only, so that it ends the worker
        ("multiprocessing_pool", "WorkerDied: a worker process ended with exit status 1"),
        ("process_per_item", "WorkerDied: a worker process ended with exit status 1"),
    ],
)
def test_an_item_that_leaves_the_program_fails(executor: str, reason: str) -> None:
    last = launch(spec("Leaves", executor=executor)).last

    assert last == {"event": "failed", "phase": "cold", "reason": reason}


def test_a_pool_that_cannot_be_shut_down_does_not_hold_the_launch() -> None:
    done = launch(spec("NeverEnds", executor="threads", workers=8))

    assert done.last["event"] == "failed"
    assert done.status == 0


@pytest.mark.parametrize("executor", IN_PROCESS)
@pytest.mark.parametrize(("task", "status"), [("Exits", 7), ("Segfaults", -signal.SIGSEGV)])
def test_a_crash_leaves_no_end(executor: str, task: str, status: int) -> None:
    done = launch(spec(task, executor=executor))

    assert done.last == {"event": "phase", "name": "cold"}
    assert done.status == status


POOLS = [
    *(("processes", method) for method in ("fork", "spawn", "forkserver")),
    ("multiprocessing_pool", "fork"),
    ("multiprocessing_pool", "forkserver"),
]


@pytest.mark.parametrize(("executor", "method"), [*POOLS, ("process_per_item", "fork")])
@pytest.mark.parametrize(
    ("task", "how"), [("Exits", "ended with exit status 7"), ("Segfaults", "was killed by SIGSEGV")]
)
def test_a_worker_process_that_dies_fails_the_launch(
    executor: str, method: str, task: str, how: str
) -> None:
    done = launch(spec(task, executor=executor, options={"start_method": method}))

    assert done.last == {
        "event": "failed", "phase": "cold", "reason": f"WorkerDied: a worker process {how}",
    }  # fmt: skip


@pytest.mark.parametrize(("executor", "method"), POOLS)
def test_a_worker_process_that_dies_while_it_starts_fails_the_launch(
    executor: str, method: str
) -> None:
    wanted = spec("DiesAtStart", executor=executor, options={"start_method": method}, workers=4)
    last = launch(wanted).last

    assert (last["event"], last["phase"]) == ("failed", "startup")
    assert last["reason"] == "WorkerDied: a worker process ended with exit status 3"


@pytest.mark.parametrize("executor", IN_PROCESSES)
def test_an_exception_that_cannot_travel_between_processes_is_told(executor: str) -> None:
    last = launch(spec("RaisesOddly", executor=executor)).last

    assert last["event"] == "failed"
    assert "TwoPartError" in last["reason"]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("import math\nraise RuntimeError('half a module')\n", "RuntimeError: half a module"),
        ("import surely_not_there\n", "ModuleNotFoundError: No module named 'surely_not_there'"),
        ("def (:\n", "SyntaxError"),
        ("Mine = 1\n", "Mine"),
    ],
)
def test_a_module_that_cannot_be_imported_fails(text: str, reason: str, tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(text)
    done = launch(spec("mine:Mine"), path=(tmp_path,))

    assert (done.last["event"], done.last["phase"]) == ("failed", "import")
    assert reason in done.last["reason"]


@pytest.mark.parametrize("name", ["no_such_task", "no_such.module:Task", "json:dumps"])
def test_a_task_that_is_not_there_fails(name: str) -> None:
    done = launch(spec(name))

    assert (done.last["event"], done.last["phase"]) == ("failed", "import")
    assert name.split(":")[0].split(".")[0] in done.last["reason"]


def test_a_missing_requirement_is_unsupported() -> None:
    done = launch(spec("NeedsMore"))

    assert done.last["event"] == "unsupported"
    assert "surely_not_there.at_all" in done.last["reason"]
    assert done.status == 0


def test_a_missing_requirement_is_told_where_the_module_imports_it_at_its_top(
    tmp_path: Path,
) -> None:
    (tmp_path / "mine.py").write_text(
        "import surely_not_there\nfrom experiments.launch.base import Task\n"
        "class Mine(Task):\n    requires = ('surely_not_there',)\n"
    )
    done = launch(spec("mine:Mine"), path=(tmp_path,))

    assert done.last["event"] == "unsupported"
    assert "surely_not_there" in done.last["reason"]


def test_a_requirement_that_is_there_but_lacks_something_itself_is_unsupported(
    tmp_path: Path,
) -> None:
    (tmp_path / "half_there.py").write_text("raise ImportError('no libpq')")
    (tmp_path / "mine.py").write_text(
        "from experiments.launch.base import Task\n"
        "class Mine(Task):\n    requires = ('half_there',)\n"
    )
    done = launch(spec("mine:Mine"), path=(tmp_path,))

    assert done.last["event"] == "unsupported"
    assert "needs the module half_there" in done.last["reason"]
    assert done.last["reason"].endswith("lacks in working order: no libpq")


@pytest.mark.parametrize(
    ("executor", "last"),
    [("asyncio", "unsupported"), ("threads", "end"), ("asyncio_to_thread", "end")],
)
def test_what_only_coroutines_need_is_needed_for_asyncio_only(executor: str, last: str) -> None:
    assert launch(spec("NeedsMoreForCoroutines", executor=executor)).last["event"] == last


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"executor": "fibres"}, "fibres"),
        ({"executor": "threads", "options": {"colour": 1}}, "colour"),
        ({"executor": "processes", "options": {"chunk": "huge"}}, "chunk is 'huge'"),
        *(
            ({"executor": executor, "options": {"start_method": "vfork"}}, "'vfork'")
            for executor in IN_PROCESSES
        ),
        ({"task": "Choosy", "params": {"kib": 0}}, "kib is 0, must be at least 1"),
        ({"cpus": [4095]}, "4095"),
    ],
)
def test_what_cannot_be_followed_fails_before_anything_runs(
    changes: dict[str, Any], reason: str
) -> None:
    done = launch(spec(**changes))

    assert (done.last["event"], done.last["phase"]) == ("failed", "import")
    assert reason in done.last["reason"]


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("not JSON", "not JSON"),
        ("[]", "JSON object"),
        ("{}", "missing: batches"),
        (json.dumps({**spec(), "events": 3, "colour": 1}), "unknown: colour"),
        (json.dumps({**spec(), "events": 987}), "Bad file descriptor"),
    ],
)
def test_a_bad_spec_is_one_clear_line(text: str, complaint: str) -> None:
    done = launch(text)

    assert (done.events, done.status) == ([], 2)
    assert complaint in done.output
    assert done.output.count("\n") == 1


@pytest.mark.parametrize("version", ["2.7", "3.6", "3.8"])
def test_an_old_interpreter_is_turned_away_in_one_line(version: str) -> None:
    done = launch("", python_or_skip(version))

    assert (done.events, done.status) == ([], 2)
    assert done.output.startswith(
        f"experiments.launch needs Python 3.9 or newer; this is {version}"
    )
    assert done.output.count("\n") == 1
