"""The report's statements on a few launches whose numbers are worked out by hand.

golden/ holds two blocks of 5 rounds. Worked from its launches.csv and samples.csv:

math_python on 2 cores. Steady batches (medians of three) of sequential: 396, 398, 400, 402, 404 ms;
of processes x2: 200 ms every time. Ratios by round: 1.98, 1.99, 2.00, 2.01, 2.02. Their logs have
the mean ln 2 - 0.000025, so 1.99995, and the sd 0.0079058; with Student's t = 2.7764 (4 degrees)
the reach is 2.7764 x 0.0079058 / sqrt(5) = 0.0098163: 1.9804 to 2.0197. Sequential: the fifth root
of 396 x 398 x 400 x 402 x 404 is 399.99 ms. A single batch of processes: 50 (start) + 210 (cold) +
10 (stop) = 270 ms; of sequential 406, 408, 410, 412, 414, middle 409.99; 409.99 / 270 = 1.5185.
Start and stop cost 60 ms, a batch gains 200 ms: earned back by the first. CPU: 0.40 + 0.04 s.
Karp-Flatt with p = 2: (1/1.99995 - 1/2) / (1 - 1/2) = 0.000025. Efficiency: 0.999975.

http_request on 1 core. Sequential 297, 298.5, 300, 301.5, 303 ms: geometric mean 299.9925;
threads x4 75 ms: 3.99990, reach again 0.0098163 (the ratios above, doubled): 3.9608 to 4.0394.
Processes x4 gave a wrong answer.
"""

from __future__ import annotations

import html
import math
import re
import shutil
from pathlib import Path

import pytest

from experiments import schema
from reports import render
from reports.load import Results, records
from tests.reports.conftest import finish

GOLDEN = Path(__file__).parent / "golden"

STATEMENTS = [
    "which of sequential, processes and threads fits which work here, with how many workers "
    "(1 to 4) and cores (1 to 2)",
    "2 tasks, 2 blocks, 5 approaches.",
    "CPU-bound work on 2 cores: processes, 2 workers: 2.00x sequential, at least 1.98x, in 1 of 1 "
    "task (math_python).",
    "Waiting work on 1 core: threads, 4 workers: 4.00x sequential, at least 3.96x, in 1 of 1 task "
    "(http_request).",
    "Take processes x2 (fork): 2.00x sequential (1.98 to 2.02x), 200 ms a batch instead of 400 ms.",
    'ProcessPoolExecutor(max_workers=2, mp_context=get_context("fork"))',
    "Its only rival is proven slower or is out. Decided after 5 rounds. Runner-up: sequential, "
    "2.00x its time (1.98 to 2.02x).",
    "It takes 44.0 MiB of memory and 440 ms of CPU a batch (sequential 20.0 MiB and 400 ms). "
    "Starting the pool takes 50.0 ms, earned back after 1 batch. The main thread froze for "
    "3.00 ms at worst (sequential: 400 ms).",
    "With the pool started and stopped around it, take processes x2 (fork): 1.52x sequential "
    "(1.50 to 1.53x), 270 ms a batch instead of 410 ms.",
    "Measured with 40 items a batch of 10.0 ms each; 1 to 2 workers on 2 cores; cpython-3.12.0",
    "Take threads x4: 4.00x sequential (3.96 to 4.04x), 75.0 ms a batch instead of 300 ms.",
    "ThreadPoolExecutor(max_workers=4)",
    "It takes 26.0 MiB of memory and 30.0 ms of CPU a batch (sequential 25.0 MiB and 20.0 ms).",
    "processes x4 (fork) wrong answer item 3: expected 4.1, got 4.2",
    "processes x64 (fork) not planned more workers than items: at most 40",
]


@pytest.fixture(scope="module")
def golden(tmp_path_factory: pytest.TempPathFactory) -> Results:
    """The hand-worked results with every table made from them."""
    folder = tmp_path_factory.mktemp("golden") / "golden"
    shutil.copytree(GOLDEN, folder)
    return finish(folder)


def words(page: str) -> str:
    text = re.sub(r"<(style|svg|script)\b.*?</\1>", " ", page, flags=re.DOTALL)
    text = html.unescape(re.sub(r"<[^>]+>", " ", text))
    return re.sub(r"\s+", " ", re.sub(r"\s+([:;,.)])", r"\1", text))


@pytest.fixture(scope="module")
def said(golden: Results) -> str:
    """The words of its report."""
    return words(render.html(golden))


@pytest.mark.parametrize("statement", STATEMENTS, ids=lambda text: text[:40])
def test_a_statement_is_what_was_worked_out_by_hand(said: str, statement: str) -> None:
    assert words(html.escape(statement)).strip() in said


def test_the_tables_hold_the_numbers_worked_out_by_hand(golden: Results) -> None:
    found = {
        (row["block"], row["mode"]): row for row in records(golden.table(schema.VERDICT_TABLE))
    }
    cpu, once = found["math_python-2c", "steady"], found["math_python-2c", "oneshot"]
    waiting = found["http_request-1c", "steady"]

    assert [cpu["verdict"], once["verdict"], waiting["verdict"]] == ["best"] * 3
    assert cpu["speedup"] == pytest.approx(2 * math.exp(-0.000025), rel=1e-6)
    assert (cpu["speedup_low"], cpu["speedup_high"]) == pytest.approx((1.9804, 2.0197), abs=5e-5)
    assert (cpu["seconds"], cpu["baseline_seconds"]) == pytest.approx((0.2, 0.39999), abs=5e-7)
    assert (once["seconds"], once["speedup"]) == pytest.approx((0.27, 1.51848), abs=5e-6)
    assert cpu["payback_batches"] == 1
    assert (waiting["speedup_low"], waiting["speedup_high"]) == pytest.approx(
        (3.9608, 4.0394), abs=5e-5
    )
    assert (cpu["runner_up"], cpu["runner_up_ratio"]) == ("sequential", cpu["speedup"])


def test_the_summary_holds_efficiency_and_serial_fraction(golden: Results) -> None:
    rows = {
        (row["approach"], row["mode"]): row
        for row in records(golden.table(schema.SUMMARY))
        if row["block"] == "math_python-2c"
    }
    pool = rows["processes x2 (fork)", "steady"]
    assert pool["efficiency"] == pytest.approx(0.999975, abs=1e-6)
    assert pool["karp_flatt_serial_fraction"] == pytest.approx(0.000025, abs=1e-6)
    assert pool["items_per_second"] == pytest.approx(200.0)
    assert pool["cpu_share"] == pytest.approx(2.0)
