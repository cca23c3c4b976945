"""With and without a GIL, on real interpreters."""

from __future__ import annotations

from typing import Any

import pytest

from tests.experiments.launch.driving import launch, spec
from tests.pythons import python_or_skip

#: enough unguarded updates that threads that really run at once lose some of them
UPDATES = {"items": 8, "scale": 4000, "batches": 3, "executor": "threads", "workers": 4}
#: on a busy machine all threads of a launch may have to share one core, one after the other
ATTEMPTS = 6


def counted(version: str, guard: str, **changes: Any) -> dict[str, Any]:
    wanted = spec("locked_counter", params={"guard": guard}, **{**UPDATES, **changes})
    done = launch(wanted, python_or_skip(version))
    assert done.last == {"event": "end"}, (done.events, done.output)
    return done.one("extras")


def test_without_a_gil_unguarded_updates_are_lost() -> None:
    lost = (counted("3.13t", "none")["lost_updates"] for _ in range(ATTEMPTS))

    assert any(count > 0 for count in lost)


@pytest.mark.parametrize("guard", ["lock", "semaphore"])
def test_without_a_gil_a_guard_keeps_every_update(guard: str) -> None:
    assert counted("3.13t", guard, scale=400)["lost_updates"] == 0


@pytest.mark.parametrize(
    ("version", "gil"), [("3.9", True), ("3.13", True), ("3.14", True), ("3.13t", False)]
)
def test_a_launch_says_at_both_ends_whether_it_holds_a_gil(version: str, gil: bool) -> None:
    done = launch(spec(), python_or_skip(version))

    assert (done.one("hello")["gil"], done.one("gil")["enabled"]) == (gil, gil)


def test_a_gil_that_is_switched_on_by_hand_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    python = python_or_skip("3.13t")
    monkeypatch.setenv("PYTHON_GIL", "1")

    assert launch(spec(), python).one("hello")["gil"] is True
