"""A break-even search in the real workflow, where the change is known; killed and gone on with."""

from __future__ import annotations

import json
import signal

import pytest

from experiments.schema import BREAKEVEN, LAUNCHES
from tests.workflow.conftest import MakeFolder
from tests.workflow.driving import TRACE, wait_until

pytestmark = pytest.mark.host

#: threads are as fast as processes where an item waits about 3 ms in a thread
LAG = {
    "task": "own_tasks:Lags",
    "vary": "lag_ms",
    "between": [1, 9],
    "resolution": 1,
    "executors": ["threads", "processes"],
}
CONFIG = {
    "breakeven": [LAG],
    "breakeven_seconds": 60,
    "workers": [2],
    "executors": ["threads", "processes"],
    "batch_seconds": 0.1,
    "launch_timeout_seconds": 30,
}
TABLE = "results/bench/breakeven.csv"
TRIES = 3


def test_the_search_finds_the_change_where_it_is(make_folder: MakeFolder) -> None:
    for number in range(TRIES):  # other programs share the machine
        folder = make_folder(f"try {number}", **CONFIG)
        ended = folder.run(TABLE)
        assert ended.status == 0, ended.said
        rows = [row for row in folder.table(BREAKEVEN) if row["kind"] == "parameter"]
        print(rows)
        row = rows[0]
        found = (row["below"], row["above"]) == ("threads", "processes")
        # 3 ms, and what a process pool costs an item
        if found and row["low"] <= 4 <= row["high"] + 1:
            break
    else:
        pytest.fail("never found where it is")
    assert len(rows) == 1
    assert row["blocks"] < 9, "a sweep as fine has nine values"
    assert "lag of" in row["sentence"]


def test_a_killed_search_goes_on_where_it_was(make_folder: MakeFolder) -> None:
    folder = make_folder(**CONFIG)
    process = folder.start(TABLE)
    first = folder.results / "breakeven" / "0.json"
    assert wait_until(first.exists, 180)
    block = json.loads(first.read_text())["blocks"][0]["block"]
    assert wait_until(lambda: folder.launches_so_far(block) >= 2, 180)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert folder.none_left()

    ended = folder.run(TABLE)
    assert ended.status == 0, ended.said
    assert TRACE not in ended.said
    seen = [(r["block"], r["round"], r["workers"], r["executor"]) for r in folder.table(LAUNCHES)]
    assert len(seen) == len(set(seen)), "every launch once"
    assert {row["kind"] for row in folder.table(BREAKEVEN)} == {"parameter", "pool life"}


def test_an_unchanged_rerun_measures_nothing(make_folder: MakeFolder) -> None:
    folder = make_folder(**{**CONFIG, "breakeven_seconds": 5})
    assert folder.run(TABLE).status == 0
    before = (folder.results / "launches.csv").read_bytes()
    ended = folder.run(TABLE)
    assert ended.status == 0, ended.said
    assert (folder.results / "launches.csv").read_bytes() == before
