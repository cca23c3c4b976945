from __future__ import annotations

from pathlib import Path

import pytest

from experiments.launch.throttling import (
    Throttling,
    new_heat_events,
    quota_share,
    read_throttling,
)

V2 = "nr_periods 10\nnr_throttled {}\nthrottled_usec {}\n"
V1 = "nr_periods 10\nnr_throttled {}\nthrottled_time {}\n"


@pytest.fixture
def groups(tmp_path: Path) -> Path:
    return tmp_path / "cgroup"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "fs"


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def quota_seconds(groups: Path, root: Path) -> float | None:
    return read_throttling(None, groups, root, root / "none").quota_seconds


def test_the_quota_of_version_2_is_told_in_microseconds(groups: Path, root: Path) -> None:
    write(groups, "0::/user/us\n")
    write(root / "user/us/cpu.stat", V2.format(3, 1_500_000))

    assert quota_seconds(groups, root) == 1.5


def test_the_quota_of_version_1_is_told_in_nanoseconds(groups: Path, root: Path) -> None:
    write(groups, "9:name=systemd:/\n3:cpuset:/us\n2:cpu,cpuacct:/us\n")
    write(root / "cpu/us/cpu.stat", V1.format(3, 2_500_000_000))

    assert quota_seconds(groups, root) == 2.5


def test_of_groups_in_each_other_the_most_held_back_counts(groups: Path, root: Path) -> None:
    write(groups, "0::/user/us\n")
    write(root / "user/cpu.stat", V2.format(3, 4_000_000))
    write(root / "user/us/cpu.stat", V2.format(3, 1_000_000))

    assert quota_seconds(groups, root) == 4


@pytest.mark.parametrize(
    "stat", ["", "usage_usec 7\n", "throttled_usec many\n", "throttled_usec\n"]
)
def test_a_quota_that_is_not_told_is_unknown_and_not_0(groups: Path, root: Path, stat: str) -> None:
    assert quota_seconds(groups, root) is None

    write(groups, "0::/us\n")
    write(root / "us/cpu.stat", stat)

    assert quota_seconds(groups, root) is None


def heat(root: Path, cpus: list[int] | None) -> int | None:
    return read_throttling(cpus, root / "none", root, root).heat_events


def test_heat_is_that_of_the_measured_cores(root: Path) -> None:
    for cpu, count in enumerate([2, 30, 400]):
        write(root / f"cpu{cpu}/thermal_throttle/core_throttle_count", f"{count}\n")
        write(root / f"cpu{cpu}/thermal_throttle/package_throttle_count", "9000\n")

    assert heat(root, [0, 2]) == 402
    assert heat(root, None) == 432
    assert heat(root, [0, 7]) is None
    assert heat(root / "elsewhere", None) is None


def test_shares_are_of_the_time_of_all_measured_cores() -> None:
    before, after = Throttling(1.0, 5), Throttling(1.5, 8)

    assert quota_share(before, after, wall_seconds=2.0, cpus=2) == 0.125
    assert quota_share(before, after, wall_seconds=0.1, cpus=2) == 1
    assert new_heat_events(before, after) == 3
    assert new_heat_events(after, before) == 0  # a group or core that came new
    assert quota_share(after, before, 2.0, 2) == 0


def test_what_is_unknown_before_or_after_stays_unknown() -> None:
    known, unknown = Throttling(1.0, 5), Throttling(None, None)

    for before, after in ((known, unknown), (unknown, known)):
        assert quota_share(before, after, 2.0, 2) is None
        assert new_heat_events(before, after) is None
    assert quota_share(known, known, 0.0, 2) is None
