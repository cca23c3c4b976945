"""A figure as small SVG text: what says nothing is left out, ink follows the page's colour."""

from __future__ import annotations

import io
import re
from typing import Any

from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure

from reports.drawing.look import FAINT, FONTS, GRID, INK

#: figures whose colours are shares of the ink, so that they follow it on a dark page
_SHARES = {INK: "", FAINT: "0.7", GRID: "0.15"}
_DEFAULTS = {
    ("stroke-linecap", "butt"),
    ("stroke-dashoffset", "0"),
    ("stroke-linejoin", "miter"),
    ("stroke-width", "1"),
    ("fill", "currentColor"),
    ("text-anchor", "start"),
}
_TAG = re.compile(r"<[^>]*>")
_STYLED = re.compile(r' style="([^"]*)"')
_DRAWN = re.compile(r' d="([^"]*)"')
_NUMBER = re.compile(r"-?\d+\.\d+")
_UPRIGHT = re.compile(r' transform="rotate\(-?0 [^)]*\)"')
_HEAD = (
    '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" '
    'width="{0}pt" height="{1}pt" viewBox="0 0 {0} {1}" color="{2}" fill="currentColor" '
    'stroke-linejoin="round" font-family="{3}">\n'
    '<rect class="paper" width="{0}" height="{1}" fill="#ffffff"/>\n'
)


def of(figure: Figure) -> str:
    """A figure as SVG text, the same for the same figure: no date, salted ids."""
    text = io.StringIO()
    canvas: Any = FigureCanvasSVG(figure)
    canvas.print_svg(text, metadata={"Date": None})
    width, height = (round(float(inches * 72), 2) for inches in figure.get_size_inches())
    return slim(text.getvalue(), width, height)


def slim(text: str, width: float, height: float) -> str:
    """What matplotlib wrote, without what changes nothing to see.

    Two decimals of a point, attributes for styles, no groups that only carry an id.
    """
    body = text[text.index("<g id=") : text.rindex("</svg>")]
    body = re.sub(r'(?<=<g id="figure_1">)\s*<g id="patch_1">.*?</g>', "", body, flags=re.DOTALL)
    # only tags: a name in a text may look like anything
    body = _TAG.sub(_Groups().replaced, body)
    body = re.sub(r"\s*\n\s*", "\n", body).strip()
    fonts = ", ".join([*(f"'{name}'" for name in FONTS), "sans-serif"])
    return _HEAD.format(f"{width:g}", f"{height:g}", INK, fonts) + body + "\n</svg>\n"


class _Groups:
    """Shortens tags one after the other; groups that only carry an id go away, ends too."""

    def __init__(self) -> None:
        self._kept: list[bool] = []

    def replaced(self, found: re.Match[str]) -> str:
        """What stands for a tag."""
        tag = found[0]
        if tag == "</g>":
            return tag if self._kept.pop() else ""
        if re.match(r"<g\b", tag):
            tag = re.sub(r' id="[^"]*"', "", tag)
            self._kept.append(tag != "<g>")
        return "" if tag == "<g>" else _shorter(tag)


def _shorter(tag: str) -> str:
    tag = _UPRIGHT.sub("", tag)
    tag = _STYLED.sub(lambda found: _attributes(found[1]), tag)
    tag = _DRAWN.sub(lambda found: f' d="{_path(found[1])}"', tag)
    return _NUMBER.sub(lambda found: _rounded(found[0]), tag)


def _attributes(style: str) -> str:
    pairs = dict(part.partition(": ")[::2] for part in style.split("; ") if part)
    if "opacity" in pairs:  # of one paint: that of a group is drawn apart
        paint = "stroke" if pairs.get("fill") == "none" else "fill"
        pairs[f"{paint}-opacity"] = pairs.pop("opacity")
    for paint in ("fill", "stroke"):
        share = _SHARES.get(pairs.get(paint, ""))
        if share is not None:
            pairs[paint] = "currentColor"
            if share:  # an opacity that is told stands
                pairs.setdefault(f"{paint}-opacity", share)
    return "".join(_attribute(name, value) for name, value in pairs.items())


def _attribute(name: str, value: str) -> str:
    if name == "font-family" or (name, value) in _DEFAULTS:
        return ""
    return f' {name}="{value.removesuffix("px")}"'


def _path(given: str) -> str:
    return re.sub(r"\s*([A-Za-z])\s*", r"\1", given).replace("\n", " ").strip()


def _rounded(number: str) -> str:
    text = f"{float(number):.2f}".rstrip("0").rstrip(".")
    return "0" if text in ("-0", "0") else re.sub(r"^(-?)0\.", r"\1.", text)
