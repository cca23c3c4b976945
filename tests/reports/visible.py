"""What a reader of report.html sees as text, in order, split as the PDF's content is ordered."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from dataclasses import dataclass, field
from html.parser import HTMLParser

VOID = {"meta", "col", "br", "hr", "img", "link", "input"}
UNSEEN = {"head", "style", "script"}
#: halves of characters beyond 16 bits, and what joins them: never seen by themselves
_APART = ("Cs", "Cf")
_MIRRORED = str.maketrans(")]}>", "([{<")
#: stands for the leader and page number that paper adds to an entry of the contents
LEADER = "\ue000"


def squeezed(text: str) -> str:
    """Text without white space, in the order in which it stands on screen and paper alike.

    Line breaks differ between them; so does the order of `loose` characters, and the way brackets
    beside them open. Ligatures are taken apart.
    """
    plain = unicodedata.normalize("NFKC", re.sub(r"\s+", "", text)).translate(_MIRRORED)
    return "".join(character for character in plain if not _loose(character))


def loose(text: str) -> Counter[str]:
    """Characters that a PDF has in the order they are seen in, right to left, in UTF-16 units."""
    units = "".join(_units(c) for c in unicodedata.normalize("NFKC", text))
    return Counter(unit for unit in units if _loose(unit) and unicodedata.category(unit) != "Cf")


def _loose(character: str) -> bool:
    right_to_left = unicodedata.bidirectional(character) in ("R", "AL", "NSM")
    return right_to_left or ord(character) > 0xFFFF or unicodedata.category(character) in _APART


def _units(character: str) -> str:
    pair = character.encode("utf-16-be", "surrogatepass")
    return "".join(chr(pair[n] << 8 | pair[n + 1]) for n in range(0, len(pair), 2))


@dataclass
class Table:
    """Where a table's rows lie in the running text, and the headings that paper repeats."""

    first_row_end: int = 0
    end: int = 0
    headings: str = ""


@dataclass
class Visible:
    """The squeezed texts of a page: running text, headings' places, list marks, figures' labels."""

    text: str = ""
    everything: str = ""
    tables: list[Table] = field(default_factory=list)
    sections: list[tuple[int, str]] = field(default_factory=list)
    entries: list[str] = field(default_factory=list)
    marks: list[str] = field(default_factory=list)
    labels: list[str] = field(default_factory=list)
    loose: Counter[str] = field(default_factory=Counter)

    def section(self, place: int) -> str:
        """The last heading before a place of the running text."""
        return ([name for start, name in self.sections if start <= place] or ["the title"])[-1]


def visible(page: str) -> Visible:
    """Read a whole report.html."""
    reader = _Reader()
    reader.feed(page)
    reader.close()
    return reader.seen


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.seen = Visible()
        self._open: list[tuple[str, str]] = []
        self._lists: list[list[object]] = []
        self._heading = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in VOID:
            return
        found = dict(attrs)
        kind = found.get("class") or ""
        self._open.append((tag, kind))
        if tag in ("ul", "ol"):
            self._lists.append([tag, 0])
        if tag == "li" and not self._within("nav", "contents"):
            self._mark()
        if tag == "table":
            self.seen.tables.append(Table())
        if tag == "text":
            self.seen.labels.append("")
        if tag in ("h1", "h2", "h3"):
            self._heading = ""
        if tag == "a" and self._within("nav", "contents"):
            self.seen.entries.append(found["href"] or "")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """An element of an SVG file without content."""

    def handle_endtag(self, tag: str) -> None:
        if tag in VOID:
            return
        if tag == "a" and self._within("nav", "contents"):
            self.seen.text += LEADER
        assert self._open.pop()[0] == tag
        here = len(self.seen.text)
        if tag in ("ul", "ol"):
            self._lists.pop()
        if tag == "tr" and not self._within("thead"):
            table = self.seen.tables[-1]
            table.first_row_end = table.first_row_end or here
            table.end = here
        if tag in ("h1", "h2", "h3"):
            self.seen.sections.append((here, self._heading))

    def handle_data(self, data: str) -> None:
        tags = {tag for tag, _ in self._open}
        if tags & UNSEEN or not tags or self._within("a", "skip"):
            return
        text = squeezed(data)
        if "svg" in tags and "text" not in tags:
            return
        self.seen.everything += text
        self.seen.loose += loose(data)
        if "svg" in tags:
            self.seen.labels[-1] += text
            return
        self.seen.text += text
        if "thead" in tags:
            self.seen.tables[-1].headings += text
        if tags & {"h1", "h2", "h3"}:
            self._heading += " ".join(data.split()) + " "

    def _within(self, tag: str, kind: str = "") -> bool:
        return any(tag == name and kind in [*have.split(), ""] for name, have in self._open)

    def _mark(self) -> None:
        kind, before = self._lists[-1]
        self._lists[-1][1] = number = int(str(before)) + 1
        self.seen.marks.append("•" if kind == "ul" else f"{number}.")
