"""Pure-Python arithmetic: bytecode from beginning to end, so a GIL is held throughout."""

from __future__ import annotations

from typing import Any, Dict, List, Optional, Tuple

from ..base import Task
from . import checks
from .arithmetic import churn, start_of

#: steps of the generator in one unit of scale, about 5 microseconds
STEPS_PER_SCALE = 100


class MathPython(Task):
    """Every item advances an integer generator; its answer is the state it ends in."""

    name = "math_python"
    kind = "cpu"
    defaults = {"item_ms": 6.0}
    summary = "pure-Python integer arithmetic in a loop, which holds the GIL"

    @classmethod
    def check_params(cls, params: Dict[str, Any]) -> Optional[str]:
        """See Task."""
        return checks.item_ms(params)

    def make_items(self, count: int, scale: int) -> List[Tuple[int, int]]:
        """Items are (start, steps)."""
        seed = self.context.seed
        return [(start_of(seed, index), scale * STEPS_PER_SCALE) for index in range(count)]

    def run(self, item: Tuple[int, int]) -> int:
        """The generator's state after the item's steps."""
        return churn(*item)
