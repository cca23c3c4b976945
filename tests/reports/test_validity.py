from __future__ import annotations

from pathlib import Path

from experiments import schema
from reports import validity
from reports.load import Results
from tests.reports import synthetic
from tests.reports.conftest import finish


def made(folder: Path, **more: object) -> Results:
    scene = synthetic.cpu_scene(params={"item_ms": 6.0}, label="item_ms=6.0", **more)
    return finish(synthetic.write(folder / "m", [scene]))


def change(**more: object) -> dict[str, object]:
    row = {"task": "math_python", "cores": 2, "mode": "steady", "params": "{}"}
    return {**row, "parameter": "item_ms", "sentence": "Threads up to here.", **more}


def test_the_domain_is_what_was_measured(tmp_path: Path) -> None:
    results = made(tmp_path)
    told = validity.told(results, [], results.blocks[0])
    assert "1 to 4 workers on 2 cores; cpython-3.11.7; not beyond." in told
    assert "64 items a batch" in told


def test_searches_of_this_task_on_these_cores_say_where_it_changes(tmp_path: Path) -> None:
    results = made(tmp_path)
    block = results.blocks[0]
    assert validity.told(results, [change()], block).endswith("Along item_ms: Threads up to here.")
    for other in ({"task": "ipc"}, {"cores": 1}, {"params": '{"item_ms": 1, "x": 2}'}):
        assert "Along" not in validity.told(results, [change(**other)], block)


def test_the_runner_up_is_the_second_and_its_ratio_is_paired(tmp_path: Path) -> None:
    truths = (
        synthetic.sequential(0.2),
        synthetic.pool("processes", 2, 0.11),
        synthetic.pool("threads", 2, 0.15),
    )
    scene = synthetic.Scene("math_python", "cpu", 2, truths, noise=0.002, rounds=8)
    results = finish(synthetic.write(tmp_path / "m", [scene]))
    row = results.table(schema.VERDICT_TABLE).iloc[0]
    assert (row["approach"], row["runner_up"]) == ("processes x2", "threads x2")
    assert row["runner_up_low"] < 0.15 / 0.11 < row["runner_up_high"]


def test_an_older_table_without_runners_up_still_makes_a_report(tmp_path: Path) -> None:
    results = made(tmp_path)
    path = results.folder / "verdicts.csv"
    table = results.table(schema.VERDICT_TABLE)
    names = [name for name in table.columns if not name.startswith("runner_up")]
    table[names].to_csv(path, index=False)
    assert set(results.table(schema.VERDICT_TABLE)["runner_up"]) == {""}
