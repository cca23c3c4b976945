"""Facts of a made-up host, and settings as config.yaml would give them."""

from __future__ import annotations

import sys
from typing import Any

from experiments.plan import make_plan
from experiments.settings import resolve

SMALL: dict[str, Any] = {
    "tasks": ["math_python"],
    "executors": ["threads"],
    "workers": [1, 2],
    "cores": [1],
    "start_methods": ["spawn"],
    "chunks": ["default"],
    "looks": [2],
    "control": False,
    "overheads": False,
}


def host(cores: int = 2, affinity: bool = True) -> dict[str, Any]:
    """machine.json of a machine with that many usable cores."""
    return {
        "machine": "bench",
        "fingerprint": "f00d",
        "cpu_model": "a processor",
        "usable_cores": cores,
        "usable_cpus": list(range(cores)),
        "core_order": list(range(cores)),
        "limits": [f"CPU affinity allows {cores} of {cores} logical CPUs"],
        "affinity_supported": affinity,
        "interpreters": [{"interpreter": "cpython-3.11.7", "executable": sys.executable}],
    }


def plan(facts: dict[str, Any] | None = None, **config: Any) -> dict[str, Any]:
    """The plan of a small config with some keys of one's own."""
    return make_plan(resolve({**SMALL, **config}), facts or host())
