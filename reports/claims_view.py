"""The claims as the page prints them: their rulings, and links to the blocks that carry them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from reports import sentences, wording
from reports.load import Results, records

#: a mark for each ruling that reads without colour
MARKS = {"supported": "✓", "contradicted": "✕", "undecided": "?"}
#: so many blocks are linked; a claim on all waiting work may stand on dozens
MOST_LINKS = 4


@dataclass(frozen=True)
class Link:
    """A place on the page, and its name."""

    anchor: str
    text: str


@dataclass(frozen=True)
class RuledClaim:
    """A line of the table; `more` counts the blocks that are not linked."""

    claim: str
    ruling: str
    mark: str
    evidence: str
    links: tuple[Link, ...]
    more: int


@dataclass(frozen=True)
class ClaimGroup:
    """The claims ruled on one interpreter; its heading is empty where there is only one."""

    heading: str
    claims: tuple[RuledClaim, ...]


def groups(results: Results, claims: pd.DataFrame) -> list[ClaimGroup]:
    """The claims, by interpreter where there are several."""
    places = _places(results)
    found: dict[str, list[RuledClaim]] = {}
    for row in records(claims):
        found.setdefault(str(row["interpreter"]), []).append(_ruled(row, places))
    named = _names(results)
    return [
        ClaimGroup(named.get(name, name) if len(found) > 1 else "", tuple(ruled))
        for name, ruled in found.items()
    ]


def _names(results: Results) -> dict[str, str]:
    """Interpreters with what is told of their build: cpython-3.13.0t (free-threaded build)."""
    return {
        str(one.get("interpreter")): f"{one.get('interpreter')} ({one['build']})"
        for one in results.machine.get("interpreters") or []
        if one.get("build")
    }


def _places(results: Results) -> dict[str, Link]:
    """Where each block stands on the page: sections of blocks are counted in the plan's order."""
    blocks = {
        block.name: Link(f"block-{number}", wording.short(f"{block.subject}, {block.place}"))
        for number, block in enumerate(results.blocks)
    }
    overheads = {block.name: Link("running-costs", "running costs") for block in results.overheads}
    searched = {block.name: Link("breakeven", "break-even points") for block in results.searched}
    return {**blocks, **overheads, **searched}


def _ruled(row: Mapping[str, object], places: Mapping[str, Link]) -> RuledClaim:
    used = [_place(cell, places) for cell in sentences.names(row["cells"])]
    links = list(dict.fromkeys(link for link in used if link is not None))
    return RuledClaim(
        claim=str(row["claim"]),
        ruling=str(row["ruling"]),
        mark=MARKS.get(str(row["ruling"]), ""),
        evidence=str(row["evidence"]),
        links=tuple(links[:MOST_LINKS]),
        more=len(links[MOST_LINKS:]),
    )


def _place(cell: str, places: Mapping[str, Link]) -> Link | None:
    """Of `block` or `block: approach`; names may hold a colon themselves."""
    parts = cell.split(": ")
    starts = (": ".join(parts[:count]) for count in range(len(parts), 0, -1))
    return next((places[start] for start in starts if start in places), None)


def counted(found: Sequence[ClaimGroup]) -> str:
    """9 supported, 1 contradicted, 6 undecided."""
    rulings = [one.ruling for group in found for one in group.claims]
    return ", ".join(f"{rulings.count(word)} {word}" for word in MARKS)
