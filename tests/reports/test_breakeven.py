from __future__ import annotations

import json
import os
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from experiments import schema
from experiments.collect import collect
from experiments.statistics.breakeven import Axis, Flip, Point
from experiments.statistics.records import Interval
from reports import (
    breakeven,
    breakeven_lines,
    breakeven_view,
    decide,
    figures,
    plot,
    render,
    summarise,
)
from reports import breakeven_words as words
from reports.load import Results, ResultsError, Search, load, records
from tests.experiments.breakeven.made_up import SHARE, Crossing, search, threads_until
from tests.experiments.conductor.fake_world import Bench
from tests.reports import synthetic
from tests.reports.conftest import finish
from tests.reports.test_render import Page


def a_search(vary: str = "cpu_share", **more: Any) -> Search:
    axis = Axis(0.0, 0.96, 0.03)
    return Search("s", "mixed", vary, "{}", 2, axis, more.get("compare", ""), ())


@pytest.fixture(scope="module")
def searched(tmp_path_factory: pytest.TempPathFactory) -> Results:
    """A machine on which threads win up to a CPU share of 0.34."""
    affinity = os.sched_getaffinity(0)  # a block moves this process off the measured cores
    with pytest.MonkeyPatch.context() as patch:
        tasks = [{"task": "mixed", "params": {"cpu_share": 0.25}}]
        bench = Bench.make(
            tmp_path_factory.mktemp("searched") / "bench", patch, tasks=tasks,
            breakeven=[SHARE], breakeven_seconds=1000,
        )  # fmt: skip
        search(bench, Crossing(times=threads_until(0.34)))
    os.sched_setaffinity(0, affinity)
    collect(bench.results)
    return finish(bench.results)


def table(results: Results, kind: str) -> list[dict[str, Any]]:
    return [row for row in records(results.table(schema.BREAKEVEN)) if row["kind"] == kind]


# --- words ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("vary", "flip", "said"),
    [
        ("cpu_share", Flip("threads", "processes", 0.31, 0.36, ()),
         "Threads up to a CPU share of 0.31 to 0.36, processes above."),
        ("item_ms", Flip("sequential", "processes", 0.4, 0.6, ()),
         "The sequential program up to items of 0.4 to 0.6 ms, processes above."),
        ("payload_kib", Flip("processes via=pickle", "processes via=shared_memory", 160, 180, ()),
         "Processes (via pickle) up to a payload of 160 to 180 KiB, processes (via shared_memory) "
         "above."),
        ("queue_length", Flip("threads", "asyncio", 8, 9, ()),
         "Threads up to queue_length of 8 to 9, asyncio above."),
        ("think_seconds", Flip("threads", "asyncio", 8, 9, ()),
         "Threads up to think of 8 to 9 s, asyncio above."),
        ("cpu_share", Flip("threads", "processes", 0.2, 0.5, (0.3, 0.4)),
         "Threads up to a CPU share of 0.2 at least, processes from a CPU share of 0.5 on. "
         "Between 0.2 and 0.5 no verdict stands (measured at 0.3 and 0.4)."),
    ],
)  # fmt: skip
def test_a_change_is_said_in_words(vary: str, flip: Flip, said: str) -> None:
    assert words.change(a_search(vary), flip) == said


def test_several_changes_are_one_sentence() -> None:
    found = [
        Flip("asyncio", "threads", 0.1, 0.12, ()), Flip("threads", "processes", 0.6, 0.63, ())
    ]  # fmt: skip
    assert words.changes(a_search(), found) == (
        "Asyncio up to a CPU share of 0.1 to 0.12, threads from there to a CPU share of 0.6 to "
        "0.63, processes above."
    )


def test_no_change_is_an_answer_too() -> None:
    points = [Point(0, "threads"), Point(0.48, "threads"), Point(0.96, None)]
    assert words.no_change(a_search(), points) == (
        "Threads throughout, for a CPU share of 0 to 0.48: no change at 2 values. "
        "Not decided at 0.96."
    )
    alone = [Point(0, "asyncio"), Point(0.96, None)]
    assert words.no_change(a_search(), alone) == (
        "Asyncio at a CPU share of 0. Not decided at 0.96."
    )
    nothing = [Point(0, None), Point(0.96, None)]
    assert words.no_change(a_search(), nothing) == (
        "Nothing is decided: no verdict stands at any of 2 values."
    )
    assert words.no_change(a_search(), []) == "Nothing was measured."


def test_how_long_a_pool_must_live() -> None:
    assert words.pool_life("processes x2", Interval(4, 3, 5)).endswith("after 3 to 5 batches.")
    assert words.pool_life("threads x2", Interval(1, 1, 1)).endswith("after 1 batch.")
    assert "not shown" in words.pool_life("threads x2", None)


# --- the table ------------------------------------------------------------------------------


def test_the_table_has_the_change_with_all_that_carries_it(searched: Results) -> None:
    (row,) = table(searched, "parameter")
    assert (row["below"], row["above"]) == ("threads", "processes")
    assert row["low"] <= 0.34 <= row["high"]
    assert row["high"] - row["low"] <= 0.0301
    assert row["reason"] == ""
    values = json.loads(row["values"])
    assert len(values) == row["blocks"] <= 8
    assert dict(values)[row["low"]] == "threads"
    assert row["launches"] > 0


def test_pools_have_a_life_in_the_blocks_that_answer(searched: Results) -> None:
    rows = table(searched, "pool life")
    assert {row["search"] for row in rows} == {searched.blocks[0].name}
    threads = next(row for row in rows if row["above"].startswith("threads"))
    assert (threads["low"], threads["high"]) == (1, 1), "it starts in 10 ms and saves 1.7 s"


def test_results_without_searches_have_a_table_of_pools_only(results: Results) -> None:
    assert table(results, "parameter") == []
    assert table(results, "pool life")
    assert breakeven_view.views(results) == []


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (lambda c: c.pop("stopped"), "'stopped' is missing"),
        (lambda c: c["searches"][0].pop("axis"), "'axis' is missing"),
        (lambda c: c["searches"][0]["axis"].pop("low"), "missing 1 required positional argument"),
        (lambda c: c["searches"][0].update(points=[{"value": "x"}]), "searches[0]"),
        (lambda c: c["searches"][0]["points"].append({"value": 0.5, "block": "no-such"}),
         "block 'no-such'"),
    ],
)  # fmt: skip
def test_a_damaged_list_of_searches_is_one_clear_error(
    searched: Results, tmp_path: Path, damage: Any, said: str
) -> None:
    for file in searched.folder.iterdir():
        if file.is_file():
            (tmp_path / file.name).write_bytes(file.read_bytes())
    content = json.loads((tmp_path / "searches.json").read_text())
    damage(content)
    (tmp_path / "searches.json").write_text(json.dumps(content))

    with pytest.raises(ResultsError) as caught:
        breakeven.main(load(tmp_path))
    assert said in str(caught.value)
    assert "searches.json" in str(caught.value)


# --- figure and page ------------------------------------------------------------------------


def test_the_figures_lines_are_ratios_to_the_fastest(searched: Results) -> None:
    (found,) = breakeven.found(searched)
    lines = breakeven_lines.lines(found)
    at = lines[lines["value"] == 0.96].set_index("family")["ratio"]
    assert at["processes"] == pytest.approx(1.0)
    assert at["threads"] == pytest.approx(1.2, rel=0.02)
    assert (lines.groupby("value")["ratio"].min() >= 0.999).all()
    assert (lines["low"] <= lines["ratio"]).all()
    assert np.isfinite(lines["high"]).all()


def test_the_figure_is_drawn_and_shows_every_family(searched: Results) -> None:
    (one,) = searched.searches
    svg = figures.breakeven_path(searched.folder, one.name).read_text()
    ET.fromstring(svg)
    for text in ("threads", "processes", "CPU share"):
        assert text in svg


def test_the_report_says_it_shows_it_and_links_to_it(searched: Results) -> None:
    text = render.html(searched)
    page = Page(text)
    (row,) = table(searched, "parameter")
    assert text.count(row["sentence"]) >= 2, "on the first page and in its section"
    assert 'href="#breakeven"' in text
    assert "hatched: where the change lies" in text
    assert page is not None


def test_a_report_without_searches_has_no_such_section(page: str) -> None:
    assert 'id="breakeven"' not in page


def test_the_steps_can_be_made_again_from_the_tables(searched: Results) -> None:
    before = (searched.folder / "breakeven.csv").read_bytes()
    for step in (summarise, decide, breakeven, plot):
        step.main(searched)
    assert (searched.folder / "breakeven.csv").read_bytes() == before


def test_a_start_that_never_pays_is_told(tmp_path: Path) -> None:
    truths = (synthetic.sequential(0.1), synthetic.pool("processes", 2, 0.2, startup=0.3))
    scene = synthetic.Scene("t", "cpu", 2, truths)
    (row,) = table(finish(synthetic.write(tmp_path / "b", [scene])), "pool life")
    assert np.isnan(row["high"])
    assert row["sentence"].endswith("is not shown to earn its start back.")
