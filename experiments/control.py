"""The A/A null control: one approach entered twice, which nothing may tell apart.

It is planned, raced and judged as any block is. If one twin "wins", then machine or race invent
winners, and the run's other verdicts are suspect.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from experiments.scaling import STRONG
from experiments.statistics.breakeven import OVERRIDE

#: always the same one, whatever grid the user chose: so machines and runs can be compared
TASK = "math_python"
#: option that tells the entries apart in the tables; no launch ever sees it
TWIN = "twin"
TWINS = ("A", "B")
#: error budget of each mode's race. Both modes are judged, and 0.02 each keeps the chance of any
#: false alarm at 5% or below, in the noise of 10% a launch too (simulated: 1% to 5%)
ALPHA = 0.02


def lone_settings(settings: Mapping[str, Any], cores: int) -> dict[str, Any]:
    """Settings under which the control's block has one process pool beside sequential."""
    return {
        **settings, "executors": ["processes"], "workers": [cores], "variants": "none",
        "most_processes": cores, "most_processes_per_core": False, "scaling": STRONG, "nodes": [1],
    }  # fmt: skip


def control_block(block: Mapping[str, Any]) -> dict[str, Any]:
    """The control from a planned block: its process pool twice, as equals, and nothing else.

    Items are as many as `auto` workers give the task, so the two can share a calibration.
    """
    original = next(e for e in block["approaches"] if e["executor"] == "processes")
    return {
        **block,
        "block": f"control-{block['block']}",
        "control": True,
        "statistics": {"alpha": ALPHA},
        "approaches": [_twin(original, name) for name in TWINS],
        "not_run": [],
        "min_items": 4 * block["cores"],
    }


def _twin(original: Mapping[str, Any], name: str) -> dict[str, Any]:
    label = str(original["approach"])
    return {
        **original,
        "approach": f"{label}, {name}",
        "options": {**original["options"], TWIN: name},
        "simplicity": 0,  # of both: none may win by being simpler
    }


def launched_options(options: Mapping[str, Any]) -> dict[str, Any]:
    """An approach's options as its executor gets them: of twins the very same.

    Those that set a parameter of the task are for the task alone.
    """
    own = (key for key in options if key != TWIN and not key.startswith(OVERRIDE))
    return {key: options[key] for key in own}


def answer_blocks(plan: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The blocks that answer the user's question: all but those that have another role."""
    return [block for block in plan["blocks"] if not (block.get("control") or block.get("role"))]
