from __future__ import annotations

import json
import logging
import os
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from experiments.workflow import Blocks, Follower, is_quiet


def entry(name: str, chain: int | None = None, **more: Any) -> dict[str, Any]:
    placed = {} if chain is None else {"chain": chain}
    return {"block": name, "digest": f"{name}!", "approaches": [{"options": {}}], **placed, **more}


def plan(path: Path, *blocks: dict[str, Any]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"blocks": blocks, "settings": {}}))
    return path


@pytest.fixture
def blocks(tmp_path: Path) -> Blocks:
    return Blocks(plan(tmp_path / "plan.json", *map(entry, ("a", "b", "c"))))


def test_every_block_waits_for_the_one_before_it(blocks: Blocks, tmp_path: Path) -> None:
    assert blocks.before("a") == []
    assert blocks.before("b") == [f"{tmp_path}/blocks/a/launches.csv"]
    assert blocks.before("c") == [f"{tmp_path}/blocks/b/launches.csv"]


def test_each_chain_waits_for_itself_only(tmp_path: Path) -> None:
    path = plan(tmp_path / "plan.json", entry("a", 0), entry("b", 1), entry("c", 0), entry("d", 1))
    blocks = Blocks(path)

    assert [blocks.before(name) for name in "abcd"] == [
        [], [], [f"{tmp_path}/blocks/a/launches.csv"], [f"{tmp_path}/blocks/b/launches.csv"],
    ]  # fmt: skip


def test_neighbours_in_a_chain_share_a_job(tmp_path: Path) -> None:
    blocks = Blocks(
        plan(tmp_path / "plan.json", *(entry(n, i % 2) for i, n in enumerate("abcdef")))
    )

    assert [blocks.job(name, 2) for name in "abcdef"] == [
        "chain-0-0", "chain-1-0", "chain-0-0", "chain-1-0", "chain-0-1", "chain-1-1",
    ]  # fmt: skip
    assert len({blocks.job(name, 1) for name in "abcdef"}) == 6


def test_the_blocks_of_a_step_wait_for_its_file_and_share_no_job_with_others(
    tmp_path: Path,
) -> None:
    step = plan(tmp_path / "breakeven" / "2.json", entry("s", 0), entry("t", 1), entry("u", 0))
    blocks = Blocks.of_step(step)

    assert blocks.before("s") == blocks.before("t") == [step.as_posix()]
    assert blocks.before("u") == [f"{tmp_path}/blocks/s/launches.csv"]
    assert blocks.job("s", 9) == "chain-0-0-2"


def test_a_plan_is_read_again_only_where_it_changed(tmp_path: Path) -> None:
    path = plan(tmp_path / "plan.json", entry("a"))
    first = Blocks.of_plan(path)
    assert Blocks.of_plan(path) is first
    plan(path, entry("a"), entry("b"))
    os.utime(path, ns=(1, 1))

    assert "b" in Blocks.of_plan(path)


def test_the_files_of_all_blocks(blocks: Blocks, tmp_path: Path) -> None:
    assert blocks.outputs("run.json") == [f"{tmp_path}/blocks/{name}/run.json" for name in "abc"]


def test_a_block_is_known_by_what_it_measures(blocks: Blocks) -> None:
    assert blocks.digest("b") == "b!"


def test_files_stay_among_the_results_where_several_nodes_need_them(tmp_path: Path) -> None:
    over = [{"options": {}}, {"options": {"nodes": 4}}]
    path = plan(tmp_path / "plan.json", entry("a"), entry("b", approaches=over))
    blocks = Blocks(path)

    assert (blocks.nodes("a"), blocks.nodes("b")) == (1, 4)
    assert (blocks.scratch("a"), blocks.scratch("b")) == ('--scratch "$TMPDIR"', "")


def test_a_job_asks_for_twice_what_its_block_may_take(tmp_path: Path) -> None:
    path = plan(tmp_path / "plan.json", entry("s", budget_seconds=600.0))

    assert Blocks(path).minutes("s") == 5 + 20


class Said:
    """What a follower says of a block's job that Snakemake tells of."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.lines: list[str] = []
        self.follower = Follower(self.lines.append)

    def told(self, **fields: Any) -> None:
        record = logging.makeLogRecord(fields)
        assert self.follower.filter(record)

    def starts(self, block: str) -> Path:
        output = self.folder / f"{block}.csv"
        self.told(
            event="job_info", rule_name="block", jobid=hash(block), output=[str(output)],
            log=[str(self.folder / f"{block}.log")],
        )  # fmt: skip
        return output


def test_the_line_of_a_block_measured_elsewhere_is_the_last_of_its_log(tmp_path: Path) -> None:
    said = Said(tmp_path)
    (tmp_path / "a.log").write_text("a launch\n[1/2] a: best: threads x2\n")
    output = said.starts("a")
    said.told(msg="anything")
    assert said.lines == []
    output.write_text("")
    said.told(msg="Select jobs to execute...")
    said.told(msg="anything")

    assert said.lines == ["[1/2] a: best: threads x2"]


def test_what_an_earlier_run_wrote_is_no_end(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("")
    said = Said(tmp_path)
    output = said.starts("a")
    said.told(msg="anything")
    assert said.lines == []
    os.utime(output, ns=(5, 5))
    said.told(msg="anything")  # without a log: nothing to say, and no error

    assert said.lines == []


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
