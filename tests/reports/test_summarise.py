from __future__ import annotations

import json
import math
import re
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from experiments import schema
from reports import summarise
from reports.load import Results, ResultsError, load
from tests.reports import synthetic
from tests.reports.synthetic import Scene, pool, sequential


def exact(tmp_path: Path, kind: str = "cpu") -> dict[tuple[str, str], dict[str, Any]]:
    """Rows by approach and mode of a block whose times are known exactly but for 0.1% noise."""
    truths = (
        sequential(0.8),
        pool("processes", 2, 0.5, startup=0.1, memory=64.0, cpu=0.9),
        pool("processes", 4, 0.4, startup=0.2),
    )
    scene = Scene("math_python", kind, 4, truths, noise=0.0)
    results = load(synthetic.write(tmp_path / "bench", [scene]))
    return {(row["approach"], row["mode"]): row for row in summarise.summary(results)}


def test_golden_numbers_of_a_block_worked_by_hand(tmp_path: Path) -> None:
    row = exact(tmp_path)["processes x2", "steady"]
    assert row["seconds"] == pytest.approx(0.5, rel=2e-3)
    assert row["items_per_second"] == pytest.approx(64 / 0.5, rel=2e-3)
    assert row["speedup"] == pytest.approx(1.6, rel=3e-3)
    assert row["speedup_low"] < 1.6 < row["speedup_high"]
    assert row["efficiency"] == pytest.approx(0.8, rel=3e-3)
    # (1/1.6 - 1/2) / (1 - 1/2)
    assert row["karp_flatt_serial_fraction"] == pytest.approx(0.25, abs=5e-3)
    assert row["cpu_share"] == pytest.approx(1.8)
    assert row["peak_memory_mib"] == 64.0


def test_a_single_batch_pays_for_start_and_stop(tmp_path: Path) -> None:
    row = exact(tmp_path)["processes x2", "oneshot"]
    # startup 0.1, cold batch 5% slower than steady, teardown a tenth of the startup
    assert row["seconds"] == pytest.approx(0.1 + 0.525 + 0.01)
    assert row["speedup"] == pytest.approx(0.84 / 0.635)


def test_waiting_work_is_measured_against_its_workers(tmp_path: Path) -> None:
    row = exact(tmp_path, "waiting")["processes x4", "steady"]
    assert row["efficiency"] == pytest.approx(0.5, rel=3e-3)
    assert "karp_flatt_serial_fraction" not in row


def test_an_items_latency_is_pooled_over_the_launches_that_count(tmp_path: Path) -> None:
    rows = exact(tmp_path, "waiting")
    row = rows["processes x2", "steady"]
    # 64 items of 0.5 s by 2 workers, give or take 10%
    middle_ms = 0.5 * 2 / 64 * 1000
    assert row["latency_p50_ms"] == pytest.approx(middle_ms, rel=0.03)
    assert row["latency_p99_ms"] == pytest.approx(middle_ms * math.exp(2.326 * 0.1), rel=0.05)
    for name in ("p50", "p95", "p99"):
        low, high = row[f"latency_{name}_low_ms"], row[f"latency_{name}_high_ms"]
        assert low < row[f"latency_{name}_ms"]
        assert high is None or high > row[f"latency_{name}_ms"]
    assert "latency_p50_ms" not in rows["processes x2", "oneshot"]


def test_cpu_work_has_no_latency(tmp_path: Path) -> None:
    assert "latency_p50_ms" not in exact(tmp_path)["processes x2", "steady"]


def waiting(tmp_path: Path, rounds: int, change: tuple[str, str] = ("", "")) -> pd.DataFrame:
    """Steady rows of summary.csv, as written, of a waiting block whose launches.csv is changed."""
    truths = (sequential(0.8), pool("threads", 2, 0.4))
    scene = Scene("http_request", "waiting", 2, truths, rounds=rounds)
    folder = synthetic.write(tmp_path / "bench", [scene])
    text = (folder / "launches.csv").read_text()
    assert change[0] in text
    (folder / "launches.csv").write_text(text.replace(*change, 1) if change[0] else text)
    summarise.main(load(folder))
    return frame(load(folder), scene.name)


def test_one_launch_gives_a_latency_without_an_interval(tmp_path: Path) -> None:
    row = waiting(tmp_path, 1).loc["threads x2"]
    assert row["latency_p99_ms"] > 0
    assert pd.isna(row["latency_p99_low_ms"])
    assert pd.isna(row["latency_p99_high_ms"])


def test_an_upper_limit_that_the_items_do_not_show_is_unknown(tmp_path: Path) -> None:
    row = waiting(tmp_path, 3).loc["threads x2"]
    assert row["latency_p99_low_ms"] < row["latency_p99_ms"]
    assert pd.isna(row["latency_p99_high_ms"])
    assert row["latency_p50_high_ms"] > row["latency_p50_ms"]


def test_launches_that_do_not_count_give_no_latency(tmp_path: Path) -> None:
    crashed = waiting(tmp_path, 1, (",ok,", ",crashed,")).loc["sequential"]
    assert pd.isna(crashed["latency_p50_ms"])


@pytest.mark.parametrize(
    ("cells", "says"),
    [
        ("2.0,", "launch 'the-launch': a bucket without"),
        (",3", "launch 'the-launch': a bucket without"),
        ("2.0,0", "launch 'the-launch': a bucket without"),
        ("2.0,3", "launch 'the-launch': isn't in launches.csv"),
        ("0,3", "column 'latency_ms': '0' is not a valid number > 0"),
        ("-2.0,3", "column 'latency_ms': '-2.0' is not a valid number > 0"),
        ("nan,3", "column 'latency_ms': 'nan' is not a valid number > 0"),
        ("2.0,-3", "column 'count': '-3' is not a valid integer >= 0"),
    ],
)
def test_a_bucket_that_says_nothing_is_refused(tmp_path: Path, cells: str, says: str) -> None:
    folder = synthetic.write(tmp_path / "bench", [synthetic.waiting_scene()])
    with (folder / "latencies.csv").open("a") as file:
        file.write(f"the-launch,{cells}\n")
    with pytest.raises(ResultsError, match=rf"latencies\.csv: .*{re.escape(says)}"):
        summarise.summary(load(folder))


def test_latencies_cut_between_two_rows_are_counted(tmp_path: Path) -> None:
    folder = synthetic.write(tmp_path / "bench", [synthetic.waiting_scene()])
    latencies, runs = folder / "latencies.csv", folder / "runs.json"
    header, *rows = latencies.read_text().splitlines(keepends=True)
    told = [{**run, "latencies": len(rows)} for run in json.loads(runs.read_text())]
    runs.write_text(json.dumps(told))
    summarise.summary(load(folder))

    latencies.write_text("".join([header, *rows[:-1]]))

    says = f"{len(rows) - 1} latencies, runs.json says {len(rows)}; collect it again"
    with pytest.raises(ResultsError, match=rf"latencies\.csv: block .*: {says}"):
        summarise.summary(load(folder))


def frame(results: Results, block: str) -> pd.DataFrame:
    table = results.table(schema.SUMMARY)
    return table[(table["block"] == block) & (table["mode"] == "steady")].set_index("approach")


def test_failures_keep_their_status_and_reason(results: Results) -> None:
    rows = frame(results, "machine_learning-2c")
    assert rows.loc["processes x1", ["status", "reason", "race"]].tolist() == [
        "crashed",
        "SIGSEGV in phase steady",
        "failed",
    ]
    assert rows.loc["threads x2", "status"] == "timeout"
    assert rows.loc["threads x4", "status"] == "wrong"
    assert pd.isna(rows.loc["threads x4", "speedup"]), "a wrong answer is never a speedup"


def test_every_approach_of_the_plan_has_a_row_in_both_modes(results: Results) -> None:
    table = results.table(schema.SUMMARY)
    planned = sum(len(block.approaches) for block in results.blocks)
    assert len(table) == 2 * planned


def test_launches_of_another_plan_are_refused(tmp_path: Path) -> None:
    folder = synthetic.write(tmp_path / "bench", [synthetic.cpu_scene()])
    text = (folder / "launches.csv").read_text()
    (folder / "launches.csv").write_text(text.replace("math_python-2c,", "other-2c,"))
    with pytest.raises(ResultsError, match=r"block 'other-2c' isn't in plan.json"):
        summarise.summary(load(folder))
    (folder / "launches.csv").write_text(text.replace(",threads,", ",loky,"))
    with pytest.raises(ResultsError, match=r"approach loky x1 .* isn't in plan.json"):
        summarise.summary(load(folder))
