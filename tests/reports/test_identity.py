"""The PDF says what the page says, word by word; none of it is hidden, cut or overprinted."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import matplotlib
import pytest
from pypdf import PdfReader

from experiments.settings import ROOT
from reports import letters, render
from tests.reports.paper import Sheet, difference, sheets
from tests.reports.visible import Visible, squeezed, visible

pytestmark = pytest.mark.skipif(render.pdf_problem() is not None, reason="no WeasyPrint here")


def printed(page: str, file: Path) -> list[Sheet]:
    render.write_pdf(page, file)
    return sheets(file)


@pytest.fixture(scope="module")
def pdf(page: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("pdf") / "report.pdf"
    render.write_pdf(page, path)
    return path


@pytest.fixture(scope="module")
def paper(pdf: Path) -> list[Sheet]:
    return sheets(pdf)


@pytest.fixture(scope="module")
def screen(page: str) -> Visible:
    return visible(page)


def test_both_say_the_same_in_the_same_order(screen: Visible, paper: list[Sheet]) -> None:
    assert difference(screen, paper) == ""
    assert len(screen.text) > 10_000
    assert len(screen.labels) > 50, "with the figures' labels"


def test_the_text_lies_within_the_margins(paper: list[Sheet]) -> None:
    assert [sheet.outside() for sheet in paper] == [""] * len(paper)


def test_nothing_is_printed_over_anything(paper: list[Sheet]) -> None:
    assert [sheet.overlapping() for sheet in paper] == [""] * len(paper)


def test_nothing_is_printed_over_anything_where_letters_are_wide(page: str, tmp_path: Path) -> None:
    """A bare system has DejaVu Sans alone, as matplotlib brings it."""
    (tmp_path / "fonts.conf").write_text(
        f"<fontconfig><dir>{matplotlib.get_data_path()}/fonts/ttf</dir>"
        f"<cachedir>{tmp_path / 'cache'}</cachedir></fontconfig>"
    )
    (tmp_path / "report.html").write_text(page, encoding="utf-8")
    subprocess.run(
        [sys.executable, "-m", "reports.render", str(tmp_path), "--only", "pdf"], check=True,
        cwd=ROOT, env={**os.environ, "FONTCONFIG_FILE": str(tmp_path / "fonts.conf")}, timeout=120,
    )  # fmt: skip
    found = sheets(tmp_path / "report.pdf")

    names = {str(one["/BaseFont"]) for one in fonts(PdfReader(tmp_path / "report.pdf"))}
    assert {name.split("+")[1] for name in names} >= {"DejaVu-Sans"}
    assert not any("Condensed" in name for name in names)
    assert [sheet.overlapping() for sheet in found] == [""] * len(found)
    assert [sheet.outside() for sheet in found] == [""] * len(found)


def test_the_sheet_style_names_the_letters_that_are_looked_for() -> None:
    css = (render.TEMPLATES / "report.css").read_text()
    assert f"font-family: {letters.FAMILIES};" in css


def test_every_sheet_has_its_number_and_the_running_headers(
    screen: Visible, paper: list[Sheet]
) -> None:
    chapters = {squeezed(name) for _, name in screen.sections}
    for number, sheet in enumerate(paper, 1):
        header, foot = sheet.furniture, f"{number}/{len(paper)}"
        assert header.endswith(foot)
        header = header.removesuffix(foot)
        if number == 1:
            assert header == ""
            continue
        assert header.startswith("Poolwise:bench")
        chapter = header.removeprefix("Poolwise:bench")
        assert chapter in chapters or chapter.endswith("...")


def test_the_contents_name_the_pages_where_sections_start(
    screen: Visible, paper: list[Sheet], pdf: Path
) -> None:
    leaders = [number for sheet in paper for number in sheet.leaders]
    places = PdfReader(pdf).named_destinations
    reader = PdfReader(pdf)
    starts = [
        reader.get_destination_page_number(places[link.removeprefix("#")]) + 1
        for link in screen.entries
    ]
    assert leaders == starts


def outline(entries: list[Any]) -> Iterator[str]:
    for entry in entries:
        if isinstance(entry, list):
            yield from outline(entry)
        else:
            yield squeezed(str(entry["/Title"]))


def test_every_section_and_block_has_a_bookmark(page: str, screen: Visible, pdf: Path) -> None:
    titles = list(outline(PdfReader(pdf).outline))
    headings = [squeezed(name) for _, name in screen.sections][1:]
    assert titles == headings
    assert page.count("<article") > 8


def fonts(reader: PdfReader) -> list[Any]:
    """Every font of every page, and of the forms that figures are drawn as."""
    found: list[Any] = []

    def collect(resources: Any) -> None:
        found.extend(font.get_object() for font in (resources.get("/Font") or {}).values())
        for form in (resources.get("/XObject") or {}).values():
            if "/Resources" in form.get_object():
                collect(form.get_object()["/Resources"])

    for sheet in reader.pages:
        collect(sheet["/Resources"])
    return found


def test_all_fonts_are_embedded(pdf: Path) -> None:
    found = fonts(PdfReader(pdf))
    assert found
    for font in found:
        below = font.get("/DescendantFonts", [font])[0].get_object()
        descriptor = below["/FontDescriptor"]
        assert {"/FontFile", "/FontFile2", "/FontFile3"} & set(descriptor), font["/BaseFont"]
        assert "/ToUnicode" in font, "else its text can't be searched or copied"


def test_the_document_has_a_title_a_language_and_tags(pdf: Path) -> None:
    reader = PdfReader(pdf)
    root = reader.root_object
    assert reader.metadata is not None
    assert reader.metadata.title == "Parallel Python on bench"
    assert root["/Lang"] == "en"
    assert root["/MarkInfo"]["/Marked"]
    tags = list(structure(root["/StructTreeRoot"]["/K"]))
    kinds = {tag["/S"] for tag in tags}
    assert {"/H1", "/H2", "/H3", "/Table", "/TH", "/TD", "/Figure", "/L"} <= kinds
    figures = [str(tag.get("/Alt", "")) for tag in tags if tag["/S"] == "/Figure"]
    assert all(figures), "a figure's finding is its alternative text"
    assert any("Take processes x2: 1.96x" in text for text in figures)


def structure(node: Any) -> Iterator[Any]:
    """All tags below a node of the structure tree."""
    node = node.get_object() if hasattr(node, "get_object") else node
    if isinstance(node, list):
        for one in node:
            yield from structure(one)
    elif isinstance(node, dict):
        if "/S" in node:
            yield node
        yield from structure(node.get("/K"))


CELL = re.compile(r'<td class="number"[^>]*>(\d[\d.]* ms)</td>')


def test_a_dropped_number_is_found(page: str, screen: Visible, tmp_path: Path) -> None:
    cell = CELL.findall(page)[40]
    place = page.index(f">{cell}<")
    without = page[: place + 1] + page[place + 1 + len(cell) :]
    found = difference(screen, printed(without, tmp_path / "r.pdf"))
    assert found.startswith("page ")
    assert squeezed(cell) in found


def test_a_changed_digit_and_a_text_too_many_are_found(page: str, paper: list[Sheet]) -> None:
    assert "page 1," in difference(visible(page.replace("39.2x", "39.3x")), paper)
    assert difference(visible(page.replace("</main>", "<p>more</p></main>")), paper)
    assert ">threads</text>" in page
    assert difference(visible(page.replace(">threads</text>", ">thread</text>")), paper)


def test_a_cell_that_runs_into_the_next_is_found(page: str, tmp_path: Path) -> None:
    style = "@media print { .answers col.c-interval { width: 3% !important } }"
    narrow = page.replace("</style>", f"{style}</style>", 1)
    assert any(sheet.overlapping() for sheet in printed(narrow, tmp_path / "r.pdf"))


def test_a_table_off_the_page_is_found(page: str, tmp_path: Path) -> None:
    style = "@media print { .answers { width: 130% !important } }"
    wide = page.replace("</style>", f"{style}</style>", 1)
    assert printed(wide, tmp_path / "r.pdf")[0].outside()
