"""What a check found: counted parts, each with how many hold and which don't."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

import pandas as pd

Outcome = Literal["kept", "not kept", "can't be told"]
KEPT: Outcome = "kept"
NOT_KEPT: Outcome = "not kept"
UNTOLD: Outcome = "can't be told"


@dataclass(frozen=True)
class Part:
    """One thing that was counted: in `held` of `of` cases it is so; `broken` names the others.

    `needed`: without a single case the rule can't be told; `enough` is the share that must hold.
    """

    what: str
    held: int
    of: int
    broken: tuple[str, ...] = ()
    needed: bool = True
    enough: float = 1.0

    @property
    def holds(self) -> bool:
        """Whether it is so in all cases, or in as many as must be."""
        return self.held >= self.enough * self.of


@dataclass(frozen=True)
class Finding:
    """What came out of a rule's check; `note` is a sentence with further numbers."""

    parts: tuple[Part, ...]
    note: str = ""

    @property
    def outcome(self) -> Outcome:
        """A part that doesn't hold breaks the rule; where nothing was counted, none is known."""
        if not all(part.holds for part in self.parts):
            return NOT_KEPT
        empty = [part for part in self.parts if part.needed and not part.of]
        return UNTOLD if empty or not self.parts else KEPT


def count(what: str, good: pd.Series, names: Iterable[str], needed: bool = True) -> Part:
    """A part from a flag a case, and the cases' names in the same order."""
    flags = [bool(one) for one in good]
    broken = tuple(dict.fromkeys(n for n, ok in zip(names, flags, strict=True) if not ok))
    return Part(what, sum(flags), len(flags), broken, needed)
