"""Messages for bad parameter values: which parameter, what is allowed, what came."""

from __future__ import annotations

from typing import Any, Dict, Optional, Sequence


def number(params: Dict[str, Any], name: str, low: float, high: float) -> Optional[str]:
    """A message unless `params[name]` is a number in [low, high]."""
    value = params.get(name)
    good = isinstance(value, (int, float)) and not isinstance(value, bool) and low <= value <= high
    return None if good else f"{name} must be a number from {low:g} to {high:g}, got {value!r}"


def whole(params: Dict[str, Any], name: str, low: int, high: int) -> Optional[str]:
    """A message unless `params[name]` is a whole number in [low, high]."""
    value = params.get(name)
    good = isinstance(value, int) and not isinstance(value, bool) and low <= value <= high
    return None if good else f"{name} must be a whole number from {low} to {high}, got {value!r}"


def one_of(params: Dict[str, Any], name: str, allowed: Sequence[str]) -> Optional[str]:
    """A message unless `params[name]` is one of the allowed words."""
    value = params.get(name)
    return (
        None if value in allowed else f"{name} must be one of {', '.join(allowed)}, got {value!r}"
    )


def item_ms(params: Dict[str, Any]) -> Optional[str]:
    """A message unless `params["item_ms"]` is a cost that calibration can aim at."""
    return number(params, "item_ms", 0.01, 10_000)
