"""What an interpreter says of itself and of the modules that a grid needs."""

from __future__ import annotations

import importlib
import multiprocessing
import platform
import sys
import sysconfig
from typing import Any, Dict, List, Optional, Sequence, Tuple

from experiments.launch.gil import gil_enabled
from experiments.launch.interpreter_pool import interpreter_pool
from experiments.launch.naming import missing_module


def about(modules: Sequence[str]) -> Dict[str, Any]:
    """Version, build, GIL, start methods, and which of these modules it lacks (by find_spec).

    `gil_switched_on_by` names the module whose import switched the GIL on (only a free-threaded
    build imports them; else the imports would tell nothing and take their time).
    """
    at_start = gil_enabled()
    lacks = [name for name in modules if missing_module([name])]
    threaded = bool(sysconfig.get_config_var("Py_GIL_DISABLED"))
    there = [name for name in modules if name not in lacks]
    switched_by, broken = _import_all(there) if at_start is False else (None, [])
    return {
        "version": platform.python_version(),
        "implementation": platform.python_implementation(),
        "build": "free-threaded build" if threaded else "GIL build",
        "free_threaded": threaded,
        "gil": at_start,
        "gil_after_imports": gil_enabled(),
        "gil_switched_on_by": switched_by,
        "prefix": sys.prefix,
        "start_methods": multiprocessing.get_all_start_methods(),
        "interpreter_pools": interpreter_pool() is not None,
        "lacks": sorted([*lacks, *broken]),
    }


def _import_all(names: Sequence[str]) -> Tuple[Optional[str], List[str]]:
    """The first module whose import switched the GIL on, and those that can't be imported."""
    switched_by, broken = None, []
    for name in names:
        try:
            importlib.import_module(name)
        except (Exception, SystemExit):  # a module may raise anything
            broken.append(name)
        if switched_by is None and gil_enabled():
            switched_by = name
    return switched_by, broken
