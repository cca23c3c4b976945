"""A user's functions in real launches: found under every start method, set up, compared."""

from __future__ import annotations

import base64
import json
import pickle
import textwrap
from pathlib import Path
from typing import Any

import pytest

from experiments.launch.answers import WrongAnswer, answers_of, check, expected_of
from experiments.launch.base import Context
from experiments.launch.executors.event_loop import EventLoop
from experiments.launch.executors.to_thread import ToThread
from experiments.launch.executors.trio_loop import Trio
from experiments.launch.tasks import own
from experiments.launch.tasks.own import OwnFunction
from experiments.own import LAUNCHED
from tests.experiments.launch.driving import Launched, launch, spec
from tests.pythons import python_or_skip

SOURCE = """
    import os
    state = {}
    class Point:
        def __init__(self, x): self.x = x
        def __eq__(self, other): return self.x == other.x
    def points(): return [Point(x) for x in range(3)]
    def connect(): state["pid"] = os.getpid()
    def close(): open(os.environ["CLOSED"], "a").write(str(os.getpid() == state["pid"]) + ",")
    def double(point, by=2):
        assert state["pid"] == os.getpid()  # set up in this very process
        return Point(by * point.x)
    async def adouble(point, by=2): return double(point, by)
    def off(point): return point.x + 1 if os.getppid() == START else point.x
    def near(one, other): return abs(one - other) <= 0.5
    def pid(point): return os.getpid()
    def counted(point):
        state["calls"] = state.get("calls", 0) + 1
        return state["calls"]
"""
OWN = {"call": "point_jobs:double", "items": "point_jobs:points", "acall": "point_jobs:adouble",
       "setup": "point_jobs:connect", "teardown": "point_jobs:close"}  # fmt: skip
EXPECTED = [
    f"point_jobs.Point(copyreg.__newobj__, [point_jobs.Point], {{'x': {3 * x}}})" for x in range(3)
]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CLOSED", str(tmp_path / "closed"))
    (tmp_path / "point_jobs.py").write_text(textwrap.dedent(SOURCE))
    return tmp_path


def run(folder: Path, python: str = "", **changes: Any) -> Launched:
    own = {**OWN, **changes.pop("own", {}), "path": str(folder)}
    params = {"own": own, "params": {"by": 3}}
    wanted = spec(LAUNCHED, params=params, items=4, scratch=str(folder), **changes)
    return launch(wanted, **({"python": python} if python else {}), cwd=folder)


@pytest.mark.parametrize(
    ("executor", "options"),
    [
        ("sequential", {}), ("threads", {}), ("asyncio", {}),
        *(("processes", {"start_method": one}) for one in ("fork", "spawn", "forkserver")),
    ],
)  # fmt: skip
def test_it_runs_from_its_folder_set_up_in_every_process(
    executor: str, options: dict[str, str], folder: Path
) -> None:
    found = run(folder, executor=executor, options=options)

    assert found.last["event"] == "end", found.output
    closed = (folder / "closed").read_text()
    assert closed == "True," * (2 if executor == "processes" else 1)


def test_calibration_gives_the_answers_and_other_ones_are_wrong(folder: Path) -> None:
    found = run(folder, mode="answers").one("calibrated")

    assert found["expected"] == EXPECTED  # of each item once: three make a batch of four
    assert run(folder, executor="processes", expected=found["expected"]).last["event"] == "end"
    wrong = run(folder, executor="processes", expected=[*found["expected"][:2], "other"])
    assert wrong.one("wrong")["reason"].startswith("cold batch 0: item 2: expected")


def test_an_item_that_comes_again_must_give_the_same_answer(folder: Path) -> None:
    found = run(folder, mode="answers", own={"call": "point_jobs:counted"})

    assert found.one("wrong")["reason"] == (
        'sequential batch 0 against its first 3 items: item 3: expected "1", got "4"'
    )


def test_it_runs_on_the_oldest_python(folder: Path) -> None:
    python = python_or_skip("3.9")

    assert run(folder, python, executor="threads").last["event"] == "end"


def task(folder: Path, **own: str) -> OwnFunction:
    return OwnFunction({"own": {**OWN, **own, "path": str(folder)}, "params": {}}, Context("", {}))


@pytest.mark.parametrize(("count", "taken"), [(2, [0, 1]), (3, [0, 1, 2]), (5, [0, 1, 2, 0, 1])])
def test_a_short_list_is_repeated_and_of_a_long_one_a_part_is_spread(
    count: int, taken: list[int], folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(folder))

    assert [point.x for point in task(folder).make_items(count, 1)] == taken


def test_unchecked_answers_say_nothing_and_the_users_own_word_counts(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(folder))
    lenient = task(folder, same="point_jobs:near")
    (one, near, far) = lenient.answer([1.0, 1.25, 2.0])
    assert answers_of(lenient, [1.0]) == json.loads(json.dumps([one]))  # as it says, plain

    assert task(folder, check="none").answer([1, object()]) == [None, None]
    assert pickle.loads(base64.b64decode(one)) == 1.0
    assert lenient.same(one, near)
    assert not lenient.same(one, far)


def test_of_items_that_come_again_one_answer_is_kept_and_each_result_is_compared(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(folder))
    lenient = task(folder, same="point_jobs:near")
    assert len(lenient.make_items(8, 1)) == 8
    expected = expected_of(lenient, [0, 1, 2, 0, 1, 2, 0, 1])

    assert len(expected) == 3
    check(lenient, expected, [0, 1, 2, 0.25, 1, 2, 0, 1.25], "here")
    with pytest.raises(WrongAnswer, match="here: item 7: expected"):
        check(lenient, expected, [0, 1, 2, 0, 1, 2, 0, 2], "here")


def test_results_too_large_to_keep_for_same_are_told(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(folder))
    monkeypatch.setattr(own, "MOST_PICKLED_MIB", 1)

    assert len(task(folder, same="point_jobs:near").answer([bytes(2**19)])) == 1
    with pytest.raises(ValueError, match=r"^same: the results of 3 items are more than 1 MiB"):
        task(folder, same="point_jobs:near").answer([bytes(2**19)] * 3)


def test_coroutines_run_on_the_loops_they_are_said_to(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(folder))
    usual = task(folder)
    both, trios = (
        OwnFunction({**usual.params, "own": {**usual.params["own"], "async_libraries": names}},
                    Context("", {}))
        for names in (["asyncio", "trio"], ["trio"])
    )  # fmt: skip

    assert Trio.unsupported(usual, {}) == (
        "the coroutines of point_jobs:adouble need asyncio, which trio is not; if they run on trio "
        "too, name it in async_libraries"
    )
    assert EventLoop.unsupported(usual, {}) is None
    assert Trio.unsupported(both, {}) is EventLoop.unsupported(both, {}) is None
    assert str(EventLoop.unsupported(trios, {})).startswith(
        "the coroutines of point_jobs:adouble need trio, which asyncio is not"
    )
    assert ToThread.unsupported(trios, {}) is None  # runs the plain function
