from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from experiments.workflow import Blocks, is_quiet


@pytest.fixture
def blocks(tmp_path: Path) -> Blocks:
    plan = {"blocks": [{"block": name, "digest": f"{name}!"} for name in ("a", "b", "c")]}
    (tmp_path / "plan.json").write_text(json.dumps(plan))
    return Blocks(tmp_path / "plan.json")


def test_every_block_waits_for_the_one_before_it(blocks: Blocks, tmp_path: Path) -> None:
    assert blocks.before("a") == []
    assert blocks.before("b") == [f"{tmp_path}/blocks/a/launches.csv"]
    assert blocks.before("c") == [f"{tmp_path}/blocks/b/launches.csv"]


def test_the_files_of_all_blocks(blocks: Blocks, tmp_path: Path) -> None:
    assert blocks.outputs("run.json") == [f"{tmp_path}/blocks/{name}/run.json" for name in "abc"]


def test_a_block_is_known_by_what_it_measures(blocks: Blocks) -> None:
    assert blocks.digest("b") == "b!"


@pytest.mark.parametrize(
    ("quiet", "is_so"),
    [
        (None, False),
        ([], False),
        (["host", "rules"], False),
        (["progress"], True),
        (["Quietness.PROGRESS"], True),
        (["all"], True),
    ],
)
def test_the_profiles_own_quiet_is_not_the_users(quiet: Any, is_so: bool) -> None:
    workflow = SimpleNamespace(output_settings=SimpleNamespace(quiet=quiet))

    assert is_quiet(workflow) is is_so
