"""Numbers and lists in words: three significant digits, sensible units, ends that differ."""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Sequence

from experiments.statistics.objectives import Unit

UNKNOWN = "unknown"
NO_INTERVAL = "no interval"
_SECOND_UNITS = ((1.0, "s"), (1e-3, "ms"), (1e-6, "µs"), (1e-9, "ns"))
_LONG_SECONDS = 120.0
_OVERRIDES = frozenset(map(chr, (*range(0x202A, 0x202F), *range(0x2066, 0x206A), 0x200E, 0x200F)))


def known(value: float | None) -> bool:
    """Whether there is a number to print (not None, NaN, pandas' NA or infinite)."""
    try:
        return value is not None and math.isfinite(float(value))
    except (TypeError, ValueError):
        return False


def number(value: float | None, digits: int = 3) -> str:
    """A number with so many significant digits, all of its whole part, never in scientific form."""
    if value is None or not known(value):
        return UNKNOWN
    value = float(value)
    if value == 0:
        return "0"
    decimals = max(0, digits - 1 - math.floor(math.log10(abs(value))))
    rounded = round(value, decimals)
    if rounded == 0:
        return "0"
    # 9.996 becomes 10.0, not 10.00: the digits count after rounding
    decimals = digits - 1 - math.floor(math.log10(abs(rounded)))
    return f"{rounded:,.{max(decimals, 0)}f}"


def times(value: float | None) -> str:
    """A ratio: 3.97x."""
    return f"{number(value)}x" if known(value) else UNKNOWN


def times_interval(low: float | None, high: float | None) -> str:
    """An interval of ratios: 1.85 to 1.91x."""
    return _interval(low, high, "x")


def ratio_interval(low: float | None, high: float | None) -> str:
    """An interval of plain ratios: 0.985 to 1.02."""
    return _interval(low, high, "")


def _interval(low: float | None, high: float | None, unit: str) -> str:
    if low is None or high is None or not (known(low) and known(high)):
        return NO_INTERVAL
    digits = 3
    while digits < 6 and number(low, digits) == number(high, digits) and low != high:
        digits += 1
    return f"{number(low, digits)} to {number(high, digits)}{unit}"


def seconds(value: float | None) -> str:
    """A duration in the unit a person would use: 38.2 µs, 401 ms, 4.01 s, 3 min 5 s."""
    if value is None or not known(value):
        return UNKNOWN
    if value >= _LONG_SECONDS:
        minutes, rest = divmod(round(value), 60)
        hours, minutes = divmod(minutes, 60)
        return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s"
    scale, unit = _second_unit(float(value))
    return f"{number(value / scale)} {unit}"


def _second_unit(value: float) -> tuple[float, str]:
    # 0.9996 s would print as 1,000 ms: the unit is chosen after rounding to three digits
    for scale, unit in _SECOND_UNITS:
        if value >= scale * 0.9995:
            return scale, unit
    return _SECOND_UNITS[-1] if value else _SECOND_UNITS[0]


def seconds_interval(low: float | None, high: float | None) -> str:
    """An interval of durations, both ends in the unit of the upper one: 398 to 404 ms."""
    if low is None or high is None or not (known(low) and known(high)):
        return NO_INTERVAL
    scale, unit = _second_unit(float(high))
    return _interval(low / scale, high / scale, f" {unit}")


def latency_interval(low: float | None, high: float | None) -> str:
    """An interval of times in ms, whose upper end the data may not show: 3.94 to 4.78 ms."""
    if low is None or not known(low):
        return NO_INTERVAL
    if high is None or not known(high):
        return f"from {milliseconds(low)}, no upper limit"
    return seconds_interval(low / 1000, high / 1000)


def memory(mebibytes: float | None) -> str:
    """Memory given in MiB: 38.2 MiB, 1.25 GiB."""
    if mebibytes is None or not known(mebibytes):
        return UNKNOWN
    if mebibytes >= 1023.5:
        return f"{number(mebibytes / 1024)} GiB"
    return f"{number(mebibytes)} MiB"


def amount(value: float | None, unit: Unit) -> str:
    """A value of an objective, given in the objective's unit."""
    return {"s": seconds, "ms": milliseconds, "MiB": memory}[unit](value)


def amount_interval(low: float | None, high: float | None, unit: Unit) -> str:
    """An interval of such values."""
    if low is None or high is None or not (known(low) and known(high)):
        return NO_INTERVAL
    if unit == "MiB":
        return _interval(low, high, " MiB")
    scale = 1000.0 if unit == "ms" else 1.0
    return seconds_interval(low / scale, high / scale)


def milliseconds(value: float | None) -> str:
    """A duration given in milliseconds, in its own unit."""
    return UNKNOWN if value is None or not known(value) else seconds(float(value) / 1000)


def percent(share: float | None) -> str:
    """A share as a percentage: 4.2%, 0.31%, 97%, 5%."""
    if share is None or not known(share):
        return UNKNOWN
    text = number(float(share) * 100, 2)
    return f"{text.removesuffix('.0')}%"


def count(many: float | None, noun: str, plural: str = "") -> str:
    """1 round, 3 rounds, 2,000 launches."""
    if many is None or not known(many):
        return f"{UNKNOWN} {plural or noun + 's'}"
    whole = round(float(many))
    return f"{whole:,} {noun if whole == 1 else plural or noun + 's'}"


def listing(items: Sequence[str], most: int = 4) -> str:
    """a, b and c; with more than `most`: a, b, c and 5 more."""
    if len(items) > most:
        return f"{', '.join(items[: most - 1])} and {len(items) - most + 1} more"
    if len(items) < 2:
        return "".join(items)
    return f"{', '.join(items[:-1])} and {items[-1]}"


def span(values: Sequence[float]) -> str:
    """The range of several ratios: 1.71x, or 1.71x to 1.93x."""
    low, high = times(min(values)), times(max(values))
    return low if low == high else f"{low} to {high}"


def short(text: str, most: int = 60) -> str:
    """A name for a place with little room: cut with an ellipsis where it is very long."""
    return text if len(text) <= most else text[: most - 1] + "…"


def visible(text: str) -> str:
    """Text without what would upset its surroundings: control and direction-override characters."""
    return "".join("\ufffd" if _unruly(character) else character for character in text)


def _unruly(character: str) -> bool:
    # Cc: control characters; Cf with an own direction: they would reorder the rest of the line
    if character in "\n\t":
        return False
    return unicodedata.category(character) in ("Cc", "Cs") or character in _OVERRIDES


def capital(text: str) -> str:
    """A sentence's first letter as a capital, the rest untouched."""
    return text[:1].upper() + text[1:]
