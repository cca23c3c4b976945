"""A grid of many blocks through the real workflow; nothing is measured."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from experiments.bench import growth

#: values of a parameter: so many blocks that one a call would be more calls than Python allows
VALUES = 160


@pytest.fixture(scope="module")
def planned(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder where a plan was made."""
    folder = tmp_path_factory.mktemp("growth")
    growth.planned(folder, VALUES)
    return folder


@pytest.mark.slow
def test_the_last_block_of_a_long_chain_can_be_asked_for(planned: Path) -> None:
    results = Path("results/growth")
    blocks = json.loads((planned / results / "plan.json").read_text())["blocks"]

    assert len(blocks) > 600
    growth.dry_run(planned, str(results / "blocks" / blocks[-1]["block"] / "launches.csv"))
