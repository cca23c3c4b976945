"""Break-even points in words: what is recommended on both sides of a change, and where it lies."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from experiments.statistics.breakeven import Flip, Point
from experiments.statistics.records import Interval
from reports import wording
from reports.load import Search

#: parameters whose name says less than these words: (words before a value, unit)
_NOUNS = {
    "cpu_share": ("a CPU share of", ""),
    "item_ms": ("items of", "ms"),
    "payload_kib": ("a payload of", "KiB"),
    "latency_ms": ("a latency of", "ms"),
}
_LABELS = {"cpu_share": "CPU share", "item_ms": "Cost of an item", "payload_kib": "Payload"}
_UNITS = {"_ms": "ms", "_kib": "KiB", "_mib": "MiB", "_seconds": "s", "_us": "µs"}


def axis_label(vary: str) -> str:
    """The parameter with its unit, as an axis is labelled."""
    noun, unit = noun_of(vary)
    label = _LABELS.get(vary, wording.capital(noun.removesuffix(" of").removeprefix("a ")))
    return f"{label} ({unit})" if unit else label


def noun_of(vary: str) -> tuple[str, str]:
    """The words before a value of this parameter, and the unit behind it."""
    if vary in _NOUNS:
        return _NOUNS[vary]
    for suffix, unit in _UNITS.items():
        if vary.endswith(suffix):
            return f"{vary.removesuffix(suffix).replace('_', ' ')} of", unit
    return f"{vary} of", ""


def place(vary: str, low: float, high: float) -> str:
    """`a CPU share of 0.33 to 0.36`, `items of 0.4 to 0.6 ms`."""
    noun, unit = noun_of(vary)
    ends = f"{low:.4g}" if low == high else f"{low:.4g} to {high:.4g}"
    return " ".join(filter(None, [noun, ends, unit]))


def name(family: str) -> str:
    """A family as a reader would call it: `processes (via pickle)`."""
    executor, _, level = family.partition(" ")
    told = "the sequential program" if executor == "sequential" else executor
    return f"{told} ({level.replace('=', ' ')})" if level else told


def changes(search: Search, flips: Sequence[Flip]) -> str:
    """All changes of a search in one sentence, in rising order."""
    parts = [f"{name(flips[0].below)} up to {_where(search, flips[0])}"]
    for flip, after in pairwise(flips):
        parts.append(f"{_from(search, flip)} to {_where(search, after)}")
    last = flips[-1]
    parts.append(f"{_from(search, last)} on" if last.undecided else f"{name(last.above)} above")
    return wording.capital(f"{', '.join(parts)}.")


def _where(search: Search, flip: Flip) -> str:
    """Where the lower family ends: an interval, or its last sure value where no verdict stands."""
    if flip.undecided:
        return f"{place(search.vary, flip.low, flip.low)} at least"
    return place(search.vary, flip.low, flip.high)


def _from(search: Search, flip: Flip) -> str:
    """Where the upper family begins."""
    sure = place(search.vary, flip.high, flip.high) if flip.undecided else "there"
    return f"{name(flip.above)} from {sure}"


def change(search: Search, flip: Flip) -> str:
    """One change in words, with what stays open inside its interval."""
    return " ".join(filter(None, [changes(search, [flip]), hidden(flip)]))


def hidden(flip: Flip) -> str:
    """The values inside a change at which no verdict stands; nothing where all are decided."""
    if not flip.undecided:
        return ""
    values = wording.listing([f"{value:.4g}" for value in flip.undecided])
    return f"Between {flip.low:.4g} and {flip.high:.4g} no verdict stands (measured at {values})."


def no_change(search: Search, points: Sequence[Point]) -> str:
    """What a search says that found no change."""
    decided = [point for point in points if point.family is not None]
    open_ = [f"{point.value:.4g}" for point in points if point.family is None]
    if not points:
        return "Nothing was measured."
    if not decided:
        count = wording.count(len(points), "value")
        return f"Nothing is decided: no verdict stands at any of {count}."
    where = place(search.vary, decided[0].value, decided[-1].value)
    text = wording.capital(name(str(decided[0].family)))
    if len(decided) == 1:
        text += f" at {where}."
    else:
        text += f" throughout, for {where}: no change at {len(decided)} values."
    return text + (f" Not decided at {wording.listing(open_)}." if open_ else "")


def pool_life(approach: str, life: Interval | None) -> str:
    """How many batches a pool must live."""
    if life is None:
        return f"{wording.capital(approach)} is not shown to earn its start back."
    return f"{wording.capital(approach)} has earned back its start after {batches(life)}."


def batches(life: Interval) -> str:
    """`1 batch`, `3 to 5 batches`."""
    ends = wording.count(int(life.high), "batch", "batches")
    return ends if life.low == life.high else f"{int(life.low):,} to {ends}"
