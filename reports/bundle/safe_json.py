"""JSON of a stranger: bounded in size and depth, without what other readers take otherwise."""

from __future__ import annotations

import json
import re
from typing import Any, NoReturn

from reports.bundle import limits
from reports.bundle.error import EntryError, quoted

_STRING = re.compile(rb'"(?:[^"\\]|\\.)*+"', re.DOTALL)
_BRACKETS = re.compile(rb"[\[\]{}]")


def parse(data: bytes) -> Any:
    """The value. Raises EntryError on anything but plain UTF-8 JSON within the limits.

    Refused besides: NaN and Infinity, which JSON doesn't have; numbers beyond a float; a key that
    is there twice, of which every reader takes another one.
    """
    _check_size(data)
    try:
        value = json.loads(
            data.decode("utf-8"),
            object_pairs_hook=_once,
            parse_constant=_no_number,
            parse_float=_finite,
        )
        json.dumps(value, ensure_ascii=False).encode("utf-8")
        return value
    except UnicodeEncodeError as error:
        raise EntryError(
            "has half a character (a lone surrogate), which no file can hold"
        ) from error
    except UnicodeDecodeError as error:
        raise EntryError(f"is not UTF-8 (byte {error.start})") from error
    except EntryError:
        raise
    except (ValueError, RecursionError) as error:
        raise EntryError(f"is not JSON: {error}") from error


def _check_size(data: bytes) -> None:
    if len(data) > limits.JSON_BYTES:
        raise EntryError(f"has more than {limits.JSON_BYTES // limits.MIB} MiB of JSON")
    if sum(map(data.count, (b",", b"[", b"{"))) > limits.JSON_PARTS:
        raise EntryError(f"has more than {limits.JSON_PARTS:,} values")
    if _depth(data) > limits.JSON_DEPTH:
        raise EntryError(f"is nested more than {limits.JSON_DEPTH} deep")


def _depth(data: bytes) -> int:
    """How deep it is nested; found without recursion, which a stranger's file could exhaust."""
    depth = deepest = 0
    for found in _BRACKETS.finditer(_STRING.sub(b"", data)):
        depth += 1 if found[0] in b"[{" else -1
        deepest = max(deepest, depth)
    return deepest


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        seen: set[str] = set()  # never counted one by one: a stranger's object may have a million
        twice = next(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]
        raise EntryError(f"has the key {quoted(twice)} twice in one object")
    return found


def _no_number(word: str) -> NoReturn:
    raise EntryError(f"has the value {word}, which is no number")


def _finite(text: str) -> float:
    number = float(text)
    if number in (float("inf"), float("-inf")):
        raise EntryError(f"has the number {quoted(text)}, which is too large")
    return number
