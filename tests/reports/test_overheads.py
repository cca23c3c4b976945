from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from experiments import schema
from reports import overheads, render, running_costs
from reports.load import Results, load, records
from tests.reports import synthetic
from tests.reports.conftest import finish
from tests.reports.synthetic import COSTS, Scene, overhead_scene

ANSWERS = [synthetic.cpu_scene(cores=1), synthetic.cpu_scene()]


def rows(folder: Path, *scenes: Scene, seed: int = 1) -> dict[tuple[str, int, str], dict[str, Any]]:
    """overheads.csv of a made-up run, by executor, workers and component."""
    results = load(synthetic.write(folder, list(scenes), seed=seed))
    overheads.main(results)
    found = records(results.table(schema.OVERHEADS))
    return {(row["executor"], row["workers"], row["component"]): row for row in found}


@pytest.fixture(scope="module")
def known(tmp_path_factory: pytest.TempPathFactory) -> Results:
    folder = tmp_path_factory.mktemp("known") / "bench"
    return finish(synthetic.write(folder, [*ANSWERS, overhead_scene(0), overhead_scene(256)]))


@pytest.fixture(scope="module")
def absent(tmp_path_factory: pytest.TempPathFactory) -> Results:
    return finish(synthetic.write(tmp_path_factory.mktemp("absent") / "bench", ANSWERS))


# --- the numbers ----------------------------------------------------------------------------


def truths() -> dict[tuple[str, int, str], float]:
    found: dict[tuple[str, int, str], float] = {}
    for one in COSTS:
        for workers in (1, 2):
            where = (one.executor, workers)
            found[*where, "startup_seconds"] = one.startup[0] + workers * one.startup[1]
            found[*where, "dispatch_seconds_per_item"] = one.item
            found[*where, "serialisation_seconds_per_kib"] = one.kib
            if one.imports:
                found[*where, "import_seconds"] = one.imports
        found[one.executor, 2, "startup_seconds_per_worker"] = one.startup[1]
        found[one.executor, 2, "memory_mib_per_worker"] = one.memory
    return found


def test_every_part_comes_back_with_an_interval_that_holds_the_truth(tmp_path: Path) -> None:
    """95% intervals over many seeds; 30 x 4 of a kind miss at most 12 in all likelihood."""
    misses = dict.fromkeys({name for *_, name in truths()}, 0)
    for seed in range(30):
        scenes = [overhead_scene(kib, noise=0.03) for kib in (0, 256)]
        found = rows(tmp_path / str(seed), *scenes, seed=seed)
        assert found.keys() == truths().keys()
        for where, truth in truths().items():
            row = found[where]
            misses[where[2]] += not row["low"] - 1e-12 <= truth <= row["high"] + 1e-12

    assert max(misses.values()) <= 12
    assert misses["serialisation_seconds_per_kib"] + misses["dispatch_seconds_per_item"] > 0


def test_a_cost_below_noise_is_told_as_it_came(tmp_path: Path) -> None:
    found = [
        rows(tmp_path / f"{n}", *(overhead_scene(k, noise=0.05) for k in (0, 256)), seed=n)
        for n in range(6)
    ]
    kibs = [one["threads", 2, "serialisation_seconds_per_kib"] for one in found]

    assert min(row["estimate"] for row in kibs) < 0 < max(row["estimate"] for row in kibs)
    assert all(row["low"] < row["estimate"] < row["high"] for row in kibs)


def test_launches_units_and_places_stand_beside_it(tmp_path: Path) -> None:
    found = rows(tmp_path, overhead_scene(0), overhead_scene(256))
    kib = found["processes", 2, "serialisation_seconds_per_kib"]

    assert (kib["unit"], kib["launches"], kib["cores"], kib["reason"]) == ("s/KiB", 10, 2, "")
    assert found["processes", 2, "memory_mib_per_worker"]["unit"] == "MiB"
    assert found["processes", 1, "startup_seconds"]["launches"] == 5


def test_the_order_of_the_blocks_does_not_matter(tmp_path: Path) -> None:
    found = rows(tmp_path, overhead_scene(256), overhead_scene(0))

    assert found["processes", 1, "dispatch_seconds_per_item"]["estimate"] == pytest.approx(
        COSTS[1].item, rel=0.05
    )


def test_an_executor_that_does_not_run_says_why(tmp_path: Path) -> None:
    bare, loaded = overhead_scene(0), overhead_scene(256)
    broken = tuple(
        replace(truth, status="crashed", reason="SIGSEGV") if truth.workers == 2 else truth
        for truth in bare.truths
    )
    found = rows(tmp_path, replace(bare, truths=broken), loaded)
    dispatch = found["processes", 2, "dispatch_seconds_per_item"]

    assert dispatch["reason"] == "crashed: SIGSEGV"
    assert str(dispatch["estimate"]) == "nan"
    assert found["processes", 1, "dispatch_seconds_per_item"]["reason"] == ""


def test_without_a_sequential_loop_an_item_has_no_cost_of_its_own(tmp_path: Path) -> None:
    scene = overhead_scene(0)
    first = replace(scene.truths[0], status="crashed", reason="no")
    found = rows(tmp_path, replace(scene, truths=(first, *scene.truths[1:])))

    assert found["threads", 1, "dispatch_seconds_per_item"]["launches"] == 0
    assert found["threads", 1, "startup_seconds"]["estimate"] == pytest.approx(0.0005)


# --- where it shows, and where not ----------------------------------------------------------


def test_they_answer_nothing(known: Results, absent: Results) -> None:
    for table in (schema.SUMMARY, schema.VERDICT_TABLE):
        blocks = set(known.table(table)["block"])
        assert blocks == set(absent.table(table)["block"]) == {s.name for s in ANSWERS}
    assert "overhead" not in set(known.table(schema.FITS)["task"])
    ruled = known.table(schema.CLAIMS)
    on_them = ruled[ruled["cells"].str.contains("overhead")]["claim_id"]
    assert set(on_them) == {"processes_communication"}, "the claim on what they cost"
    assert sorted(p.name for p in (known.folder / "figures").iterdir()) == sorted(
        p.name for p in (absent.folder / "figures").iterdir()
    )
    with_it, without = render.context(known), render.context(absent)
    for key in ("subtitle", "stops"):
        assert with_it[key] == without[key]
    assert [one.name for one in with_it["subjects"]] == [one.name for one in without["subjects"]]
    assert len(with_it["costs"]) == len(without["costs"])
    assert with_it["costs"][0].launches == without["costs"][0].launches


def test_a_run_without_them_has_an_empty_table_and_says_how_to_get_it(absent: Results) -> None:
    assert absent.table(schema.OVERHEADS).empty
    assert absent.table(schema.LOSSES).empty
    assert running_costs.ABSENT.replace("'", "&#39;") in render.html(absent)


def test_the_report_has_a_table_in_sensible_units(known: Results) -> None:
    found = running_costs.view(known, known.table(schema.OVERHEADS))
    lines = {
        line.approach: dict(zip(found.headings, line.cells, strict=True)) for line in found.lines
    }

    assert list(lines) == ["threads x1", "threads x2", "processes x1", "processes x2"]
    processes = lines["processes x2"]
    assert processes["Start-up"][0] == "28.0 ms"
    assert processes["Import"][0] == "15.0 ms"
    assert processes["An item"][0].endswith(" µs")
    assert processes["A KiB, one way"][0].startswith("1.5")
    assert processes["Memory of a worker"] == ("9.00 MiB", "9.00 to 9.00")
    assert lines["threads x1"]["Import"] == ("", "")
    assert "on 2 cores, 5 launches of each approach" in found.text
    page = render.html(known)
    assert '<table class="running-costs' in page
    assert '<a href="#running-costs">' in page
