from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from reports import thumb
from reports.answers import Tables
from reports.audit import RULES, Evidence, Finding, Part, audit, tally
from reports.audit.certainty import DRAWS, covered
from reports.audit.finding import KEPT, NOT_KEPT, UNTOLD
from reports.load import Results, load
from tests.reports import synthetic
from tests.reports.conftest import finish
from tests.reports.synthetic import Scene

SETTINGS = {
    "start_methods": ["fork", "spawn"],
    "variant_tasks": ["math_python"],
    "core_axis": ["math_python"],
}


def started(scene: Scene) -> Scene:
    """The scene with pools that take a moment to start, as real ones do."""
    truths = [replace(one, startup=max(one.startup, 1e-4)) for one in scene.truths]
    return replace(scene, truths=tuple(truths), rounds=6)


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Results:
    """A run in which nothing is amiss."""
    folder = tmp_path_factory.mktemp("audit") / "bench"
    scenes = [synthetic.cpu_scene(cores=1), synthetic.cpu_scene(), synthetic.waiting_scene()]
    synthetic.write(folder, [started(scene) for scene in scenes])
    plan = json.loads((folder / "plan.json").read_text())
    plan["settings"] |= SETTINGS
    (folder / "plan.json").write_text(json.dumps(plan))
    return finish(folder)


@pytest.fixture
def evidence(sound: Results) -> Evidence:
    tables = Tables.of(sound)
    return Evidence(sound, tables, [rule.evidence for rule in thumb.rules(sound, tables)])


def checked(number: int, evidence: Evidence) -> Finding:
    (rule,) = (one for one in RULES if one.number == number)
    return rule.check(evidence)


def changed(evidence: Evidence, **tables: pd.DataFrame) -> Evidence:
    return replace(evidence, tables=replace(evidence.tables, **tables))


def cell(frame: pd.DataFrame, row: int, **values: Any) -> pd.DataFrame:
    """The table with other values in one row."""
    frame = frame.copy()
    for column, value in values.items():
        frame.loc[frame.index[row], column] = value
    return frame


def machine(evidence: Evidence, **facts: Any) -> Evidence:
    results = evidence.results
    return replace(evidence, results=replace(results, machine={**results.machine, **facts}))


def pool(evidence: Evidence) -> int:
    """A row of the summary with a pool's speedup."""
    summary = evidence.tables.summary
    good = summary["speedup"].notna() & (summary["executor"] != "sequential")
    return int(np.flatnonzero(good)[4])


def summary(evidence: Evidence, **factors: float) -> Evidence:
    """One pool's columns times so much."""
    row, table = pool(evidence), evidence.tables.summary
    values = {name: table.iloc[row][name] * factor for name, factor in factors.items()}
    return changed(evidence, summary=cell(table, row, **values))


def verdict(evidence: Evidence, **values: Any) -> Evidence:
    return changed(evidence, verdicts=cell(evidence.tables.verdicts, 2, **values))


def without(table: pd.DataFrame, **where: str) -> pd.DataFrame:
    for column, value in where.items():
        table = table[table[column] != value]
    return table


def block(evidence: Evidence, **values: Any) -> Evidence:
    first, *others = evidence.results.blocks
    blocks = (replace(first, **values), *others)
    return replace(evidence, results=replace(evidence.results, blocks=blocks))


def first_launch(evidence: Evidence, **values: Any) -> Evidence:
    return changed(evidence, launches=cell(evidence.tables.launches, 1, **values))


def plan(evidence: Evidence, **values: Any) -> Evidence:
    results = evidence.results
    return replace(evidence, results=replace(results, plan={**results.plan, **values}))


def slow_at_times(evidence: Evidence) -> Evidence:
    """One launch in nine of a pool takes 40% longer: a few far ones on one side."""
    launches, samples = evidence.tables.launches, evidence.tables.samples.copy()
    pools = launches["launch_id"][launches["executor"] != "sequential"]
    slow = samples["launch_id"].isin(set(pools.iloc[::9]))
    samples.loc[slow, "wall_seconds"] *= 1.4
    return changed(evidence, samples=samples)


def apart(evidence: Evidence) -> Evidence:
    """The rounds of one approach are none that the others ran in."""
    launches = evidence.tables.launches.copy()
    own = (launches["executor"] == "asyncio") & (launches["block"] == "math_python-2c")
    launches.loc[own, "round"] += 100
    return changed(evidence, launches=launches)


def nobody_stopped(evidence: Evidence) -> Evidence:
    runs = {name: {**run, "stopped_because": ""} for name, run in evidence.results.runs.items()}
    return replace(evidence, results=replace(evidence.results, runs=runs))


def dropped_between_looks(evidence: Evidence) -> Evidence:
    table = evidence.tables.summary.copy()
    own = table["approach"] == table.iloc[pool(evidence)]["approach"]
    table.loc[own, ["race", "rounds"]] = ["dropped", 4]
    return changed(evidence, summary=table)


def unexplained_curve(evidence: Evidence) -> Evidence:
    fits = evidence.tables.fits.copy()
    fits.loc[:, ["law", "reason"]] = ["none", ""]
    return changed(evidence, fits=fits)


TWO_GROUPS = '["launches fall into two groups (fast and slow) for processes x2"]'
BREAKS: list[tuple[int, str, Callable[[Evidence], Evidence]]] = [
    (1, "no sequential seconds", lambda e: changed(
        e, summary=without(e.tables.summary, executor="sequential"))),
    (1, "other sequential seconds in a verdict", lambda e: verdict(e, baseline_seconds=9.9)),
    (1, "unknown sequential seconds in a verdict", lambda e: verdict(e, baseline_seconds=np.nan)),
    (1, "seconds that don't bear the speedup out", lambda e: summary(
        e, seconds=2, seconds_low=2, seconds_high=2)),
    (2, "never launched", lambda e: changed(
        e, summary=cell(e.tables.summary, 0, status="not run", reason="never launched"))),
    (2, "a failed launch without a reason", lambda e: first_launch(e, status="crashed", reason="")),
    (2, "left out without a reason", lambda e: plan(e, settings={})),
    (2, "idle cores", lambda e: machine(e, logical_cpus=8, limits=[])),
    (3, "another mean", lambda e: summary(e, seconds=1.02)),
    (3, "another rate", lambda e: summary(e, items_per_second=1.02)),
    (4, "another ratio", lambda e: summary(e, speedup=1.001)),
    (4, "outside its interval", lambda e: summary(e, speedup_low=1.5)),
    (4, "an average in the first sentences", lambda e: replace(
        e, headlines=["On average processes are 7.77x sequential."])),
    (5, "a time without interval", lambda e: summary(e, seconds_low=np.nan)),
    (5, "a speedup without interval", lambda e: summary(e, speedup_low=np.nan)),
    (5, "no reason to stop", nobody_stopped),
    (6, "skewed noise", slow_at_times),
    (7, "no interval of the effect", lambda e: verdict(e, speedup_low=np.nan)),
    (7, "no bound on the regret", lambda e: verdict(e, regret_bound=np.nan)),
    (7, "rivals in other rounds", apart),
    (7, "out between two looks", dropped_between_looks),
    (8, "no p99", lambda e: changed(
        e, summary=e.tables.summary.assign(latency_p99_ms=np.nan))),
    (8, "p95 above p99", lambda e: changed(
        e, summary=e.tables.summary.assign(latency_p95_ms=1e9))),
    (8, "no longest freeze", lambda e: changed(
        e, summary=e.tables.summary.assign(heartbeat_max_ms=np.nan))),
    (8, "two groups", lambda e: verdict(e, flags=TWO_GROUPS)),
    (9, "an unknown governor", lambda e: machine(e, governor="unknown")),
    (9, "an interpreter not described", lambda e: machine(e, interpreters=[])),
    (9, "other code", lambda e: first_launch(e, code_digest="other")),
    (9, "no seed", lambda e: plan(e, seed=None)),
    (10, "no first batch", lambda e: changed(e, samples=without(e.tables.samples, phase="cold"))),
    (10, "no steady batch", lambda e: changed(
        e, samples=without(e.tables.samples, phase="steady"))),
    (10, "no start-up", lambda e: first_launch(e, startup_seconds=0.0)),
    (10, "a coarse clock", lambda e: machine(e, timer_resolution_seconds=0.01)),
    (11, "no ceiling", lambda e: changed(
        e, ceiling=e.tables.ceiling[e.tables.ceiling["cores"] != 2])),
    (11, "no law and no reason", unexplained_curve),
    (11, "a curve without a fit", lambda e: changed(e, fits=e.tables.fits.iloc[:0])),
    (12, "a launch missing", lambda e: changed(e, launches=e.tables.launches.drop(index=1))),
    (12, "a point without interval", lambda e: changed(
        e, summary=e.tables.summary.assign(speedup_high=np.nan))),
    (12, "no figure", lambda e: replace(
        e, results=replace(e.results, folder=Path("nowhere")))),
]  # fmt: skip


def test_a_sound_run_keeps_all_twelve_rules(evidence: Evidence) -> None:
    found = audit(evidence)

    assert [one.number for one in found] == list(range(1, 13))
    assert {one.number: one.counted for one in found if one.outcome != KEPT} == {}
    assert tally(found) == "12 of 12 rules are kept."


@pytest.mark.parametrize(
    ("number", "what", "spoil"), BREAKS, ids=[f"{number}-{what}" for number, what, _ in BREAKS]
)
def test_a_rule_is_not_kept_on_data_that_breaks_it(
    evidence: Evidence, number: int, what: str, spoil: Callable[[Evidence], Evidence]
) -> None:
    found = checked(number, spoil(evidence))

    assert found.outcome == NOT_KEPT, what
    broken = [part for part in found.parts if not part.holds]
    assert all(part.broken or part.enough < 1 for part in broken), "what is broken is named"


def test_every_rule_has_data_that_break_it() -> None:
    assert {number for number, *_ in BREAKS} == {rule.number for rule in RULES}


def test_few_rounds_do_not_tell_what_the_noise_is_like(evidence: Evidence) -> None:
    launches = evidence.tables.launches
    few = changed(evidence, launches=launches[launches["round"] < 2])
    found = checked(6, few)

    assert found.outcome == UNTOLD
    assert found.note.startswith("0 paired logs of approaches with 5 rounds or more don't show")


def test_an_unknown_clock_cannot_be_judged(evidence: Evidence) -> None:
    assert checked(10, machine(evidence, timer_resolution_seconds=None)).outcome == UNTOLD


@pytest.mark.parametrize("rounds", [3, 5, 8, 20])
def test_intervals_keep_their_level_in_even_and_in_wild_noise_but_not_in_skewed(
    rounds: int,
) -> None:
    random = np.random.default_rng(7)

    assert covered(random.normal(size=4000), rounds) > 0.925 * DRAWS
    assert covered(random.standard_t(2, size=4000), rounds) > 0.925 * DRAWS
    assert covered(random.exponential(size=4000), rounds) < 0.91 * DRAWS


def test_one_case_breaks_a_rule_and_none_tells_nothing() -> None:
    assert Finding((Part("points", 2, 2), Part("others", 0, 0, needed=False))).outcome == KEPT
    assert Finding((Part("points", 1, 2), Part("others", 0, 0))).outcome == NOT_KEPT
    assert Finding((Part("points", 0, 0),)).outcome == UNTOLD
    assert Finding(()).outcome == UNTOLD
    assert Finding((Part("draws", 93, 100, enough=0.92),)).outcome == KEPT


def test_the_page_says_what_is_not_kept_and_names_the_cells(evidence: Evidence) -> None:
    found = audit(machine(summary(evidence, speedup=1.001), governor=None))

    assert tally(found) == "10 of 12 rules are kept; not kept: 4 and 9."
    fourth = found[3]
    assert (fourth.outcome, fourth.mark) == ("not kept", "✕")
    assert any("Not so: math_python-1c: " in line for line in fourth.counted)
    assert "Not so: Frequency governor." in found[8].counted[0]


def test_the_numbers_of_a_check_are_those_of_the_tables(evidence: Evidence) -> None:
    gains = evidence.tables.summary.query("executor != 'sequential'")

    assert checked(1, evidence).parts[0].of == len(gains)
    assert len(evidence.values) == 2 * len(evidence.tables.launches)
    assert checked(12, evidence).parts[0].of == len(gains) / 2


def test_an_empty_run_breaks_nothing_that_it_cannot_tell(tmp_path: Path) -> None:
    results = finish(synthetic.write(tmp_path / "b", []))
    found = audit(Evidence(results, Tables.of(load(results.folder))))

    assert all(one.outcome != NOT_KEPT for one in found if one.number != 2)
