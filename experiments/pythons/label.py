"""Names of interpreters: one for the tables, and a short one for the approaches' labels."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from experiments.pythons.find import CURRENT


def labelled(facts: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Each with `interpreter`, its label in all tables, and `tag`, which approaches carry."""
    labels: list[str] = []
    for one in facts:
        labels.append(next(name for name in _labels(one) if name not in labels))
    named = list(zip(facts, labels, strict=True))
    names = [_short_names(one, label) for one, label in named]
    return [
        {"interpreter": label, "tag": _first_own(names, place), **one}
        for place, (one, label) in enumerate(named)
    ]


def _labels(one: Mapping[str, Any]) -> Iterator[str]:
    """Names from the plainest on; the first interpreter of a version always has the plain one."""
    plain = f"{one['implementation'].lower()}-{_version(one)}"
    yield plain
    for hint in (_hint(one), _plain(one["executable"])):
        yield f"{plain} ({hint})"
    number = 2
    while True:
        yield f"{plain} ({_hint(one)}, {number})"
        number += 1


def _hint(one: Mapping[str, Any]) -> str:
    """What tells it from another one of its version: the name it has, or its folder's."""
    asked = str(one["asked"])
    bare = asked == CURRENT or os.sep not in asked
    return _plain(asked if bare else Path(one["prefix"]).name)


def _plain(text: str) -> str:
    """Without the brackets that an approach's label has around the tag."""
    return text.translate(str.maketrans("[]", "()"))


def _version(one: Mapping[str, Any]) -> str:
    return f"{one['version']}{'t' if one['free_threaded'] else ''}"


def _short_names(one: Mapping[str, Any], label: str) -> tuple[str, str, str]:
    """3.13t, 3.13.0t, 3.13.0t (venv): others than CPython are named in each."""
    name = str(one["implementation"]).lower()
    kind = "" if name == "cpython" else f"{name}-"
    minor = ".".join(str(one["version"]).split(".")[:2])
    short = f"{kind}{minor}{'t' if one['free_threaded'] else ''}"
    return short, f"{kind}{_version(one)}", label.removeprefix("cpython-")


def _first_own(names: Sequence[tuple[str, str, str]], place: int) -> str:
    """The shortest of its names that no other interpreter has; labels are unique."""
    levels = zip(*names, strict=True)
    own = names[place]
    return next(name for name, level in zip(own, levels, strict=True) if level.count(name) == 1)
