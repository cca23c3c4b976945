"""Reports of more blocks than anybody reads: verdicts in words, the tables stay in the CSVs."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from reports import decision, figures, load, method, render
from reports.answers import Tables
from reports.audit import Evidence, coverage
from reports.load import Results
from tests.reports import synthetic
from tests.reports.conftest import finish

MOST = 3


@pytest.fixture(autouse=True)
def few_are_many(monkeypatch: pytest.MonkeyPatch) -> None:
    """The limit itself is a matter of time and memory; what it does shows at any."""
    assert load.DETAILED_BLOCKS == method.DETAILED_BLOCKS
    for module in (load, method):
        monkeypatch.setattr(module, "DETAILED_BLOCKS", MOST)


def grid(folder: Path, blocks: int) -> Results:
    truths = (synthetic.sequential(0.2), synthetic.pool("threads", 2, 0.11))
    scenes = [
        synthetic.Scene("mixed", "cpu", 2, truths, params={"n": n}, label=f"n={n}", rounds=3)
        for n in range(blocks)
    ]
    return finish(synthetic.write(folder, scenes))


def test_a_large_report_has_every_verdict_in_words_and_no_tables_of_blocks(tmp_path: Path) -> None:
    page = render.html(grid(tmp_path / "m", MOST + 1))
    assert re.findall(r'<article id="block-(\d+)"', page) == [f"{n}" for n in range(MOST + 1)]
    assert page.count("Take threads x2: 1.8") == MOST + 1
    assert page.count("Measured with 64 items a batch") == MOST + 1
    assert '<table class="approaches' not in page
    assert f"This grid has {MOST + 1} blocks" in page
    assert "stand in summary.csv and fits.csv beside this report" in page


def test_what_leads_to_a_figure_knows_those_of_a_large_grid(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(figures, "DRAWN_TASKS", 2)
    results = grid(tmp_path / "m", MOST + 1)
    links = re.findall(r"\]\((figures/[^)]+)\)", decision.markdown_text(results))
    *_, files = coverage.points(Evidence(results, Tables.of(results))).parts

    assert len(links) == 2, "each drawn task has one block"
    assert all((results.folder / link).exists() for link in links)
    assert (files.held, files.of) == (2, 2)


def test_one_block_less_shows_them_all(tmp_path: Path) -> None:
    page = render.html(grid(tmp_path / "m", MOST))
    assert page.count('<table class="approaches') == MOST
    assert "This grid has" not in page
