"""Whether this interpreter holds a GIL. A launch asks before its path is set right: few imports."""

from __future__ import annotations

import platform
import sys
from typing import Optional


def gil_enabled() -> Optional[bool]:
    """Whether a GIL is held at this moment; None where nothing is known of one (not CPython)."""
    asked = getattr(sys, "_is_gil_enabled", None)
    if asked is not None:
        return bool(asked())
    return True if platform.python_implementation() == "CPython" else None
