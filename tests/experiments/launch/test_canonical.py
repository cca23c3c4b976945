from __future__ import annotations

import copy
import dataclasses
import datetime
import decimal
import pickle
import threading
from collections import OrderedDict, namedtuple
from typing import Any

import numpy as np
import pytest

from experiments.launch.canonical import LONGEST_TEXT, canonical, short_form

Pair = namedtuple("Pair", "left right")


@dataclasses.dataclass
class Record:
    name: str
    values: list[int]


class Plain:
    def __init__(self, **parts: Any) -> None:
        self.__dict__.update(parts)


def looped() -> list[Any]:
    inner: list[Any] = [1]
    inner.append(inner)
    return inner


VALUES = [
    None, True, 3, 2.5, float("nan"), "text", b"bytes", 1 + 2j, [1, (2, "x")], {"a": 1, "b": [2]},
    {1: "one", None: "none", (2, 3): "pair"}, {"x", "y"}, frozenset({1, 2}), Pair(1, 2),
    Record("r", [1, 2]), Plain(a=1, b={"c"}), datetime.date(2026, 1, 2), decimal.Decimal("1.10"),
    OrderedDict(a=1), range(5), np.arange(6).reshape(2, 3), np.float64(0.5),
    np.array([{"a": 1}, None], dtype=object), looped(), "x" * 1000,
]  # fmt: skip


@pytest.mark.parametrize("value", VALUES, ids=lambda value: type(value).__name__)
def test_a_trip_through_a_pickle_changes_nothing(value: Any) -> None:
    assert short_form(pickle.loads(pickle.dumps(value))) == short_form(value)
    assert short_form(copy.deepcopy(value)) == short_form(value)


def test_different_values_differ() -> None:
    texts = [short_form(value) for value in VALUES]

    assert len(set(texts)) == len(texts)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ([1, 2], [2, 1]),
        (Record("r", [1]), Record("r", [2])),
        (np.zeros(3), np.zeros(3, dtype="float32")),
        (np.zeros(4), np.zeros((2, 2))),
        (0.1 + 0.2, 0.3),
        ("y" * 500 + "a", "y" * 500 + "b"),
    ],
)
def test_small_differences_are_seen(one: Any, other: Any) -> None:
    assert short_form(one) != short_form(other)


def test_neither_order_of_insertion_nor_shared_parts_matter() -> None:
    word = "".join(["sha", "red"])
    copied = "".join(["shared", ""])

    assert canonical({(1,): 1, "b": 2}) == canonical({"b": 2, (1,): 1})
    assert canonical({1, "a", (2,)}) == canonical({(2,), "a", 1})
    assert canonical(Plain(x=[word, word])) == canonical(Plain(x=[word, copied]))


def test_what_cant_be_taken_apart_is_known_by_its_type() -> None:
    one, other = Plain(lock=threading.Lock(), n=1), Plain(lock=threading.Lock(), n=1)

    assert canonical(one) == canonical(other)
    assert canonical(one) != canonical(Plain(lock=threading.Lock(), n=2))
    assert "0x" not in canonical(one)  # no address


def test_a_long_text_is_cut_and_the_rest_told_by_its_digest() -> None:
    assert short_form([1, 2]) == "[1, 2]"
    long = short_form(list(range(1000)))
    assert len(long) < 2 * LONGEST_TEXT
    assert long.startswith("[0, 1, 2")


def test_nesting_too_deep_ends_well() -> None:
    deep: Any = {(1,): 0}
    for _ in range(5000):
        deep = [deep]

    assert "nested too deep" in canonical(deep)
