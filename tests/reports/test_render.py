from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest
from pypdf import PdfReader

from reports import render
from reports.load import Results, ResultsError, load
from tests.reports import synthetic
from tests.reports.conftest import HOSTILE, failed_scene, finish
from tests.reports.synthetic import Scene

needs_pdf = pytest.mark.skipif(render.pdf_problem() is not None, reason="no WeasyPrint here")
VOID = {"meta", "col", "br", "hr", "img", "link", "input", "path", "use", "rect"}


class Page(HTMLParser):
    """What a browser would see: visible text, ids, links to them, tags and their nesting."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.words: list[str] = []
        self.ids: list[str] = []
        self.links: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self._open: list[str] = []
        self.feed(text)
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        self.tags.append((tag, found))
        self.ids += [found["id"] or ""] if "id" in found else []
        if tag == "a" and found.get("href"):
            self.links.append(found["href"] or "")
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        if not {"style", "script", "title"} & set(self._open):
            self.words.append(data)

    @property
    def text(self) -> str:
        return squeezed(" ".join(self.words))


def squeezed(text: str) -> str:
    return re.sub(r"\s+", "", text)


def test_the_first_page_answers_with_numbers(page: str) -> None:
    text = Page(page).text
    assert "Take processes x2: 1.96x sequential".replace(" ", "") in text
    assert "no-gain" in text
    assert re.search(r"about[\d,to]+roundswouldtell", text), "undecided says what is missing"
    assert "sofar" in text, "an undecided candidate isn't called recommended"
    assert "theserverwasthebottleneck:0.97ofitscorebusy" in text


def test_rules_and_notes_are_made_from_this_run(page: str) -> None:
    assert "Waiting work on 2 cores: asyncio, 64 workers:</strong> 39.0x sequential" in page
    assert "No approach gave a right answer in my_task on 2 cores" in page


def test_cells_without_a_number_are_listed_with_their_reasons(page: str) -> None:
    text = Page(page).text
    for reason in ("SIGSEGV in phase steady", "no end after 30 s", "item 3: expected 4.1, got 4.2",
                   "no module named 'torch'", "more workers than items: at most 32"):  # fmt: skip
        assert squeezed(reason) in text


def test_waiting_work_shows_the_latency_of_an_item(page: str) -> None:
    text = Page(page).text
    said = r"99%ofitemstakeatmost[\d.]+ms\([\d.]+to[\d.]+ms\);sequential[\d.]+ms\("
    assert re.search(said, text)
    assert text.count("Latency:howlonganitemtakesinitsworker") == 1, "none for CPU work"
    assert "thewaitforafreeone" in text
    assert "Woodruff" in text


def test_a_tail_without_an_upper_limit_says_so(tmp_path: Path) -> None:
    scene = replace(synthetic.waiting_scene(), rounds=3)
    text = Page(render.html(finish(synthetic.write(tmp_path / "b", [scene])))).text
    assert re.search(r"sequential[\d.]+ms\(from[\d.]+ms,noupperlimit\)", text)


def test_without_waiting_work_latency_is_no_subject(tmp_path: Path) -> None:
    page = render.html(finish(synthetic.write(tmp_path / "b", [synthetic.cpu_scene()])))
    assert "Latency" not in page


def test_hostile_text_comes_out_as_text(page: str) -> None:
    assert page.lower().count("<script") == 1, "the report's own"
    assert "<script>// What a browser adds" in page
    parsed = Page(page)
    assert squeezed(HOSTILE.replace("\u202e", "\ufffd")) in parsed.text
    assert "\u202e" not in page
    assert "49" not in re.findall(r"script&gt; (\S+)", page)


def test_the_page_is_self_contained(page: str) -> None:
    assert not re.search(r"""(?:src|href)=["'](?:https?:|//|file:)""", page)
    assert "@import" not in page
    assert "url(http" not in page


def test_ids_are_unique_and_links_lead_somewhere(page: str) -> None:
    parsed = Page(page)
    assert len(set(parsed.ids)) == len(parsed.ids)
    assert {link[1:] for link in parsed.links if link.startswith("#")} <= set(parsed.ids)
    assert all(link.startswith("#") for link in parsed.links)


def test_a_screen_reader_finds_its_way(page: str) -> None:
    tags = Page(page).tags
    names = [tag for tag, _ in tags]
    assert {"main", "nav", "header", "footer"} <= set(names)
    assert names.count("h1") == 1
    assert all(found.get("scope") for tag, found in tags if tag == "th")
    labels = [found["aria-label"] for tag, found in tags if tag == "svg"]
    assert any("Take processes x2: 1.96x" in (label or "") for label in labels)
    assert all(labels)


def test_two_renderings_are_the_same(results: Results, page: str) -> None:
    assert render.html(load(results.folder)) == page


@needs_pdf
def test_the_pdf_has_bookmarks_page_numbers_and_the_same_bytes_twice(
    results: Results, page: str, tmp_path: Path
) -> None:
    for name in ("a.pdf", "b.pdf"):
        render.write_pdf(page, tmp_path / name)
    assert (tmp_path / "a.pdf").read_bytes() == (tmp_path / "b.pdf").read_bytes()
    reader = PdfReader(tmp_path / "a.pdf")
    titles = [entry["/Title"] for entry in reader.outline if not isinstance(entry, list)]
    assert "The answer" in titles
    assert f"2 / {len(reader.pages)}" in reader.pages[1].extract_text()


def one_core(tmp_path: Path) -> Results:
    limits = ["CPU affinity allows 1 of 2 logical CPUs"]
    folder = tmp_path / "one"
    scenes = [synthetic.cpu_scene(cores=1)]
    return finish(synthetic.write(folder, scenes, usable_cores=1, limits=limits))


def test_one_usable_core_is_said_with_its_reason(tmp_path: Path) -> None:
    page = render.html(one_core(tmp_path))
    assert "Only one core is usable here" in page
    assert "CPU affinity allows 1 of 2 logical CPUs." in page


def test_a_platform_without_affinity_is_said(tmp_path: Path) -> None:
    folder = synthetic.write(tmp_path / "b", [synthetic.cpu_scene()], affinity_supported=False)
    assert "can&#39;t pin a process to cores" in render.html(finish(folder))


@pytest.mark.parametrize(
    "scenes",
    [
        [failed_scene()],
        [Scene("math_python", "cpu", 2, (synthetic.sequential(0.2),))],
        [Scene("math_python", "cpu", 2, (synthetic.pool("threads", 2, 0.2),))],
        [synthetic.cpu_scene(cores=128)],
        [replace(synthetic.cpu_scene(), rounds=1)],
        [replace(synthetic.cpu_scene(), rounds=0)],
        [],
    ],
    ids=[
        "all failed",
        "one approach",
        "no baseline",
        "128 cores",
        "one round",
        "empty",
        "no block",
    ],
)
def test_odd_folders_give_a_sensible_report(tmp_path: Path, scenes: list[Scene]) -> None:
    page = render.html(finish(synthetic.write(tmp_path / "b", scenes)))
    text = Page(page).text
    assert "Theanswer" in text
    assert not re.search(r"\bnan\b|None|<NA>", text)


def test_machine_facts_that_are_unknown_do_not_break_it(tmp_path: Path) -> None:
    unknown = dict.fromkeys(synthetic.MACHINE)
    folder = synthetic.write(tmp_path / "b", [synthetic.cpu_scene()], **unknown)
    assert "unknown" in render.html(finish(folder))


def test_a_missing_figure_says_how_to_make_it(tmp_path: Path) -> None:
    results = finish(synthetic.write(tmp_path / "b", [synthetic.cpu_scene()]))
    next(results.folder.glob("figures/*.svg")).unlink()
    with pytest.raises(ResultsError, match=r"not there; make it with `python -m reports.plot DIR`"):
        render.html(results)
