"""What stands in the way of a new plan, by the journals of what was measured before."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from experiments import old_results
from experiments import plan as planning
from experiments.settings import ConfigError, resolve
from tests.experiments import facts

JOURNAL = "journal.jsonl"


def begin(results: Path, block: str, **said: str) -> None:
    """The journal of a block that was begun for a plan."""
    folder = results / "blocks" / block
    folder.mkdir(parents=True)
    (folder / JOURNAL).write_text(json.dumps({"journal": said}) + "\n")


@pytest.fixture
def plan() -> dict[str, Any]:
    return facts.plan()


def of(plan: dict[str, Any], **changes: str) -> dict[str, str]:
    """What the journal of its block says."""
    keys = ("fingerprint", "code_digest")
    return {"digest": plan["blocks"][0]["digest"], **{k: plan[k] for k in keys}, **changes}


def test_its_own_blocks_are_no_hindrance(tmp_path: Path, plan: dict[str, Any]) -> None:
    begin(tmp_path, "math_python-1c", **of(plan))
    begin(tmp_path, "of_an_older_plan-1c", **of(plan, digest="0ther"))
    (tmp_path / "blocks/of_an_older_plan-1c" / JOURNAL).write_text('{"jour')
    old_results.check(tmp_path, plan)
    old_results.check_overwriting(tmp_path, plan)
    old_results.check_kind(tmp_path, plan)


def test_a_block_that_was_measured_otherwise_is_in_the_way_whatever_plan_is_there(
    tmp_path: Path, plan: dict[str, Any]
) -> None:
    begin(tmp_path, "math_python-1c", **of(plan, digest="0ther"))
    (tmp_path / "plan.json").write_text(json.dumps(plan))  # of the run that was refused
    with pytest.raises(ConfigError, match="holds results of another plan"):
        old_results.check(tmp_path, plan)
    (tmp_path / "plan.json").unlink()
    with pytest.raises(ConfigError, match=r"another plan \(1 of its measured blocks"):
        old_results.check(tmp_path, plan)
    with pytest.raises(ConfigError, match="as math_python-1c, were measured otherwise"):
        old_results.check_overwriting(tmp_path, plan)


@pytest.mark.parametrize("check", ["check", "check_overwriting", "check_kind"])
def test_blocks_of_another_kind_of_machine_are_in_the_way(
    tmp_path: Path, plan: dict[str, Any], check: str
) -> None:
    begin(tmp_path, "math_python-1c", **of(plan, fingerprint="beef"))

    with pytest.raises(
        ConfigError,
        match=r"as math_python-1c, are of another kind of machine \(fingerprint beef\) than this "
        r"one \(f00d\).*constraint=FEATURE, with --config machine=bench",
    ):
        getattr(old_results, check)(tmp_path, plan)


def test_a_plan_that_would_write_over_measured_blocks_is_not_made(
    tmp_path: Path, plan: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a node may know of modules what the one that was probed before was not asked."""
    begin(tmp_path, "math_python-1c", **of(plan, digest="0ther"))
    (tmp_path / "machine.json").write_text(json.dumps(facts.host()))
    settings, out = json.dumps(resolve(facts.SMALL)), tmp_path / "plan.json"
    monkeypatch.setattr(
        sys, "argv",
        ["plan", "--machine", str(tmp_path / "machine.json"), "--settings", settings,
         "--out", str(out)],
    )  # fmt: skip
    with pytest.raises(SystemExit, match=r"^Poolwise: .*no measured block was touched"):
        planning.main()
    assert not out.exists()
    (tmp_path / "blocks/math_python-1c" / JOURNAL).unlink()
    planning.main()
    assert out.exists()
