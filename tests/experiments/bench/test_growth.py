from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from experiments import host
from experiments.bench import growth
from experiments.bench.peak import Taken
from experiments.plan import make_plan


def cells(values: int) -> int:
    settings = growth._prepared(values).settings
    return growth.cells_of(make_plan(settings, host.probe("growth", None)))


@pytest.mark.parametrize("wanted", [100, 700])
def test_a_grid_has_as_many_cells_as_are_wanted_or_a_few_more(wanted: int) -> None:
    found = cells(growth.values_for(wanted))

    assert wanted <= found
    assert found < 1.5 * wanted or growth.values_for(wanted) == 1


def test_every_step_of_a_grid_is_a_command_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran: list[str] = []
    left: Iterator[float] = iter(range(9, 0, -1))

    def peak_of(command: list[str], folder: Path) -> Taken:
        ran.append(command[2] if "-n" not in command else "-n")
        if command[2] == "experiments.plan":
            chained = '"chains": 8' in " ".join(command)
            ran[-1] += " in chains" * chained
            blocks = '[{"approaches": [1, 2, 3]}, {"approaches": [4]}]'
            estimate = '{"launches": 8, "seconds": 30}'
            plan = folder / command[command.index("--out") + 1]
            plan.write_text(f'{{"blocks": {blocks}, "estimate": {estimate}}}')
        return Taken(next(left), 100) if command[2] != "experiments.host" else Taken(99, 99)

    monkeypatch.setattr(growth, "peak_of", peak_of)
    found = growth.measured(1, tmp_path / "grid")

    made = ["experiments.host", "experiments.plan"]
    assert ran == [
        "-n",
        "-n",
        *made,
        *made,
        "-n",
        "-n",
        made[0],
        f"{made[1]} in chains",
        "-n",
        "-n",
    ]
    assert (found.cells, found.blocks, found.launches, found.likely_seconds) == (4, 2, 8, 30)
    assert list(found.taken) == list(growth.STEPS)
    assert [one.seconds for one in found.taken.values()] == [6, 8, 4, 1]  # the quicker ones
