from __future__ import annotations

import pandas as pd
import pytest

from experiments import schema
from reports.load import Results
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
