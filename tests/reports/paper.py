"""What is printed on the sheets of report.pdf, and whether it is what report.html says."""

from __future__ import annotations

import ctypes
import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pypdfium2
import pypdfium2.raw as pdfium

from tests.reports.visible import LEADER, Visible, loose, squeezed

POINTS_PER_MM = 72 / 25.4
#: report.css: what lies further out than this belongs to the margin boxes
TOP_MM, BOTTOM_MM, SIDE_MM = 14.0, 18.0, 16.0
#: antialiasing and italics stick out of a box by less
SLACK_POINTS = 1.5
#: glyphs that share more than this, both ways, lie upon each other; kerned neighbours share less
OVERLAP_POINTS = 1.2
#: characters after its first that a ligature may stand for: ffi
LIGATURE = 2
#: characters compared with all near them at a time
CHUNK = 200


@dataclass(frozen=True)
class Sheet:
    """One page: characters in the order they are drawn, with their boxes.

    `boxes` has a row a character: left, bottom, right, top in points from the lower left corner.
    """

    characters: str
    boxes: np.ndarray
    width: float
    height: float

    @property
    def body(self) -> str:
        """Text between the margins, squeezed, with a mark for the contents' leaders."""
        return squeezed(re.sub(r"(?:\. ?){3,}\d+(?=\s*[\r\n]|$)", LEADER, self._between))

    @property
    def loose(self) -> Counter[str]:
        """What of it may stand in another order."""
        return loose(self._between)

    @property
    def _between(self) -> str:
        return "".join(np.array(list(self.characters))[~self._furniture()])

    @property
    def furniture(self) -> str:
        """Text of the margins: running headers and the page's number."""
        return squeezed("".join(np.array(list(self.characters))[self._furniture()]))

    @property
    def leaders(self) -> list[int]:
        """Page numbers behind the contents' leaders."""
        return [int(n) for n in re.findall(r"(?:\. ?){3,}(\d+)(?=\s*[\r\n]|$)", self.characters)]

    def outside(self) -> str:
        """Characters that lie off the page or, for the body, in its side margins."""
        left, bottom, right, top = self.boxes.T
        side = SIDE_MM * POINTS_PER_MM - SLACK_POINTS
        off = (left < side) | (right > self.width - side) | (bottom < 0) | (top > self.height)
        return "".join(np.array(list(self.characters))[off & self._inked()])

    def overlapping(self) -> str:
        """Characters that are printed over others, but for those of one ligature."""
        kept = np.flatnonzero(self._inked())
        kept = kept[np.argsort(self.boxes[kept, 1])]
        found: set[int] = set()
        for some in np.array_split(kept, max(1, len(kept) // CHUNK)):
            low, high = self.boxes[some, 1].min(), self.boxes[some, 3].max()
            near = kept[(self.boxes[kept, 3] > low) & (self.boxes[kept, 1] < high)]
            ours, others = np.nonzero(self._share(some, near))
            found |= {int(some[n]) for n in ours} | {int(near[n]) for n in others}
        return "".join(self.characters[n] for n in sorted(found))

    def _share(self, some: np.ndarray, near: np.ndarray) -> np.ndarray:
        """Whether the box of each of `some` lies on that of each `near`, a row one of `some`."""
        one, other = self.boxes[some][:, None, :], self.boxes[near][None, :, :]
        common = np.minimum(one[..., 2:], other[..., 2:]) - np.maximum(one[..., :2], other[..., :2])
        neighbours = np.abs(some[:, None] - near[None, :]) <= LIGATURE
        one_glyph = neighbours & (one == other).all(axis=2)
        return (common > OVERLAP_POINTS).all(axis=2) & ~one_glyph

    def _inked(self) -> np.ndarray:
        return np.array([not c.isspace() for c in self.characters], dtype=bool)

    def _furniture(self) -> np.ndarray:
        middle = (self.boxes[:, 1] + self.boxes[:, 3]) / 2
        top = self.height - TOP_MM * POINTS_PER_MM
        return self._inked() & ((middle > top) | (middle < BOTTOM_MM * POINTS_PER_MM))


def sheets(path: Path) -> list[Sheet]:
    """Every page of a PDF."""
    with pypdfium2.PdfDocument(path) as document:
        return [_sheet(page) for page in document]


def _sheet(page: pypdfium2.PdfPage) -> Sheet:
    text = page.get_textpage()
    count = text.count_chars()
    codes = [pdfium.FPDFText_GetUnicode(text, n) for n in range(count)]
    # 2: how it marks a hyphen at a line's end
    characters = "".join("-" if code == 2 else chr(code) for code in codes)
    boxes = np.array([_box(text, n) for n in range(count)]).reshape(count, 4)
    return Sheet(characters, boxes, *page.get_size())


def _box(text: pypdfium2.PdfTextPage, place: int) -> tuple[float, float, float, float]:
    left, right, bottom, top = (ctypes.c_double() for _ in range(4))
    pdfium.FPDFText_GetCharBox(text, place, left, right, bottom, top)
    return left.value, bottom.value, right.value, top.value


def difference(seen: Visible, printed: list[Sheet]) -> str:
    """Where the PDF first says something else than the page; empty if they say the same.

    Running text has to follow in the same order, a table's headings again at the top of a sheet
    that goes on with it. Behind it, a sheet has its list marks and its figures' labels.
    """
    place, marks, labels = 0, 0, 0
    for number, sheet in enumerate(printed, 1):
        body = _without_repeated_headings(seen, place, sheet.body)
        taken = _common(seen.text, place, body)
        rest = next(
            (
                (length, *found)
                for length in range(taken, max(taken - 60, -1), -1)
                if (found := _tail(seen, body[length:], marks, labels))
            ),
            None,
        )
        if rest is None:
            return _report(seen, place + taken, number, body[taken:])
        place, marks, labels = place + rest[0], rest[1], rest[2]
    if place < len(seen.text):
        return _report(seen, place, len(printed), "")
    left: list[object] = [*seen.marks[marks:], *seen.labels[labels:]]
    loosely = sum((sheet.loose for sheet in printed), Counter())
    if loosely != seen.loose:
        left.append((seen.loose - loosely, loosely - seen.loose))
    return f"not printed: {left}" if left else ""


def _without_repeated_headings(seen: Visible, place: int, body: str) -> str:
    for table in seen.tables:
        if table.first_row_end <= place < table.end and body.startswith(table.headings):
            return body[len(table.headings) :]
    return body


def _common(text: str, place: int, body: str) -> int:
    length = 0
    while length < len(body) and text[place + length : place + length + 1] == body[length]:
        length += 1
    return length


def _tail(seen: Visible, tail: str, marks: int, labels: int) -> tuple[int, int] | None:
    """How many marks and labels are used up when all of `tail` is such; None if it isn't."""
    states = [(0, marks, labels)]
    tried = set(states)
    while states:
        place, mark, label = states.pop()
        if place == len(tail):
            return mark, label
        for text, after in (
            (seen.marks[mark : mark + 1], (mark + 1, label)),
            (seen.labels[label : label + 1], (mark, label + 1)),
        ):
            if text and tail.startswith(text[0], place):
                state = (place + len(text[0]), *after)
                if state not in tried:
                    tried.add(state)
                    states.append(state)
    return None


def _report(seen: Visible, place: int, number: int, rest: str) -> str:
    said = seen.text[max(place - 20, 0) : place + 40]
    section = seen.section(place).strip()
    return f"page {number}, {section!r}: the screen says …{said!r}, paper goes on {rest[:40]!r}"
