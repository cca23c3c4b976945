"""The spec of a launch: what is refused, and how that is told."""

from __future__ import annotations

import json
import pickle
from typing import Any

import pytest

from experiments.launch.spec import SpecError, parse
from tests.experiments.launch.driving import spec

GOOD = {**spec(params={"item_ms": 2}, services={"http": {"port": 1}}), "events": 3}


def test_a_good_spec_is_taken_as_it_is() -> None:
    read = parse(json.dumps(GOOD))

    assert {name: getattr(read, name) for name in GOOD} == GOOD


def test_the_reference_to_the_task_travels_to_workers() -> None:
    reference = parse(json.dumps(GOOD)).ref

    assert pickle.loads(pickle.dumps(reference)) == reference
    assert reference.params == {"item_ms": 2}
    assert reference.context.services == {"http": {"port": 1}}


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"workers": 0}, "workers is 0, must be an integer >= 1"),
        ({"items": -1}, "items is -1"),
        ({"scale": 1.5}, "scale is 1.5"),
        ({"batches": True}, "batches is True"),
        ({"most_batches": "many"}, "most_batches is 'many'"),
        ({"mode": "guess"}, "mode is 'guess', must be one of measure, calibrate"),
        ({"color": 1, "flavour": 2}, "unknown: color, flavour"),
    ],
)
def test_what_is_wrong_is_named_with_what_is_allowed(
    changes: dict[str, Any], complaint: str
) -> None:
    with pytest.raises(SpecError, match=complaint):
        parse(json.dumps({**GOOD, **changes}))


@pytest.mark.parametrize("key", GOOD)
def test_every_key_must_be_there(key: str) -> None:
    rest = {name: value for name, value in GOOD.items() if name != key}

    with pytest.raises(SpecError, match=f"missing: {key}"):
        parse(json.dumps(rest))
