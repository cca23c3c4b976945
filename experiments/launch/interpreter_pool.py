"""Whether this interpreter has pools of subinterpreters."""

from __future__ import annotations

import concurrent.futures
from typing import Any

POOL = "InterpreterPoolExecutor"


def interpreter_pool() -> Any:
    """The pool's class (Python 3.14); None without, or where Python was built without."""
    try:
        return getattr(concurrent.futures, POOL, None)
    except ImportError:  # some builds have the name, and nothing behind it
        return None
