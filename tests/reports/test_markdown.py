from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from reports import markdown, wording

HOSTILE = [
    "a|b|c",
    "<script>alert(1)</script>",
    "</td></table><b>bold</b> &amp; &#42;",
    "`code` ``two``",
    "[text](https://example.org) ![image](x.png) <https://example.org>",
    "https://example.org www.example.org mailto:a@example.org",
    "*bold* _italic_ __init__ ~~gone~~ $x^2$ :smile:",
    "line\nbreak\r\n\n# heading",
    "1. list", "- list", "+ list", "2) list", "---", "===", "> quote", "# heading", "    code",
    r"\| \` \\ trailing\\", "{{ 7*7 }} {: .class}", "\N{GRINNING FACE} emoji",
    "\u05e9\u05dc\u05d5\u05dd x2: 1.96x", "bell\a null\0 \u202ereversed", "long" * 500,
]  # fmt: skip


class Words(HTMLParser):
    """The text of a page, and its tags."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.words: list[str] = []
        self.tags: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)

    def handle_data(self, data: str) -> None:
        self.words.append(data)


def rendered(text: str) -> Words:
    """As a Git host shows it: GitHub's flavour, whose raw HTML would come through."""
    return Words(MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
                 .render(text))  # fmt: skip


def plain(text: str) -> str:
    """What a reader is to see of a text: one line, without what would upset the page."""
    return " ".join(wording.visible(text).split())


def shown(words: Words) -> str:
    return " ".join("".join(words.words).replace("\u200e", "").split())


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_is_shown_as_it_is(text: str) -> None:
    found = rendered(f"{markdown.escape(text)}\n")

    assert shown(found) == plain(text)
    assert found.tags == ["p"]


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_stays_in_its_cell(text: str) -> None:
    found = rendered(f"| a | b |\n|:--|:--|\n| {markdown.escape(text)} | 1 |\n")

    assert found.tags.count("td") == 2
    assert set(found.tags) == {"table", "thead", "tbody", "tr", "th", "td"}
    assert plain(text) in shown(found)


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_is_an_items_and_a_headings_text(text: str) -> None:
    assert rendered(f"* {markdown.escape(text)}\n").tags == ["ul", "li"]
    assert rendered(f"### {markdown.escape(text)}\n").tags == ["h3"]


@given(st.text())
def test_any_text_is_shown_as_it_is(text: str) -> None:
    found = rendered(f"x {markdown.escape(text)}\n")

    assert shown(found) == " ".join(f"x {plain(text)}".replace("\u200e", "").split())
    assert set(found.tags) <= {"p"}


@given(st.text())
def test_any_text_stays_in_its_cell(text: str) -> None:
    found = rendered(f"| a | b |\n|:--|:--|\n| {markdown.escape(text)} | 1 |\n")

    assert found.tags.count("td") == 2


def test_plain_words_stay_readable_in_the_source() -> None:
    said = "math_python (cpu_share=0.5) on 2 cores: 1.96x, 102 ms; 2026-01-01"

    assert markdown.escape(said) == said


def test_what_follows_a_right_to_left_word_stays_behind_it() -> None:
    word = "\u05e9\u05dc\u05d5\u05dd"

    assert markdown.escape(f"{word} x2") == f"{word}\u200e x2"


def test_own_markdown_and_numbers_are_left_alone() -> None:
    assert markdown.escape(markdown.Raw("**2**")) == "**2**"
    assert markdown.escape(3) == 3


@pytest.mark.parametrize("code", ["ls", "echo ```\n```", "a `b` ````"])
def test_a_block_of_code_holds_it_exactly(code: str) -> None:
    (token,) = MarkdownIt().parse(markdown.fence(code))

    assert (token.type, token.info, token.content) == ("fence", "sh", f"{code}\n")


@pytest.mark.parametrize("name", ["plain", "`ticks`", "a``b", "line\nbreak", "<b>"])
def test_code_within_a_line_holds_it_too(name: str) -> None:
    (child,) = MarkdownIt().parseInline(f"{markdown.code(name)}")[0].children or []

    assert (child.type, child.content) == ("code_inline", re.sub(r"\s+", " ", name))
