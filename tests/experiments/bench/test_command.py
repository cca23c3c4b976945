from __future__ import annotations

import contextlib
from collections.abc import Iterator

import pytest

from experiments.bench import __main__ as command
from experiments.bench import breakeven, growth, harness, launches, verdict
from experiments.conductor import lock


@pytest.mark.parametrize(
    ("argv", "ran"),
    [
        ([], ["harness", "launches", "breakeven", "growth", "verdict"]),
        (["--only", "harness"], ["harness"]),
        (["--only", "launches"], ["launches"]),
        (["--only", "breakeven"], ["breakeven"]),
        (["--only", "growth"], ["growth"]),
        (["--only", "verdict"], ["verdict"]),
    ],
)
def test_one_part_or_all_of_them(
    monkeypatch: pytest.MonkeyPatch, argv: list[str], ran: list[str]
) -> None:
    seen: list[str] = []
    held: list[str] = []

    @contextlib.contextmanager
    def holding(name: str) -> Iterator[None]:
        held.append(name)
        yield
        held.remove(name)

    def noted(name: str, broken: bool = False) -> bool:
        seen.append(name)
        # the conductor of the last part takes the lock `measure` itself
        assert ("measure" in held) is (name != "verdict")
        return broken

    monkeypatch.setattr(lock, "held", holding)
    monkeypatch.setattr(harness, "print_overheads", lambda *_: noted("harness", broken=True))
    monkeypatch.setattr(launches, "print_launches", lambda *_: noted("launches"))
    monkeypatch.setattr(breakeven, "print_searches", lambda: noted("breakeven"))
    monkeypatch.setattr(growth, "print_growth", lambda *_: noted("growth"))
    monkeypatch.setattr(verdict, "print_comparison", lambda: noted("verdict"))
    monkeypatch.setattr("sys.argv", ["bench", *argv])
    with pytest.raises(SystemExit) as ended:
        command.main()

    assert seen == ran
    assert ended.value.code == int("harness" in ran)  # only a harness that is too slow fails
