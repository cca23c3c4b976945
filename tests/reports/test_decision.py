from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from dataclasses import replace
from pathlib import Path

import pytest
import yaml
from markdown_it import MarkdownIt
from markdown_it.token import Token

from reports import decision, decision_check
from reports.load import Results, ResultsError, load
from tests.reports import synthetic
from tests.reports.conftest import HOSTILE, crashed_scene, failed_scene, finish
from tests.reports.synthetic import Scene, pool, sequential

GOLDEN = Path(__file__).parent / "golden" / "decision.md"
#: what MADR 4 asks for, in its order
SECTIONS = ["Context and Problem Statement", "Decision Drivers", "Considered Options",
            "Decision Outcome", "Consequences", "Confirmation", "Pros and Cons of the Options",
            "More Information"]  # fmt: skip


class Record:
    """A record as a Git host reads it: front matter, headings, tables, links."""

    def __init__(self, text: str) -> None:
        _, front, self.body = text.split("---\n", 2)
        self.front = yaml.safe_load(front)
        parser = MarkdownIt("commonmark", {"html": True}).enable("table")
        self.tokens = parser.parse(self.body)
        self.headings = [
            self._after(i) for i, t in enumerate(self.tokens) if t.type == "heading_open"
        ]
        self.html = parser.render(self.body)

    def _after(self, place: int) -> str:
        return shown(self.tokens[place + 1])

    @property
    def tables(self) -> list[list[list[str]]]:
        """Every table's rows of cells as shown, the header first."""
        found: list[list[list[str]]] = []
        for place, token in enumerate(self.tokens):
            if token.type == "table_open":
                found.append([])
            elif token.type == "tr_open":
                found[-1].append([])
            elif token.type in ("th_open", "td_open"):
                found[-1][-1].append(self._after(place))
        return found

    @property
    def images(self) -> list[tuple[str, str]]:
        children = [c for t in self.tokens for c in t.children or [] if c.type == "image"]
        return [(str(c.attrs["src"]), c.content) for c in children]

    @property
    def code(self) -> list[str]:
        return [token.content for token in self.tokens if token.type == "fence"]

    def verdicts(self) -> list[list[str]]:
        return next(table for table in self.tables if table[0][3] == "Choice")[1:]

    def options(self, place: int = 0) -> dict[str, list[str]]:
        tables = [table for table in self.tables if table[0][0] == "Option"]
        return {row[0]: row[1:] for row in tables[place][1:]}


def shown(token: Token) -> str:
    return "".join(child.content for child in token.children or [])


def small_scene(**more: object) -> Scene:
    truths = (
        sequential(0.2, heartbeat=200.0),
        pool("threads", 2, 0.206, heartbeat=6.0),
        pool("processes", 2, 0.104, startup=0.04, memory=54.0),
        pool("processes", 4, 0.105, startup=0.08, memory=78.0),
    )
    return replace(Scene("math_python", "cpu", 2, truths, params={"item_ms": 6.0}), **more)


def made(folder: Path, *scenes: Scene, named: tuple[str, ...] = (), **machine: object) -> Record:
    results = finish(synthetic.write(folder / "bench", list(scenes), **machine))
    decision.write(results, named)
    return Record((results.folder / "decision.md").read_text())


@pytest.fixture(scope="module")
def everything(results: Results) -> Record:
    """The record of a machine with one block of every verdict and trouble."""
    return Record(decision.markdown_text(results))


def test_the_record_of_a_small_scene_is_word_for_word_the_golden_one(tmp_path: Path) -> None:
    results = finish(synthetic.write(tmp_path / "bench", [small_scene()]))
    text = decision.markdown_text(results)
    digest = decision_check.data_hash(results.folder)

    assert text.replace(digest, "DIGEST") == GOLDEN.read_text(encoding="utf-8")


def test_it_has_the_sections_of_the_form_in_their_order(everything: Record) -> None:
    assert [heading for heading in everything.headings if heading in SECTIONS] == SECTIONS
    assert everything.front.keys() == {"status", "date", "decision-makers"}


def test_a_record_whose_choices_all_stand_is_accepted(tmp_path: Path) -> None:
    record = made(tmp_path, small_scene())

    assert record.front["status"] == "accepted"
    assert record.headings[0] == "How to run math_python on bench: processes x2"
    assert record.verdicts()[0][2:5] == [
        "accepted",
        "processes x2",
        "\N{CIRCLE WITH LEFT HALF BLACK} tie",
    ]


def test_an_open_verdict_chooses_nothing_and_says_what_is_missing(tmp_path: Path) -> None:
    record = made(tmp_path, small_scene(noise=0.1))

    assert record.front["status"] == "proposed"
    assert record.headings[0] == "How to run math_python on bench: not decided"
    assert record.verdicts()[0][2:4] == ["proposed", "not decided"]
    assert "Chosen option" not in record.body
    assert "chosen" not in [why for *_, why in record.options().values()]
    assert re.search(r"Not decided\. .+ about [\d,]+ rounds would decide it", record.body)


def test_one_open_verdict_keeps_the_whole_record_proposed(tmp_path: Path) -> None:
    record = made(tmp_path, small_scene(), small_scene(task="ipc", noise=0.1))

    assert record.front["status"] == "proposed"
    assert [row[2] for row in record.verdicts()] == ["accepted", "proposed"]
    assert "1 of 2 not decided" in record.body


def test_what_cant_be_true_is_not_chosen(tmp_path: Path) -> None:
    scene = small_scene(truths=(sequential(0.2), pool("processes", 2, 0.05)))
    record = made(tmp_path, scene)

    assert record.verdicts()[0][2:4] == ["proposed", "not decided"]
    assert "No option is chosen, as this can't be right as measured" in record.body
    assert "looks best so far (implausible" in record.options()["processes x2"][-1]


def test_after_a_failed_control_nothing_is_chosen(tmp_path: Path) -> None:
    record = made(tmp_path, small_scene(), synthetic.control_scene(0.12))

    assert record.front["status"] == "proposed"
    assert "No option is chosen, as the A/A control of this run failed" in record.body


def test_options_carry_their_numbers_and_why_they_were_not_chosen(tmp_path: Path) -> None:
    record = made(
        tmp_path,
        small_scene(
            not_run=(("processes x64", "at most 16"),), unsupported=(("loky x2", "no loky"),)
        ),
    )
    options = record.options()

    assert options["processes x2"][-1] == "chosen"
    assert options["processes x4"][-1] == "tie, but less simple"
    assert options["threads x2"][-1].startswith("slower")
    assert options["processes x2"][:2] == ["104 ms", "1.93x"]
    assert options["processes x2"][4] == "54.0 MiB"
    assert options["processes x64"] == ["", "", "", "", "", "not measured: at most 16"]
    assert options["loky x2"][-1] == "unsupported: no loky"


def test_options_that_failed_say_how(tmp_path: Path) -> None:
    options = made(tmp_path, crashed_scene()).options()

    assert options["processes x1"][-1] == "failed: crashed: SIGSEGV in phase steady"
    assert options["threads x2"][-1] == "failed: timed out: no end after 30 s"
    assert options["threads x4"][-1].startswith("failed: wrong answer: item 3: expected 4.1")


def test_every_table_is_whole(everything: Record) -> None:
    assert len(everything.tables) == 3 + 9
    for table in everything.tables:
        assert len({len(row) for row in table}) == 1


def test_hostile_names_come_out_as_text(everything: Record) -> None:
    assert "<script" not in everything.html.lower()
    kinds = {t.type for t in everything.tokens} | {
        child.type for token in everything.tokens for child in token.children or []
    }
    assert not {"html_block", "html_inline", "code_block"} & kinds
    assert "\u202e" not in everything.body
    name = HOSTILE.replace("\u202e", "\ufffd")
    assert any(row[0].startswith(name) for table in everything.tables for row in table)


def test_figures_are_relative_links_to_files_that_are_there(
    results: Results, everything: Record
) -> None:
    assert len(everything.images) == 8  # one block has no curve
    for link, alt in everything.images:
        assert re.fullmatch(r"figures/[A-Za-z0-9.=_-]+\.svg", link)
        assert (results.folder / link).exists()
        assert alt.startswith("Speedup against workers, ")


def test_figures_are_whole_files_of_their_own(results: Results) -> None:
    for path in sorted(results.folder.glob("figures/*.svg")):
        root = ET.fromstring(path.read_text(encoding="utf-8"))
        assert root.tag == "{http://www.w3.org/2000/svg}svg"
        assert {"width", "height", "viewBox"} <= set(root.keys())
        links = [v for e in root.iter() for k, v in e.attrib.items() if k.endswith("href")]
        assert all(link.startswith("#") for link in links)
        assert not [e for e in root.iter() if e.tag.endswith(("script", "foreignObject"))]


def test_its_links_lead_to_its_own_headings(everything: Record) -> None:
    links = re.findall(r'href="([^"]+)"', everything.html)

    assert links == ["#more-information"]


def test_the_same_results_give_the_same_bytes(results: Results) -> None:
    first, second = (decision.markdown_text(load(results.folder)) for _ in range(2))

    assert first == second


def test_its_day_is_that_of_the_newest_launch(tmp_path: Path) -> None:
    results = finish(synthetic.write(tmp_path / "bench", [small_scene()]))
    path = results.folder / "launches.csv"
    path.write_text(path.read_text().replace("2026-01-01T", "2026-02-03T", 1))

    assert Record(decision.markdown_text(results)).front["date"].isoformat() == "2026-02-03"


def test_only_named_tasks_are_recorded(tmp_path: Path) -> None:
    scenes = [small_scene(task=name) for name in ("math_python", "ipc", "mixed")]
    record = made(tmp_path, *scenes, named=("mixed", "ipc"))

    assert [row[0] for row in record.verdicts()] == ["ipc", "mixed"]
    assert "ARGS='--task ipc --task mixed'" in record.code[0]
    assert "math_python" not in record.body


def test_a_task_that_was_not_measured_is_told_with_those_that_were(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = synthetic.write(tmp_path / "bench", [small_scene()])

    assert decision.main([str(folder), "--task=mixd"]) == 1
    said = capsys.readouterr().err
    assert "task 'mixd' was not measured; name one of these" in said
    assert "(config key 'decision', option --task): math_python" in said


def test_it_says_for_what_it_holds(tmp_path: Path) -> None:
    record = made(tmp_path, small_scene())
    (scope,) = (table for table in record.tables if table[0][1] == "Parameters")
    machine = dict(next(table for table in record.tables if table[0][0] == "Of the machine")[1:])

    assert scope[1][:6] == ["math_python", "item_ms=6.0", "2", "1, 2, 4", "64", "3.10 ms"]
    assert machine["Fingerprint"] == "0f3a9c"
    assert machine["Interpreters"].startswith("cpython-3.11.7")
    assert machine["Thresholds"].startswith("margin 5%, error budget 5%")


@pytest.mark.parametrize(
    "scenes",
    [[], [failed_scene()], [small_scene(rounds=1)], [small_scene(rounds=0)],
     [small_scene(truths=(sequential(0.2),))], [small_scene(truths=(pool("threads", 2, 0.2),))],
     [small_scene(scaling="weak")], [small_scene(cores=128)]],
    ids=["no block", "all failed", "one round", "no round", "alone", "no baseline", "weak", "128"],
)  # fmt: skip
def test_odd_folders_give_a_sensible_record(tmp_path: Path, scenes: list[Scene]) -> None:
    record = made(tmp_path, *scenes)

    assert [heading for heading in record.headings if heading in SECTIONS] == SECTIONS
    assert not re.search(r"\bnan\b|None\b(?!:)|<NA>|\bunknown x\b", record.body)
    assert record.front["status"] in ("accepted", "proposed")


def test_a_missing_table_says_how_to_make_it(tmp_path: Path) -> None:
    results = load(synthetic.write(tmp_path / "bench", [small_scene()]))

    with pytest.raises(ResultsError, match=r"make it with `python -m reports\.decide DIR`"):
        decision.markdown_text(results)
