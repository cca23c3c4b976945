"""Where a figure's file lies, and how an SVG file becomes part of a page."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

import pandas as pd
from markupsafe import Markup, escape

from reports import wording
from reports.load import Block, Results, ResultsError

FOLDER = "figures"
#: what the names of its files begin with
KINDS = ("speedup", "multiples", "heatmap", "panels", "breakeven")
#: tasks that have figures in such a grid; the tables hold the numbers of all
DRAWN_TASKS = 60
_PAPER = re.compile(r'<rect class="paper"[^>]*/>\n?')


def curve_rows(summary: pd.DataFrame) -> pd.DataFrame:
    """Rows that are points of a speedup curve: pools with a steady speedup."""
    pools = pool_rows(summary)
    return pools[pools["speedup"].notna()]


def pool_rows(summary: pd.DataFrame) -> pd.DataFrame:
    """The steady rows of pools that ran."""
    steady = summary[(summary["mode"] == "steady") & (summary["status"] == "ok")]
    return steady[steady["executor"] != "sequential"]


def speedup_path(folder: Path, block: Block) -> Path:
    """File of a block's speedup curves."""
    return folder / FOLDER / f"speedup-{safe(block.name)}.svg"


def panels_path(folder: Path, block: Block) -> Path:
    """File of a block's latency, memory and freezes."""
    return folder / FOLDER / f"panels-{safe(block.name)}.svg"


def heatmap_path(folder: Path, block: Block) -> Path:
    """File of the heat map of a block's task, which all its core counts share."""
    return folder / FOLDER / f"heatmap-{safe(block.subject)}.svg"


def multiples_path(folder: Path, block: Block) -> Path:
    """File of the speedups of a block's task on all its core counts."""
    return folder / FOLDER / f"multiples-{safe(block.subject)}.svg"


def curves_path(results: Results, block: Block) -> Path | None:
    """File that a block's curves are in: its own, or in a large grid its task's, if it has one."""
    if results.detailed:
        return speedup_path(results.folder, block)
    return multiples_path(results.folder, block) if block.subject in by_task(results) else None


def breakeven_path(folder: Path, search: str) -> Path:
    """File of a break-even search's figure."""
    return folder / FOLDER / f"breakeven-{safe(search)}.svg"


def by_task(results: Results) -> dict[str, list[Block]]:
    """The blocks of each task that gets figures, in the plan's order."""
    found: dict[str, list[Block]] = {}
    for block in results.blocks:
        found.setdefault(block.subject, []).append(block)
    most = len(found) if results.detailed else DRAWN_TASKS
    return dict(list(found.items())[:most])


def safe(name: str) -> str:
    """A name that is safe on any file system, and unique."""
    plain = re.sub(r"[^A-Za-z0-9.=_-]+", "-", name)[:80]
    if plain != name:
        plain += "-" + hashlib.sha256(name.encode()).hexdigest()[:8]
    return plain


def inline(path: Path, prefix: str, label: str) -> Markup:
    """An SVG file as an element of a page: named for a screen reader, its ids made unique.

    Its white paper goes away: there its ink has the page's colour.
    Raises ResultsError where the file is missing.
    """
    if not path.exists():
        raise ResultsError(f"{path}: not there; make it with `python -m reports.plot DIR`")
    text = path.read_text(encoding="utf-8")
    text = text[text.index("<svg") :]
    text = _PAPER.sub("", text, count=1)
    text = re.sub(r'(\bid="|url\(#|href="#)', rf"\g<1>{prefix}-", text)
    name = escape(wording.visible(label))
    text = text.replace("<svg", f'<svg role="img" aria-label="{name}"', 1)
    # a PDF takes a figure's alternative text from its title
    return Markup(text.replace(">", f"><title>{name}</title>", 1))
