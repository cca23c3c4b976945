"""Lateness of the main thread's heartbeat: on a fake clock, and in real launches."""

from __future__ import annotations

import pytest

from experiments.launch.heartbeat import Beats, drained, frozen, quantile
from tests.experiments.launch.driving import launch, spec

MS = 1_000_000


class Clock:
    """Nanoseconds that go on only when told to."""

    def __init__(self) -> None:
        self.now_ns = 17 * MS

    def __call__(self) -> int:
        return self.now_ns

    def sleep(self, ms: float) -> None:
        self.now_ns += int(ms * MS)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def beats(clock: Clock) -> Beats:
    return Beats(clock)


def test_beats_in_time_are_not_late(beats: Beats, clock: Clock) -> None:
    beats.begin()
    for _ in range(10):
        beats.beat()
        clock.sleep(beats.wait_seconds * 1e3)

    assert set(beats.summary().values()) == {0}


def test_lateness_is_how_much_after_its_time_a_beat_came(beats: Beats, clock: Clock) -> None:
    beats.begin()
    beats.beat()
    clock.sleep(5 + 3)
    beats.beat()

    assert beats.wait_seconds == pytest.approx(0.002)  # the schedule holds, whatever came late
    assert beats.summary()["heartbeat_max_ms"] == 3


def test_beats_missed_in_a_freeze_count_each_with_its_own_lateness(
    beats: Beats, clock: Clock
) -> None:
    beats.begin()
    clock.sleep(20)
    beats.beat()  # due at 0, 5, 10, 15 and 20 ms

    assert beats.summary() == pytest.approx(
        {"heartbeat_p50_ms": 10, "heartbeat_p99_ms": 19.8, "heartbeat_max_ms": 20}
    )


def test_a_frozen_main_thread_is_late_by_the_whole_batch(beats: Beats, clock: Clock) -> None:
    def run(items: list[int]) -> list[int]:
        clock.sleep(250)
        return items

    assert frozen(run, [1, 2], beats) == [1, 2]
    assert beats.batch_seconds == 0.25
    assert beats.summary()["heartbeat_max_ms"] == 250


def test_the_shortest_batch_has_a_beat(beats: Beats) -> None:
    frozen(lambda items: items, [], beats)

    assert beats.summary()["heartbeat_max_ms"] == 0


def test_a_drained_batch_gives_its_results_or_its_error() -> None:
    assert drained(lambda items: items[::-1], [1, 2], Beats()) == [2, 1]
    with pytest.raises(ZeroDivisionError):
        drained(lambda items: [1 // item for item in items], [0], Beats())


def test_quantiles_are_linear_between_neighbours() -> None:
    assert [quantile([0, 10, 20], share) for share in (0, 0.25, 0.5, 0.99, 1)] == [
        0, 5, 10, 19.8, 20,
    ]  # fmt: skip
    assert quantile([7], 0.99) == 7


@pytest.mark.parametrize(
    ("executor", "task"), [("sequential", "Sleeps"), ("asyncio", "BlocksTheLoop")]
)
def test_work_on_the_main_thread_freezes_it(executor: str, task: str) -> None:
    profile = launch(spec(task, executor=executor, profile=True)).one("profile")
    batch_ms = profile["profile_seconds"] * 1e3

    assert batch_ms - 10 <= profile["heartbeat_max_ms"] <= batch_ms + 1
    assert profile["heartbeat_p50_ms"] > batch_ms / 4


@pytest.mark.parametrize("executor", ["threads", "processes", "asyncio"])
def test_waiting_elsewhere_leaves_the_main_thread_free(executor: str) -> None:
    profile = launch(spec("Sleeps", executor=executor, items=32, profile=True)).one("profile")
    batch_ms = profile["profile_seconds"] * 1e3

    assert profile["heartbeat_p50_ms"] < batch_ms / 20
