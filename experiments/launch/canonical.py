"""Any result as a short text that is the same for equal values, in every process.

Pickles won't do for that: they tell apart two equal strings from one string used twice, which is
what a trip to a worker process makes of a result.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any, Iterable, List, Tuple

#: a longer text is cut, and its digest stands for the rest
LONGEST_TEXT = 100
#: how much of a longer one is kept, to be read in a message
KEPT_TEXT = 40
_PLAIN = (bool, int, float, complex, str, bytes, bytearray, type(None), type(Ellipsis))


def short_form(value: Any) -> str:
    """The canonical text of a value, or the beginning of a long one with its digest."""
    text = canonical(value)
    if len(text) <= LONGEST_TEXT:
        return text
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]
    return "{}... ({} characters, sha256 {})".format(text[:KEPT_TEXT], len(text), digest)


def canonical(value: Any) -> str:
    """A text made of a value's own contents: no address, no order that hashes give.

    What can't be taken apart (a lock, a generator) stands there as the name of its type, so two of
    these count as equal.
    """
    try:
        return json.dumps(value, sort_keys=True)
    except (TypeError, ValueError, RecursionError):
        pass
    try:
        return _text(value, ())
    except RecursionError:
        return "{}, nested too deep to compare".format(_name(type(value)))


def _text(value: Any, inside: Tuple[int, ...]) -> str:
    """`inside` holds the ids of the containers on the way here: a cycle ends there."""
    if isinstance(value, _PLAIN):
        return repr(value)
    if id(value) in inside:
        return "<itself, {} up>".format(len(inside) - inside.index(id(value)))
    inside = inside + (id(value),)
    if isinstance(value, dict):
        pairs = ("{}: {}".format(_text(k, inside), _text(v, inside)) for k, v in value.items())
        return _named(value, dict, "{", sorted(pairs), "}")
    if isinstance(value, (set, frozenset)):
        return _named(value, set, "{", sorted(_text(one, inside) for one in value), "}")
    if isinstance(value, (list, tuple)):
        return _named(value, list, "[", (_text(one, inside) for one in value), "]")
    if _is_array(value):
        return _array(value, inside)
    return _taken_apart(value, inside)


def _named(value: Any, usual: type, begin: str, parts: Iterable[str], end: str) -> str:
    """A container; its type is named unless it is the usual one or a tuple."""
    name = "" if type(value) in (usual, tuple, frozenset) else _name(type(value))
    return name + begin + ", ".join(parts) + end


def _name(what: Any) -> str:
    module = getattr(what, "__module__", None)
    return "{}.{}".format(module, getattr(what, "__qualname__", type(what).__qualname__))


def _is_array(value: Any) -> bool:
    """Whether it is an array (or a scalar of one) with the interface that numpy has."""
    return all(hasattr(value, name) for name in ("dtype", "shape", "tobytes", "tolist"))


def _array(value: Any, inside: Tuple[int, ...]) -> str:
    head = "array {} {}".format(value.dtype, tuple(value.shape))
    if getattr(value.dtype, "hasobject", False):
        return "{} {}".format(head, _text(value.tolist(), inside))
    return "{} sha256 {}".format(head, hashlib.sha256(value.tobytes()).hexdigest())


def _taken_apart(value: Any, inside: Tuple[int, ...]) -> str:
    """Any other object, by what pickle would take it apart into."""
    if isinstance(value, type) or hasattr(value, "__qualname__"):
        return _name(value)
    try:
        parts = value.__reduce_ex__(4)
    except Exception:  # a lock, a generator, an object that forbids it
        own = getattr(value, "__dict__", None)
        return "<{}>{}".format(_name(type(value)), _text(own, inside) if own else "")
    if isinstance(parts, str):
        return "{}:{}".format(_name(type(value)), parts)
    made: List[Any] = [list(part) if _is_iterator(part) else part for part in parts]
    return "{}({})".format(
        _name(type(value)), ", ".join(_text(part, inside) for part in made if part is not None)
    )


def _is_iterator(part: Any) -> bool:
    return hasattr(part, "__next__")
