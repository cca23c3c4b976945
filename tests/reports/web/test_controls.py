"""What report.js adds: sorting, filtering, copying, the theme; by mouse and by keyboard."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from reports.render import html
from tests.reports.web.conftest import PHONE, Open

pytestmark = pytest.mark.browser

ROWS = [
    # name, verdict, cores, seconds as value, printed memory
    ("alpha x10", "best", 2, "0.5", "1.5 GiB"),
    ("beta", "tie", 1, None, "unknown"),
    ("alpha x9", "best", 4, "0.05", "900 MiB"),
    ("gamma", "no-gain", 2, "0.5", "12 KiB"),
]
HEAD = "".join(
    f'<th scope="col"{kind}>{name}</th>'
    for name, kind in (("Task", ""), ("A batch", ' class="number"'), ("Memory", ' class="number"'))
)


def cell(value: str | None, text: str) -> str:
    given = f' data-value="{value}"' if value is not None else ""
    return f'<td class="number"{given}>{text}</td>'


def row(name: str, verdict: str, cores: int, seconds: str | None, memory: str) -> str:
    return (
        f'<tr data-task="{name}" data-verdict="{verdict}" data-cores="{cores}">'
        f'<th scope="row">{name}</th>{cell(seconds, f"{seconds} s")}'
        f'<td class="number">{memory}</td></tr><tr><td colspan="3">note on {name}</td></tr>'
    )


@pytest.fixture
def table(open_page: Open, page_with: Callable[[str], str]) -> Any:
    body = "".join(row(*values) for values in ROWS)
    return open_page(
        page_with(
            '<div class="scroll"><table class="sortable filterable"><caption>Answers</caption>'
            f"<thead><tr>{HEAD}</tr></thead><tbody>{body}</tbody></table></div>"
        )
    )


def names(page: Any) -> list[str]:
    """Shown rows in order; every row's note has to follow it."""
    shown = page.locator("tbody tr:visible").all_inner_texts()
    rows = [text.split("\t")[0] for text in shown]
    assert rows[1::2] == [f"note on {name}" for name in rows[::2]]
    return rows[::2]


def said(page: Any) -> str:
    return str(page.locator("p[role=status]").inner_text())


def test_a_click_sorts_up_another_down_a_third_restores_the_plan(table: Any) -> None:
    planned = names(table)
    button = table.get_by_role("button", name="A batch")
    heading = table.get_by_role("columnheader", name="A batch")
    button.click()
    assert names(table) == ["alpha x9", "alpha x10", "gamma", "beta"], "equal ones in plan order"
    assert heading.get_attribute("aria-sort") == "ascending"
    assert said(table) == "Sorted by A batch, ascending, unknown last"
    button.click()
    assert names(table) == ["alpha x10", "gamma", "alpha x9", "beta"], "unknown stays last"
    assert heading.get_attribute("aria-sort") == "descending"
    button.click()
    assert names(table) == planned
    assert heading.get_attribute("aria-sort") is None
    assert said(table) == "Rows in the order of the report"


def test_another_column_takes_over(table: Any) -> None:
    table.get_by_role("button", name="A batch").click()
    table.get_by_role("button", name="Task").click()
    assert names(table) == ["alpha x9", "alpha x10", "beta", "gamma"], "numbers in names count"
    assert table.locator("th[aria-sort]").count() == 1


def test_printed_units_are_understood(table: Any) -> None:
    table.get_by_role("button", name="Memory").click()
    assert names(table) == ["gamma", "alpha x9", "alpha x10", "beta"]


ASCENDING = ["38 µs", "0.9 to 1.1 ms", "398 to 404 ms", "from 3 s, no upper limit", "1,000 s",
             "18 min 5 s", "2 h 1 min", "no interval"]  # fmt: skip
BY_RATIO = ["-0.3x", "0.997x", "1x", "1.5 to 1.6x", "12x", "1,200x", ""]


@pytest.mark.parametrize("texts", [ASCENDING, BY_RATIO], ids=["durations", "ratios"])
def test_numbers_as_the_report_prints_them_sort_by_amount(
    texts: list[str], open_page: Open, page_with: Callable[[str], str]
) -> None:
    shuffled = sorted(texts)
    assert shuffled != texts
    rows = "".join(f'<tr><td class="number">{text}</td></tr>' for text in shuffled)
    page = open_page(
        page_with(
            '<table class="sortable"><thead><tr><th class="number">N</th></tr></thead>'
            f"<tbody>{rows}</tbody></table>"
        )
    )
    page.get_by_role("button", name="N").click()
    assert page.locator("tbody tr").all_inner_texts() == texts


def test_the_keyboard_alone_sorts_and_filters(table: Any) -> None:
    table.get_by_label("Filter", exact=True).focus()
    table.keyboard.type("ALPHA 9")
    assert names(table) == ["alpha x9"]
    for _ in range(10):
        table.keyboard.press("Tab")
        if table.evaluate("document.activeElement.textContent") == "Show all":
            break
    table.keyboard.press("Enter")
    table.wait_for_function("!document.querySelector('tr[hidden]')")
    table.keyboard.press("Tab")
    table.keyboard.press("Space")
    assert names(table) == ["alpha x9", "alpha x10", "beta", "gamma"]


def test_filters_work_together_and_count_what_is_shown(table: Any) -> None:
    count = table.locator(".filter output")
    assert count.inner_text() == "4 of 4 rows shown"
    table.get_by_label("Verdict").select_option("best")
    assert names(table) == ["alpha x10", "alpha x9"]
    table.get_by_label("Cores").select_option("4")
    assert names(table) == ["alpha x9"]
    assert count.inner_text() == "1 of 4 rows shown"
    assert table.get_by_label("Executor").count() == 0, "there is nothing to choose"


def test_a_filter_that_nothing_fits_says_so_and_is_undone(table: Any) -> None:
    table.get_by_role("searchbox").fill("no such task")
    assert names(table) == []
    assert "None of 4 rows fits" in table.locator(".filter output").inner_text()
    table.get_by_role("button", name="Show all").click()
    table.wait_for_function("!document.querySelector('tr[hidden]')")
    assert len(names(table)) == 4


def test_sorting_keeps_the_filter(table: Any) -> None:
    table.get_by_label("Verdict").select_option("best")
    table.get_by_role("button", name="Task").click()
    assert names(table) == ["alpha x9", "alpha x10"]


def test_enter_in_the_filter_leaves_the_page_where_it_is(table: Any) -> None:
    before = table.url
    table.get_by_role("searchbox").fill("beta")
    table.keyboard.press("Enter")
    assert table.url == before
    assert names(table) == ["beta"]


CODE = 'ThreadPoolExecutor(max_workers=32)  # "<b>"'
SNIPPET = (
    '<section aria-labelledby="h"><h2 id="h">math_python</h2><p><code class="snippet" data-copy>'
    'ThreadPoolExecutor(max_workers=32)  # "&lt;b&gt;"</code></p>'
    "<textarea aria-label='paste'></textarea></section>"
)


def test_code_is_copied_as_it_is_printed(open_page: Open, page_with: Callable[[str], str]) -> None:
    page = open_page(page_with(SNIPPET), permissions=["clipboard-read", "clipboard-write"])
    page.get_by_role("button", name="Copy code for math_python").click()
    page.get_by_role("status").filter(has_text="Copied").wait_for()
    assert page.evaluate("navigator.clipboard.readText()") == CODE


def test_without_a_clipboard_the_selection_is_copied(
    open_page: Open, page_with: Callable[[str], str]
) -> None:
    page = open_page(page_with(SNIPPET))
    page.evaluate("Object.defineProperty(navigator, 'clipboard', { value: undefined })")
    page.get_by_role("button", name="Copy code").click()
    page.get_by_role("status").filter(has_text="Copied").wait_for()
    page.get_by_label("paste").focus()
    page.keyboard.press("Control+V")
    assert page.get_by_label("paste").input_value() == CODE.replace("  ", " "), "as it is shown"


def test_where_nothing_can_be_copied_it_is_selected_and_said(
    open_page: Open, page_with: Callable[[str], str]
) -> None:
    page = open_page(page_with(SNIPPET))
    page.evaluate("Object.defineProperty(navigator, 'clipboard', { value: undefined })")
    page.evaluate("() => { document.execCommand = () => false }")
    page.get_by_role("button", name="Copy code").click()
    page.get_by_role("status").filter(has_text="Ctrl+C").wait_for()
    assert page.evaluate("getSelection().toString()").startswith("ThreadPoolExecutor")


def paper(page: Any) -> str:
    return str(page.evaluate("getComputedStyle(document.body).backgroundColor"))


def test_a_chosen_theme_is_remembered(open_page: Open, page_with: Callable[[str], str]) -> None:
    page = open_page(page_with(""), color_scheme="dark")
    dark = paper(page)
    page.get_by_role("button", name="Theme: auto").click()
    light = paper(page)
    assert light != dark
    page.context.new_page().goto(page.url)
    other = page.context.pages[-1]
    assert (paper(other), other.locator(".theme").inner_text()) == (light, "Theme: light")
    other.locator(".theme").click()
    assert paper(other) == dark
    other.locator(".theme").click()
    assert (paper(other), other.locator(".theme").inner_text()) == (dark, "Theme: auto")


def test_a_browser_that_remembers_nothing_still_changes_the_theme(
    open_page: Open, page_with: Callable[[str], str]
) -> None:
    page = open_page(page_with(""))
    page.evaluate("() => { Storage.prototype.setItem = () => { throw new Error('no') } }")
    before = paper(page)
    page.locator(".theme").click(click_count=2)
    assert page.locator(".theme").inner_text() == "Theme: dark"
    assert paper(page) != before


def test_paper_is_light_and_whole_whatever_the_screen_shows(table: Any) -> None:
    table.locator(".theme").click(click_count=2)
    table.get_by_role("searchbox").fill("beta")
    table.emulate_media(media="print")
    assert len(names(table)) == 4, "a filter must not hide rows on paper"
    assert paper(table) == "rgb(255, 255, 255)"
    for control in (".tools", ".filter"):
        assert not table.locator(control).is_visible()


def test_without_script_the_page_is_whole(page: str, open_page: Open) -> None:
    plain = open_page(page, java_script_enabled=False)
    assert plain.locator("button").count() == 0
    assert (
        plain.locator(".answers tbody tr:visible").count()
        == plain.locator(".answers tbody tr").count()
    )


def test_from_verdict_to_evidence_is_one_click(page: str, open_page: Open) -> None:
    opened = open_page(page)
    link = opened.locator(".answers tbody tr", has_text="data_processing").get_by_role("link").first
    link.click()
    target = opened.locator(":target")
    assert "not decided" in target.locator("h3").inner_text()
    top = target.locator("h3").bounding_box()["y"]
    tools = opened.locator(".tools").bounding_box()
    assert tools["y"] + tools["height"] <= top < 300, "the bar does not hide it"


def test_a_script_that_is_not_the_reports_own_does_not_run(
    page: str, open_page: Open, troubles: list[str]
) -> None:
    smuggled = (
        "<main><script>document.title = 'in'</script><img src='https://example.org/x' alt=''>"
    )
    opened = open_page(page.replace("<main>", smuggled, 1))
    assert opened.title() != "in"
    refused = [trouble for trouble in troubles if "Content Security Policy" in trouble]
    assert len(refused) == 2, "the script and the image"
    troubles.clear()


def test_the_report_has_no_control_that_paper_would_show(results: Any, open_page: Open) -> None:
    opened = open_page(html(results), PHONE)
    opened.emulate_media(media="print")
    shown = opened.locator("button:not(.sort):visible, input:visible, select:visible")
    assert shown.count() == 0
