"""What tests ask of a plan."""

from __future__ import annotations

from typing import Any

import pytest

from experiments.settings import ConfigError
from tests.experiments.facts import plan


def labels(block: dict[str, Any], executor: str = "") -> list[str]:
    return [e["approach"] for e in block["approaches"] if executor in ("", e["executor"])]


def only_block(**config: Any) -> dict[str, Any]:
    (block,) = plan(**config)["blocks"]
    return dict(block)


def complaint(facts: dict[str, Any] | None = None, **config: Any) -> str:
    with pytest.raises(ConfigError) as caught:
        plan(facts, **config)
    assert "\n" not in str(caught.value)
    return str(caught.value)
