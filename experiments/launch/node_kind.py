"""What kind of node this is: what must be alike on all nodes that one approach runs over."""

from __future__ import annotations

import os
from typing import Any, Dict, List, Mapping

CPU_INFO = "/proc/cpuinfo"
#: firmware and drivers leave nodes of one kind a few MiB more or less: this share is no other kind
SAME_MEMORY = 0.01


def cpu_model() -> str:
    """The processor's name as Linux tells it; empty where it doesn't."""
    try:
        with open(CPU_INFO) as file:
            for line in file:  # the first of its lines: a big node has hundreds of CPUs
                if line.startswith(("model name", "Model")):
                    return line.split(":", 1)[1].strip()
    except OSError:
        pass
    return ""


def kind() -> Dict[str, Any]:
    """This node's, named as in machine.json; well below a millisecond."""
    system = os.uname()
    return {
        "cpu_model": cpu_model(),
        "logical_cpus": os.cpu_count() or 1,
        "memory_mib": os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2**20,
        "kernel": system.release,
        "architecture": system.machine,
    }


def same_memory(now: float, then: float) -> bool:
    """Whether two nodes of one kind may have these amounts."""
    return abs(now - then) <= SAME_MEMORY * then


def differences(now: Mapping[str, Any], then: Mapping[str, Any]) -> List[str]:
    """In what one node's kind is not the other's, in words."""
    return [
        f"{key} {now.get(key)}, not {have}"
        for key, have in then.items()
        if now.get(key) != have and not (key == "memory_mib" and same_memory(now[key], have))
    ]
