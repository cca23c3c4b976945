from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

from experiments.conductor import room
from experiments.conductor.outcome import Outcome
from tests.experiments.conductor.blocks import CLEAR, MakeBench
from tests.experiments.conductor.fake_world import World

SPACE = "OSError: [Errno 28] No space left on device in phase cold"
SQLITE = "OperationalError: database or disk is full in phase prepare"
QUOTA = "OSError: [Errno 122] Disk quota exceeded in phase cold"


@pytest.fixture
def free(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """So many MiB are free, on all disks."""

    def set_free(mib: int) -> None:
        usage = SimpleNamespace(free=mib * 2**20)
        monkeypatch.setattr(shutil, "disk_usage", lambda folder: usage)

    return set_free


def test_a_scratch_disk_that_is_nearly_full_is_named(
    tmp_path: Path, free: Callable[[int], None]
) -> None:
    free(300)
    room.check_scratch(tmp_path, 300, "n1")
    free(299)
    with pytest.raises(room.RoomError, match=r"on n1: 299 MiB free, .*wants 300.*tmpdir"):
        room.check_scratch(tmp_path, 300, "n1")
    with pytest.raises(room.RoomError, match=r"299 MiB free, .*'results'"):
        room.check_results(tmp_path / "not" / "there", 300)


@pytest.mark.parametrize(
    ("reason", "mib", "full"),
    [
        (SPACE, 3, True),
        (SPACE, 3000, False),  # of shared memory, which is a limit of the approach
        (SQLITE, 3000, True),  # a file that grew is gone with its launch
        (QUOTA, 3000, True),
        ("MemoryError in phase cold", 3, False),
    ],
)
def test_a_full_disk_says_nothing_of_an_approach(
    tmp_path: Path, free: Callable[[int], None], reason: str, mib: int, full: bool
) -> None:
    free(mib)
    outcome = Outcome(status="crashed", reason=reason)
    if full:
        with pytest.raises(room.RoomError, match="which says nothing of its approach"):
            room.check_outcome(outcome, tmp_path, 300)
    else:
        room.check_outcome(outcome, tmp_path, 300)


def test_a_block_whose_disk_is_full_is_measured_again(make_bench: MakeBench) -> None:
    bench, world = make_bench(), World(CLEAR)
    folder = bench.results / "blocks" / bench.names()[0]
    world.uncalibrated = Outcome(status="crashed", reason=SQLITE)
    with pytest.raises(room.RoomError):
        bench.measure(world)
    world.uncalibrated, world.failing = None, {"threads x2": (1, "crashed", QUOTA)}
    with pytest.raises(room.RoomError):
        bench.measure(world)
    assert not (folder / "launches.csv").exists()
    kept = len((folder / "journal.jsonl").read_text().splitlines()) - 1
    assert kept == len(world.ran) - 1  # all but the one that failed
    world.failing = {}
    bench.measure(world)

    assert {row["status"] for row in bench.launches()} == {"ok"}
