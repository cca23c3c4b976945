"""The comparison as files: tables of the contract, one page that nothing in a bundle upsets."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import pytest
from pypdf import PdfReader

from experiments import schema
from reports.compare import __main__ as command
from reports.compare import page
from reports.compare.comparison import SIDE_BY_SIDE
from tests.reports.compare.conftest import Measured, compared, measured, scene
from tests.reports.compare.test_compare import ON_PROCESSES, ON_THREADS
from tests.reports.conftest import HOSTILE


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a comparison: two machines, one of them with hostile names, and two runs."""
    folder = tmp_path_factory.mktemp("compared")
    hostile = {"cpu_model": HOSTILE, "machine": HOSTILE, "os": '=HYPERLINK("x")'}
    paths = [
        measured(folder / "a", [ON_THREADS, scene(task="alone", threads_2=0.1)]),
        measured(folder / "b", [ON_PROCESSES, scene(task=HOSTILE, threads_2=0.1)], **hostile),
        measured(folder / "c", [ON_THREADS], seed=2, fingerprint="a"),
    ]
    page.write(compared(*paths), folder / "out")
    return folder / "out"


def test_all_tables_keep_to_the_contract(written: Path) -> None:
    rows = {name: len(schema.read(table, written / f"{name}.csv"))
            for name, table in schema.COMPARISON_TABLES.items()}  # fmt: skip
    assert all(rows.values()), rows


def test_regrets_stand_with_their_interval(written: Path) -> None:
    table = schema.read(schema.REGRETS, written / "regrets.csv")
    flips = table[table["outcome"] == "flip"]
    assert len(flips)
    assert (flips["regret_low"] > flips["margin"]).all()
    assert (flips["regret_low"] <= flips["regret"]).all()
    assert (flips["regret"] <= flips["regret_high"]).all()


def test_the_first_page_answers(written: Path) -> None:
    text = (written / page.HTML).read_text()
    first = text[text.index('id="answer"') : text.index('id="contents-title"')]
    for words in ("Advice carries over in", "One configuration for the fleet", "has 2 runs",
                  "Can't be compared"):  # fmt: skip
        assert words in first


def test_nothing_in_a_bundle_becomes_markup(written: Path) -> None:
    files = [written / page.HTML, *(written / "figures").glob("*.svg")]
    assert len(files) > 1
    for file in files:
        text = file.read_text()
        assert "<script>alert" not in text
        assert "\u202e" not in text
    assert "&lt;script&gt;alert(1)&lt;/script&gt; {{ 7*7 }}" in files[0].read_text()


def test_the_page_is_one_file_that_asks_for_nothing(written: Path) -> None:
    text = (written / page.HTML).read_text()
    assert "default-src &#39;none&#39;" in text
    assert not re.search(
        r'(src|href)="(?!#)', re.sub("<style>.*?</script>", "", text, flags=re.DOTALL)
    )
    assert "@import" not in text


def test_links_within_the_page_have_targets(written: Path) -> None:
    text = (written / page.HTML).read_text()
    ids = re.findall(r'\bid="([^"]+)"', text)
    assert len(ids) == len(set(ids))
    assert set(re.findall(r'href="#([^"]+)"', text)) <= set(ids)


def test_figures_say_their_finding(written: Path) -> None:
    text = (written / page.HTML).read_text()
    labels = re.findall(r'<svg role="img" aria-label="([^"]*)"', text)
    assert any(one.startswith("How much faster k processes") for one in labels)
    assert any(one.startswith("Speedup against workers, work on all cores: A ") for one in labels)


def test_a_pdf_with_tags_is_made(written: Path) -> None:
    assert PdfReader(written / page.PDF).trailer["/Root"]["/MarkInfo"]["/Marked"]


def test_the_same_runs_give_the_same_page(written: Path, tmp_path: Path) -> None:
    paths = [written.parent / name for name in "abc"]
    page.write(compared(*paths), tmp_path)
    assert (tmp_path / page.HTML).read_bytes() == (written / page.HTML).read_bytes()


def test_many_machines_get_fields_and_counts(machine: Measured, tmp_path: Path) -> None:
    paths = [
        machine(f"m{n}", ON_THREADS if n % 2 else ON_PROCESSES, seed=n)
        for n in range(SIDE_BY_SIDE + 2)
    ]
    page.write(compared(*paths), tmp_path / "out")

    text = (tmp_path / "out" / page.HTML).read_text()
    assert "processes x2 on 4 and threads x2 on 4" in text
    assert (tmp_path / "out" / "figures" / "compare-verdicts-steady.svg").exists()
    assert "another machine&#39;s advice flips" in text


def test_the_command_names_what_it_left_out(
    machine: Measured, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    paths = [machine("with space", ON_THREADS), machine("b", ON_PROCESSES), tmp_path / "no.zip"]
    status = command.main([*map(str, paths), "--out", str(tmp_path / "an out")])

    said = capsys.readouterr()
    assert status == 0
    assert said.err.startswith("left out: ")
    assert (tmp_path / "an out" / page.HTML).exists()
    with (tmp_path / "an out" / "machines.csv").open() as file:
        assert [row["source"] for row in csv.DictReader(file)] == ["with space", "b"]


def test_one_run_alone_is_one_line(machine: Measured, capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main([str(machine("a", ON_THREADS))]) == 1
    assert capsys.readouterr().err == "error: comparing takes two runs or more\n"


def test_a_comparison_is_not_written_among_results(machine: Measured) -> None:
    folder = machine("a", ON_THREADS)
    paths = [str(folder), str(machine("b", ON_THREADS))]
    assert command.main([*paths, "--out", str(folder)]) == 1
