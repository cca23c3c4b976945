from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from experiments import schema
from experiments.statistics.fixed import FIXED_ROUNDS
from reports import cost, render, summarise
from reports.cost import Cost
from reports.load import Results, load
from tests.reports import synthetic
from tests.reports.conftest import finish
from tests.reports.synthetic import Scene, pool, sequential


def costs(folder: Path, *scenes: Scene, **seconds: float | None) -> dict[str, Cost]:
    """Costs of a made-up run whose launches took so long, by executor (else 1 s)."""
    results = measured(folder, *scenes, **seconds)
    summarise.main(results)
    tables = (results.table(table) for table in (schema.SUMMARY, schema.LAUNCHES))
    return cost.block_costs(results, *tables)


def measured(folder: Path, *scenes: Scene, **seconds: float | None) -> Results:
    results = load(synthetic.write(folder, list(scenes)))
    rows = results.table(schema.LAUNCHES).to_dict("records")
    for row in rows:
        row["launch_seconds"] = seconds.get(row["executor"], 1.0)
    results.write(schema.LAUNCHES, [{str(k): v for k, v in row.items()} for row in rows])
    return results


def two(**more: object) -> Scene:
    truths = (sequential(0.2), pool("threads", 2, 0.21))
    return replace(Scene("math_python", "cpu", 2, truths), rounds=4, **more)  # type: ignore[arg-type]


def test_the_fixed_design_is_every_approach_in_every_round(tmp_path: Path) -> None:
    (found,) = costs(tmp_path, two(), sequential=0.5, threads=1.5).values()

    assert FIXED_ROUNDS == 20
    assert (found.launches, found.fixed_launches) == (8, 40)
    assert (found.seconds, found.fixed_seconds) == (4 * 0.5 + 4 * 1.5, 20 * 0.5 + 20 * 1.5)


def test_what_fails_is_launched_once_by_the_fixed_design(tmp_path: Path) -> None:
    bad = pool("processes", 2, 0.1, status="crashed", reason="SIGSEGV")
    scene = replace(two(), truths=(*two().truths, bad))
    (found,) = costs(tmp_path, scene, processes=7.0).values()

    assert found.fixed_launches == 2 * 20 + 1
    assert found.fixed_seconds == 40 * 1.0 + 7.0


def test_seconds_that_are_unknown_stay_unknown(tmp_path: Path) -> None:
    other = replace(two(), task="data_processing")
    found = costs(tmp_path, two(), other, threads=None)
    whole = cost.total(found.values())

    assert whole == Cost(16, 80, None, None)
    assert cost.saving(whole) == (
        "The race made 16 launches; 20 rounds of everything would have made 80: it took 20% of the "
        "launches."
    )
    line = cost.lines(load(tmp_path), found)[0]
    assert (line.seconds, line.fixed_seconds, line.second_share) == ("unknown",) * 3


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_the_total_comes_first_then_the_blocks_of_the_plan(
    tmp_path: Path, order: tuple[int, int]
) -> None:
    scenes = [two(stopped="decided"), replace(two(stopped="spent"), cores=1)]
    given = [scenes[n] for n in order]
    found = costs(tmp_path, *given)
    total, *blocks = cost.lines(load(tmp_path), found)

    assert (total.name, total.launches, total.fixed_launches) == ("All blocks", "16", "80")
    assert (total.launch_share, total.second_share) == ("20%", "20%")
    places = ["math_python on 2 cores", "math_python on 1 core"]
    assert [line.name for line in blocks] == [places[n] for n in order]
    assert [line.stopped for line in blocks] == [scene.stopped for scene in given]
    assert [line.rounds for line in blocks] == ["4", "4"]


def test_a_block_that_was_never_launched_saved_nothing(tmp_path: Path) -> None:
    found = costs(tmp_path, replace(two(), rounds=0))

    assert cost.saving(cost.total(found.values())) == "Nothing was launched."
    assert cost.lines(load(tmp_path), found)[0].launch_share == "unknown"


def test_the_report_says_what_was_saved(tmp_path: Path) -> None:
    page = render.html(finish(synthetic.write(tmp_path / "b", [two()])))

    assert (
        "The race made 8 launches in 8.00 s; 20 rounds of everything would have made 40 in about "
        "40.0 s: it took 20% of the launches and 20% of the time." in page
    )
    assert '<a href="#cost">' in page
