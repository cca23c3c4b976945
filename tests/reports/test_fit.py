from __future__ import annotations

import json
import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from experiments import schema
from reports import fit
from reports.curves import Curve, curves
from reports.laws.cpu import Cores
from reports.laws.points import Points
from reports.load import Results, ResultsError
from tests.reports import synthetic
from tests.reports.conftest import finish


def curve(results: Results, executor: str, options: str = "{}", **where: object) -> pd.Series:
    table = results.table(schema.FITS)
    wanted = {"executor": executor, "executor_options": options, "mode": "steady", **where}
    for column, value in wanted.items():
        table = table[table[column] == value]
    assert len(table) == 1
    return table.iloc[0]


@pytest.fixture(scope="module")
def eight(tmp_path_factory: pytest.TempPathFactory) -> Results:
    """Eight cores: enough worker and core counts for a law; its processes are 4% serial."""
    scenes = [synthetic.cpu_scene(cores=cores) for cores in (1, 2, 4, 8)]
    scenes.append(synthetic.waiting_scene(cores=8))
    return finish(synthetic.write(tmp_path_factory.mktemp("eight") / "bench", scenes))


def test_five_points_give_a_serial_fraction_with_its_range(eight: Results) -> None:
    row = curve(eight, "processes", axis="workers", task="math_python", cores=8)
    # T = batch / (0.96 m + 0.04): at m = 8 it is 0.2 / 7.72, nearly no serial part
    assert (row["law"], row["points"], row["largest"]) == ("Amdahl", 5, 16)
    assert row["serial_fraction_low"] <= row["serial_fraction"] <= row["serial_fraction_high"]
    assert row["serial_fraction"] < 0.02
    assert row["reason"] == ""


def test_threads_under_a_gil_are_all_serial(eight: Results) -> None:
    row = curve(eight, "threads", axis="workers", task="math_python", cores=8)
    assert row["serial_fraction_high"] == pytest.approx(1.0)
    assert row["serial_fraction_low"] > 0.6


def test_three_or_four_points_do_not_identify_a_law(eight: Results) -> None:
    row = curve(eight, "processes", axis="workers", task="math_python", cores=2)
    assert row["law"] == "Amdahl"
    assert "law not identified: 3 points" in row["reason"]
    cores = curve(eight, "processes", axis="cores", task="math_python")
    assert "law not identified: 4 points" in cores["reason"]
    assert pd.isna(cores["cores"])


def test_one_core_and_waiting_work_on_the_core_axis_have_no_law(eight: Results) -> None:
    one = curve(eight, "processes", axis="workers", task="math_python", cores=1)
    single = curve(eight, "threads", axis="cores", task="http_request")
    assert {one["law"], single["law"]} == {"none"}
    assert "2 worker counts measured" in one["reason"]
    assert "cores don't bound it" in single["reason"]
    assert pd.isna(single["serial_fraction"])
    assert pd.isna(single["speedup_2k_high"])


def test_waiting_work_has_laws_of_its_own(eight: Results) -> None:
    row = curve(eight, "threads", axis="workers", task="http_request", cores=8)
    assert row["work"] == "waiting"
    assert set(json.loads(row["law_weights"])) == {"p-norm", "closed queue", "asymptotic bounds"}
    # T = 0.25 / N + 0.004: no queue and the bottleneck meet at 62.5 workers, 64 items in 0.004 s
    assert row["saturation_low"] < 62.5 < row["saturation_high"]
    assert row["bound_items_per_second_low"] < 16_000 < row["bound_items_per_second_high"]
    assert "saturates at about" in row["sentence"]
    assert "items/s" in row["sentence"]


def test_the_kind_of_work_is_measured_whatever_the_task_is_called(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    scene = synthetic.cpu_scene("http_request", cores=8)
    results = finish(synthetic.write(tmp_path_factory.mktemp("named") / "b", [scene]))
    row = curve(results, "processes", axis="workers")
    assert (row["work"], row["cpu_share_per_worker"]) == ("cpu", pytest.approx(1))


def test_work_whose_cpu_others_took_away_on_one_core_count_is_still_cpu_bound(
    eight: Results,
) -> None:
    summary = eight.table(schema.SUMMARY)
    disturbed = (summary["executor"] == "sequential") & (summary["cores"] == 2)
    summary.loc[disturbed, "cpu_share"] = 0.5
    found = [one for one in curves(eight, summary) if one.where["task"] == "math_python"]
    assert {one.work for one in found} == {"cpu"}


def test_a_row_lists_the_laws_with_weights_and_karp_flatt_by_point(eight: Results) -> None:
    row = curve(eight, "processes", axis="workers", task="math_python", cores=8)
    weights = json.loads(row["law_weights"])
    assert sum(weights.values()) == pytest.approx(1, abs=1e-3)
    assert row["law"] == max(weights, key=lambda name: weights[name])
    assert [n for n, _ in json.loads(row["karp_flatt"])] == [2, 4, 8, 16]


def test_predictions_are_speedups_and_seconds_of_the_same_batch(eight: Results) -> None:
    row = curve(eight, "threads", axis="workers", task="http_request", cores=8)
    assert row["speedup_2k"] * row["seconds_2k"] == pytest.approx(0.25, rel=0.05)
    assert row["speedup_2k_low"] <= row["speedup_2k"] <= row["speedup_2k_high"]
    assert row["speedup_4k_low"] < row["speedup_4k_high"]
    line = json.loads(row["curve"])
    assert (line[0][0], line[-1][0]) == (1, 4 * row["largest"])
    assert [speedup is None for n, speedup, _, _ in line] == [n > 128 for n, *_ in line]


def test_cores_are_never_extrapolated_from_workers_and_say_where_the_machine_ends(
    eight: Results,
) -> None:
    """Sixteen workers on eight cores are no sixteen cores: the core axis ends at eight."""
    row = curve(eight, "processes", axis="cores", task="math_python")
    assert row["largest"] == 8
    assert "16 cores would give" in row["sentence"]
    assert "not measured beyond this machine's cores" in row["sentence"]
    assert "the law is not identified beyond that" in row["sentence"]
    assert pd.isna(row["speedup_2k"])
    assert pd.isna(row["speedup_4k_high"])
    workers = curve(eight, "processes", axis="workers", task="math_python", cores=8)
    assert "not measured beyond" not in workers["sentence"]
    assert "more workers than the 8 cores bring nothing" in workers["sentence"].lower()


def made(workers: list[int], seconds: list[float], **more: object) -> Curve:
    """A curve of eight cores with a sequential program of 1 s."""
    plain = Curve(
        where={"task": "t", "cores": 8},
        axis="workers",
        points=Points.of(workers, seconds, 0.01),
        cores=Cores(8),
        measured_cores=8,
        work="cpu",
        cpu_share=1.0,
        weak=False,
        items=64.0,
        baseline=1.0,
        unit=1.0,
        karp_flatt=(),
    )
    return replace(plain, **more)  # type: ignore[arg-type]


def test_the_sentence_says_how_much_is_serial_and_what_more_would_bring() -> None:
    few = [1, 2, 4]
    row = fit.row(made(few, [0.06 + 0.94 / n for n in few], axis="cores", cores=Cores()))
    assert row["sentence"].startswith("About 6% of this task is serial (90% range ")
    assert "8 cores would give " in row["sentence"]
    assert "; the law is not identified beyond that" in row["sentence"]
    many = [1, 2, 3, 4, 6]
    row = fit.row(made(many, [0.06 + 0.94 / n for n in many], cores=Cores(64)))
    assert "12 workers would give 7." in row["sentence"]
    assert "24 workers " in row["sentence"]
    assert "No peak seen up to 6 workers" in row["sentence"]


def test_work_that_grows_with_the_workers_follows_gustafson() -> None:
    workers = [1, 2, 4, 8, 16]
    scaled = [1 / (0.2 + 0.8 * n) for n in workers]
    row = fit.row(made(workers, scaled, weak=True, cores=Cores(64)))
    assert row["law"] == "Gustafson"
    assert row["serial_fraction_low"] <= 0.2 <= row["serial_fraction_high"]
    assert "this task as it grows" in row["sentence"]


TROUBLES = {
    "quota": ([1, 2, 4, 8, 16], [1.0, 0.5, 0.5, 0.5, 0.5]),
    "falling": ([1, 2, 4, 8, 16], [1.0, 1.3, 1.7, 2.4, 4.1]),
    "flat": ([1, 2, 4, 8, 16], [1.0] * 5),
    "equal N": ([4, 4, 4], [1.0, 1.1, 1.0]),
    "one": ([1], [1.0]),
    "two": ([1, 2], [1.0, 0.6]),
    "none": ([], []),
    "special and three": ([1, 2, 4], [4.0, 0.5, 0.25]),
    "zero and missing": ([1, 2, 4, 8, 16], [1.0, 0.0, math.nan, 0.2, 0.1]),
}


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("work", ["cpu", "waiting", "unclear"])
@pytest.mark.parametrize("baseline", [1.0, None])
@pytest.mark.parametrize("name", TROUBLES)
def test_every_curve_makes_a_row_that_fits_the_contract(
    name: str, baseline: float | None, work: str
) -> None:
    row = fit.row(made(*TROUBLES[name], work=work, baseline=baseline))
    assert set(row) <= set(schema.FITS.names)
    assert row["sentence"].endswith(".")
    numbers = [value for value in row.values() if isinstance(value, float)]
    assert np.isfinite(numbers).all()
    assert (row["law"] == "none") == row["sentence"].startswith("No law: ")
    if row["law"] != "none" and row["points"] < 5:
        assert row["reason"]


def test_values_missing_from_the_summary_are_left_out_without_a_warning(
    eight: Results, recwarn: pytest.WarningsRecorder
) -> None:
    summary = eight.table(schema.SUMMARY)
    summary.loc[summary["workers"] == 4, ["seconds_low", "cpu_share"]] = np.nan
    summary.loc[summary["workers"] == 8, ["seconds", "speedup"]] = np.nan
    summary["cpu_share"] = np.nan
    found = curves(eight, summary)
    assert {one.work for one in found} == {"unclear"}
    assert not any(8 in one.points.workers for one in found if one.axis == "workers")
    assert all(row["sentence"] for row in fit.fits(eight, summary))
    assert [str(warning.message) for warning in recwarn] == []


def test_fast_cores_of_the_host_are_used_where_it_names_fewer(eight: Results) -> None:
    summary = eight.table(schema.SUMMARY)
    mixed = replace(eight, machine={**eight.machine, "usable_cores": 8, "fast_cores": 4})
    alike = replace(eight, machine={**eight.machine, "usable_cores": 8, "fast_cores": 8})
    for results, expected in ((mixed, {(4.0, False), (8.0, True)}), (eight, set()), (alike, set())):
        found = {(c.cores.usable, c.cores.mixed) for c in curves(results, summary)
                 if c.axis == "workers" and c.cores.usable >= 4}  # fmt: skip
        assert found == (expected or {(4.0, False), (8.0, False)})


def test_fits_of_an_older_version_are_refused_with_what_to_do(eight: Results) -> None:
    table = eight.table(schema.FITS)
    path = eight.folder / "fits.csv"
    text = path.read_text()
    try:
        table.drop(columns="law_weights").to_csv(path, index=False)
        with pytest.raises(ResultsError, match=r"'law_weights' is missing .*reports\.fit DIR"):
            eight.table(schema.FITS)
    finally:
        path.write_text(text)
