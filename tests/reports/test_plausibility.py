"""Each rule fires, stays silent just below, and is shown wherever its verdict is."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from experiments import schema
from experiments.statistics.block import replay
from experiments.statistics.intervals import t_quantile
from experiments.statistics.records import Candidate, Interval, RaceSettings
from reports import plausibility, render
from reports.load import Results, records
from reports.plausibility import BASELINE, CEILING, EFFICIENCY, Limits, Speed, causes, flags
from tests.reports import synthetic
from tests.reports.conftest import finish
from tests.reports.synthetic import Scene, pool, sequential
from tests.reports.test_render import Page, squeezed

CPU = Limits(cores=2, cpu_bound=True, margin=0.05, ceilings={1: 1.0, 2: 1.95})
WAITING = replace(CPU, cpu_bound=False)


def speed(label: str, low: float) -> Speed:
    """An approach whose interval starts there."""
    return Speed(label, int(label.split(" x")[1]), Interval(low * 1.1, low, low * 1.2))


def table(**repeats: list[float]) -> pd.DataFrame:
    """ceiling.csv with these speedups: k2=[1.9, 1.95]."""
    rows = [(int(k[1:]), one) for k, found in repeats.items() for one in found]
    return pd.DataFrame(rows, columns=["cores", "speedup"])


# --- the measured ceiling -------------------------------------------------------------------


def test_the_ceiling_is_the_upper_end_of_its_repeats() -> None:
    repeats = [1.90, 1.93, 1.95, 1.96, 1.92]
    logs = np.log(repeats)
    upper = logs.mean() + t_quantile(0.975, 4) * logs.std(ddof=1) / math.sqrt(5)
    found = plausibility.ceilings(table(k1=[1.0] * 5, k2=repeats))
    assert found == pytest.approx({1: 1.0, 2: math.exp(float(upper))})


def test_one_repeat_has_no_interval_but_a_tenth() -> None:
    assert plausibility.ceilings(table(k2=[1.9])) == pytest.approx({2: 2.09})


def test_repeats_without_a_number_do_not_count() -> None:
    assert plausibility.ceilings(table(k2=[math.nan], k4=[math.nan, 3.8, 0.0])) == pytest.approx(
        {4: 3.8 * 1.1}
    )


# --- above the ceiling ----------------------------------------------------------------------


@pytest.mark.parametrize(("low", "doubted"), [(1.94, False), (1.96, True)])
@pytest.mark.parametrize("label", ["processes x2", "processes x4"])
def test_a_speedup_above_the_ceiling(label: str, low: float, doubted: bool) -> None:
    found = flags(speed(label, low), [], CPU)
    assert causes(found) == [CEILING] * doubted
    assert all("at least 1.96x" in one and "2 cores, at most 1.95x" in one for one in found)


def test_a_ceiling_below_one_is_none() -> None:
    throttled = replace(CPU, ceilings={2: 0.8})
    assert flags(speed("processes x2", 0.99), [], throttled) == []
    assert causes(flags(speed("processes x2", 1.01), [], throttled)) == [CEILING]


def test_work_that_waits_has_no_ceiling() -> None:
    assert flags(speed("processes x2", 1.99), [], WAITING) == []


@pytest.mark.parametrize(("low", "found"), [(2.9, []), (3.2, [EFFICIENCY]), (3.5, [CEILING])])
def test_cores_that_were_not_measured_take_the_next_larger_ceiling(
    low: float, found: list[str]
) -> None:
    limits = replace(CPU, cores=3, ceilings={1: 1.0, 2: 1.9, 4: 3.4})
    said = flags(speed("processes x3", low), [], limits)
    assert causes(said) == found
    assert all(("measured on 4, not on 3" in one) == (found == [CEILING]) for one in said)


@pytest.mark.parametrize("measured", [{}, {1: 1.0}])
@pytest.mark.parametrize(("low", "found"), [(2.09, []), (2.11, [EFFICIENCY])])
def test_without_a_ceiling_the_cores_are_the_bound(
    measured: dict[int, float], low: float, found: list[str]
) -> None:
    limits = replace(CPU, ceilings=measured)
    assert causes(flags(speed("processes x4", low), [], limits)) == found


def test_a_ceiling_that_nothing_is_known_of_leaves_the_efficiency() -> None:
    vague = replace(CPU, ceilings={2: 9.0})
    assert causes(flags(speed("processes x2", 2.2), [], vague)) == [EFFICIENCY]


# --- efficiency -----------------------------------------------------------------------------


@pytest.mark.parametrize(("low", "found"), [(4.19, []), (4.21, [EFFICIENCY])])
def test_waiting_work_gains_at_most_its_workers(low: float, found: list[str]) -> None:
    said = flags(speed("asyncio x4", low), [], WAITING)
    assert causes(said) == found
    assert all("with 4 workers, 1.05x each" in one for one in said)


@pytest.mark.parametrize(("low", "found"), [(1.04, []), (1.06, [EFFICIENCY])])
def test_on_one_core_several_workers_are_one(low: float, found: list[str]) -> None:
    said = flags(speed("threads x4", low), [], replace(CPU, cores=1))
    assert causes(said) == found
    assert all("with 1 core, 1.06x each" in one for one in said)


def test_one_cause_is_told_once() -> None:
    (said,) = flags(speed("processes x2", 2.5), [], CPU)
    assert causes([said]) == [CEILING]


# --- baseline -------------------------------------------------------------------------------


@pytest.mark.parametrize(("low", "found"), [(1.04, []), (1.06, [BASELINE])])
@pytest.mark.parametrize("limits", [CPU, WAITING])
def test_one_worker_is_no_faster_than_the_sequential_program(
    low: float, found: list[str], limits: Limits
) -> None:
    alone = [speed("threads x1", low), speed("asyncio x1", 1.0)]
    for pick in (None, speed("processes x2", 1.5), alone[0]):
        said = flags(pick, alone, limits)
        assert causes(said) == found
        assert all("threads x1 is 1.17x (1.06 to 1.27x) faster" in one for one in said)


def test_a_slow_baseline_and_the_ceiling_are_two_things() -> None:
    said = flags(speed("processes x2", 2.7), [speed("threads x1", 1.4)], CPU)
    assert causes(said) == [CEILING, BASELINE]
    assert plausibility.mark(causes(said)) == "(implausible: above the ceiling, slow baseline)"


def test_an_unknown_interval_proves_nothing() -> None:
    unknown = Speed("threads x1", 1, Interval(5.0, math.nan, math.nan))
    assert flags(unknown, [unknown], CPU) == []


def test_of_other_work_nothing_is_known_that_can_not_be() -> None:
    """Its locks are another module's: even one worker may be faster than the sequential program."""
    pick, one = (
        replace(speed(label, 2.3), alike=False) for label in ("processes x2", "processes x1")
    )
    assert flags(pick, [one], CPU) == []
    assert causes(flags(pick, [one, speed("threads x1", 1.4)], CPU)) == [BASELINE]
    assert causes(flags(speed("threads x2", 2.3), [one], CPU)) == [CEILING]


def test_other_flags_make_no_mark() -> None:
    assert plausibility.mark(causes(["noisy: above the ceiling", "implausible: else: x"])) == ""


# --- how often the ceiling's flag is false --------------------------------------------------


def false_alarms(noise: float, repeats: float, races: int) -> Iterator[bool]:
    """Whether a pick exactly at the ceiling is flagged, race for race."""
    random = np.random.default_rng(1)
    truth = {"sequential": 1.0, "threads x2": 0.97, "processes x2": 1.94, "processes x4": 1.94}
    entered = [Candidate(key, n, key == "sequential") for n, key in enumerate(truth)]
    for _ in range(races):
        rounds = [
            {"steady": {k: random.normal(-math.log(s), noise) for k, s in truth.items()}}
            for _ in range(5)
        ]
        race = replay(entered, RaceSettings(looks=(3, 5)), rounds, ("steady",))
        pick, drawn = race.judgements()["steady"].pick, random.normal(math.log(1.94), repeats, 5)
        interval = race.speedup("steady", pick or "")
        limits = replace(CPU, ceilings=plausibility.ceilings(table(k2=list(np.exp(drawn)))))
        yield interval is not None and bool(flags(Speed("pick x2", 2, interval), [], limits))


@pytest.mark.parametrize(("noise", "repeats"), [(0.02, 0.02), (0.05, 0.02)])
def test_a_speedup_at_the_ceiling_is_seldom_flagged(noise: float, repeats: float) -> None:
    assert sum(false_alarms(noise, repeats, 200)) <= 5


# --- verdicts and page ----------------------------------------------------------------------


def doubtful_scenes() -> list[Scene]:
    """A block for each cause, a candidate, and one that is doubtful as a single batch only."""
    noisy = (sequential(0.2), pool("threads", 2, 0.03), pool("processes", 2, 0.03))
    waiting = (sequential(0.25, cpu=0.02), pool("asyncio", 4, 0.03, cpu=0.02))
    slow = (sequential(0.2), pool("threads", 1, 0.15), pool("processes", 2, 0.11))
    late = (sequential(0.2, startup=0.3), pool("processes", 2, 0.11))
    return [
        Scene("math_python", "cpu", 2, (sequential(0.2), pool("processes", 2, 0.05))),
        Scene("http_request", "waiting", 2, waiting),
        Scene("data_processing", "cpu", 2, slow),
        Scene("ipc", "cpu", 2, noisy, rounds=3, noise=0.05),
        Scene("math_numpy", "cpu", 2, late),
    ]


@pytest.fixture(scope="module")
def doubtful(tmp_path_factory: pytest.TempPathFactory) -> Results:
    folder = tmp_path_factory.mktemp("doubtful") / "bench"
    return finish(synthetic.write(folder, doubtful_scenes()))


@pytest.fixture(scope="module")
def shown(doubtful: Results) -> str:
    return render.html(doubtful)


def test_the_flags_of_the_tables_hold_the_causes(doubtful: Results) -> None:
    told = json.loads((doubtful.folder / "verdicts.json").read_text(encoding="utf-8"))
    rows = records(doubtful.table(schema.VERDICT_TABLE))
    assert [one["flags"] for one in told] == [json.loads(row["flags"]) for row in rows]
    found = {(one["task"], one["mode"]): causes(one["flags"]) for one in told}
    assert found == {
        ("math_python", "steady"): [CEILING],
        ("math_python", "oneshot"): [CEILING],
        ("http_request", "steady"): [EFFICIENCY],
        ("http_request", "oneshot"): [EFFICIENCY],
        ("data_processing", "steady"): [BASELINE],
        ("data_processing", "oneshot"): [BASELINE],
        ("ipc", "steady"): [CEILING],
        ("ipc", "oneshot"): [CEILING],
        ("math_numpy", "steady"): [],
        ("math_numpy", "oneshot"): [CEILING],
    }
    assert {one["verdict"] for one in told if one["task"] == "ipc"} == {"inconclusive"}


@pytest.mark.parametrize(
    ("name", "cause"),
    [("processes x2", CEILING), ("asyncio x4", EFFICIENCY), ("processes x2", BASELINE)],
)
def test_the_mark_stands_wherever_the_approach_is_recommended(
    shown: str, name: str, cause: str
) -> None:
    small = f'<small class="flag">(implausible: {cause})</small>'
    assert f">{name}</a> {small}" in shown, "first page"
    assert f"</span> {name} {small}" in shown, "first page, single batch"
    assert f"On 2 cores: {name} (implausible: {cause}) <span" in shown, "heading"
    assert f"Take {name} (implausible: {cause}): " in shown, "sentence and figure"
    assert f"take {name} (implausible: {cause}): " in shown, "sentence on a single batch"
    approaches = rf'<th scope="row">{name} <span [^>]*>.</span> {re.escape(small)}</th>'
    assert re.search(approaches, shown), "table of approaches"


def test_a_candidate_and_a_single_batch_carry_it_too(shown: str) -> None:
    assert re.search(r"Not decided. \w+ x2 \(implausible: above the ceiling\) looks best", shown)
    assert "Take processes x2: 1.8" in shown, "steady is sound where only a single batch is not"
    assert "for a single batch, implausible: above the ceiling: processes x2 is at least" in shown


def test_nothing_is_recommended_without_its_mark(shown: str) -> None:
    text = Page(shown).text
    sound = squeezed("Take processes x2: 1.8")
    taken = re.findall(r"(?:Take|take)(?:processes|threads|asyncio)x\d.{13}", text)
    assert len(taken) > len(doubtful_scenes())
    assert [one for one in taken if "(implausible" not in one and not one.startswith(sound)] == []


def test_the_first_page_warns_in_full_and_counts_none(shown: str) -> None:
    first = shown[: shown.index("</section>")]
    notes = first[first.index('<ol class="footnotes">') :]
    assert notes.count("implausible: ") >= len(doubtful_scenes())
    assert re.findall(r'href="#(note-\d+)"', first) == re.findall(r'id="(note-\d+)"', notes)
    assert "Left out above, as they can&#39;t be right" in first
    assert "9 of 10 verdicts" in first
    assert "CPU-bound work on 2 cores: processes, 2 workers" in first
    assert "in 1 of 4 tasks" in first
    assert "Waiting work on" not in first
    assert "the candidate so far does gain" not in first


def test_no_claim_stands_on_what_can_not_be_true(doubtful: Results) -> None:
    rows = {row["claim_id"]: row for row in records(doubtful.table(schema.CLAIMS))}
    row = rows["processes_math"]
    assert "math_python-2c: processes x2 (implausible: above the ceiling)" in row["evidence"]
    assert (row["ruling"], json.loads(row["cells"])) == ("undecided", [])
    slow = rows["processes_data"]["evidence"]
    assert "data_processing-2c: processes x2 (implausible: slow baseline)" in slow
    implausible = ("math_python-2c: ", "http_request-2c: ", "data_processing-2c: ", "ipc-2c: ")
    used = [cell for row in rows.values() for cell in json.loads(row["cells"])]
    assert [cell for cell in used if cell.startswith(implausible)] == []


def test_a_sound_report_has_no_mark(page: str) -> None:
    assert "(implausible" not in page
    assert "flagged as implausible" in page, "the method says what would be"
