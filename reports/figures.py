"""Where a figure's file lies, and how an SVG file becomes part of a page."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

import pandas as pd
from markupsafe import Markup, escape

from reports import wording
from reports.load import Block, ResultsError

FOLDER = "figures"


def curve_rows(summary: pd.DataFrame) -> pd.DataFrame:
    """Rows that are points of a speedup curve: pools with a steady speedup."""
    steady = summary[(summary["mode"] == "steady") & summary["speedup"].notna()]
    return steady[(steady["executor"] != "sequential") & (steady["status"] == "ok")]


def speedup_path(folder: Path, block: Block) -> Path:
    """File of a block's speedup curves."""
    return folder / FOLDER / f"speedup-{safe(block.name)}.svg"


def safe(name: str) -> str:
    """A name that is safe on any file system, and unique."""
    plain = re.sub(r"[^A-Za-z0-9.=_-]+", "-", name)[:80]
    if plain != name:
        plain += "-" + hashlib.sha256(name.encode()).hexdigest()[:8]
    return plain


def inline(path: Path, prefix: str, label: str) -> Markup:
    """An SVG file as an element of a page: named for a screen reader, its ids made unique.

    Raises ResultsError where the file is missing.
    """
    if not path.exists():
        raise ResultsError(f"{path}: not there; make it with `python -m reports.plot DIR`")
    text = path.read_text(encoding="utf-8")
    text = text[text.index("<svg") :]
    text = re.sub(r"<!--.*?-->\s*|(?<=<g) id=\"[^\"]*\"", "", text, flags=re.DOTALL)
    text = re.sub(r"<metadata>.*?</metadata>", "", text, flags=re.DOTALL)
    text = re.sub(r'(\bid="|url\(#|href="#)', rf"\g<1>{prefix}-", text)
    # the style element would apply to the whole page; the stylesheet says the same for figures
    text = re.sub(r"<style[^>]*>.*?</style>", "", text, flags=re.DOTALL)
    name = escape(wording.visible(label))
    text = text.replace("<svg", f'<svg role="img" aria-label="{name}"', 1)
    # a PDF takes a figure's alternative text from its title
    return Markup(text.replace(">", f"><title>{name}</title>", 1))
