"""Text as Markdown that shows it as it is, on any Git host: CommonMark, GitHub's tables and links.

What structure is made of gets a backslash, or an entity where hosts differ (HTML, template braces).
Sources: CommonMark 0.31, "Backslash escapes"; GitHub Flavored Markdown 0.29, "Tables" and
"Autolinks (extension)".
"""

from __future__ import annotations

import re
import unicodedata

from reports import wording

_ENTITIES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", "{": "&#123;"})
#: code, emphasis, links, headings, strikethrough, formulas, table cells
_STRUCTURE = re.compile(r"[\\`*\[\]#~$|]")
#: within a word an underscore is only itself
_UNDERSCORE = re.compile(r"(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])")
#: https://..., mailto:..., :emoji:
_COLON = re.compile(r":(?=[A-Za-z/])")
_WWW = re.compile(r"(?i)(www)\.")
#: what begins a list, is a line or underlines a heading
_START = re.compile(r"^(\d{1,9}(?=[.)](?:\s|$))|(?=[-+=](?:[-=\s]|$)))")
_LEFT_TO_RIGHT_MARK = "\N{LEFT-TO-RIGHT MARK}"
_TICKS = re.compile(r"`+")


class Raw(str):
    """Markdown of our own: `escape` leaves it alone."""

    __slots__ = ()


def escape(value: object) -> object:
    """Text as Markdown for one line or table cell; anything but text, and Raw, as it is."""
    if isinstance(value, Raw) or not isinstance(value, str):
        return value
    text = " ".join(wording.visible(value).split())
    text = _STRUCTURE.sub(r"\\\g<0>", text).translate(_ENTITIES)
    text = _COLON.sub(r"\\:", _WWW.sub(r"\1\\.", _UNDERSCORE.sub(r"\\_", text)))
    return _settled(_START.sub(r"\1\\", text))


def _settled(text: str) -> str:
    """A mark behind each right-to-left word, so that what follows it stays where it is."""
    right = [unicodedata.bidirectional(character) in ("R", "AL") for character in text]
    return "".join(
        character + (_LEFT_TO_RIGHT_MARK if here and not after else "")
        for character, here, after in zip(text, right, [*right, False][1:], strict=True)
    )


def code(text: str) -> Raw:
    """A name as code within a line."""
    text = " ".join(wording.visible(text).split())
    ticks = "`" * (_longest_ticks(text) + 1)
    space = " " if text.startswith("`") or text.endswith("`") else ""
    return Raw(f"{ticks}{space}{text}{space}{ticks}")


def fence(code: str, language: str = "sh") -> Raw:
    """Code as a block of its own, exactly as it is."""
    ticks = "`" * max(3, _longest_ticks(code) + 1)
    return Raw(f"{ticks}{language}\n{code}\n{ticks}")


def _longest_ticks(text: str) -> int:
    return max((len(run) for run in _TICKS.findall(text)), default=0)
