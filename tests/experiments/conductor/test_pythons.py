"""Blocks in which several interpreters compete: who starts which launch, and what is recorded."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from experiments import schema
from experiments.conductor.block import measure_block
from experiments.conductor.outcome import Outcome
from experiments.pythons.ask import interpreters
from tests.experiments.conductor.fake_world import World
from tests.experiments.facts import host, plan
from tests.pythons import python, python_or_skip

METHODS = {"start_methods": ["fork", "spawn"], "lacks": [], "interpreter_pools": False}
TWO = [
    {"interpreter": "cpython-3.11.7", "tag": "3.11", "executable": "/own", **METHODS},
    {"interpreter": "cpython-3.13.0t", "tag": "3.13t", "executable": "/free", **METHODS},
]


def test_each_launch_is_started_with_its_approachs_interpreter(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    world, started = World(), []

    class Recording:
        def __init__(self, program: str, *_: object) -> None:
            self.program = program

        def launch(self, spec: Mapping[str, Any], pids: tuple[int, ...] = ()) -> Outcome:
            started.append((self.program, spec["mode"], spec["launch_id"]))
            return world.launch(spec, pids)

    monkeypatch.setattr("experiments.conductor.block.Launcher", Recording)
    facts = {**host(), "interpreters": TWO}
    made = plan(facts)
    block = made["blocks"][0]

    measure_block(made, facts, block["block"], tmp_path / "blocks" / "b", tmp_path / "log")

    measured = {(program, name.split("/")[2]) for program, mode, name in started if name}
    assert measured == {
        ("/own" if e["interpreter"] == "cpython-3.11.7" else "/free", e["approach"])
        for e in block["approaches"]
    }
    assert {program for program, mode, _ in started if mode != "measure"} == {"/own"}


def test_real_interpreters_give_the_same_answers_and_tell_their_gil(tmp_path: Path) -> None:
    """All that are here, in one block; its own sequential answers are those of the first."""
    found = ["current", python_or_skip("3.9")]
    found += [path for version in ("3.14", "3.13t") if (path := python(version))]
    facts = {**host(), "interpreters": interpreters(found)}
    made = plan(facts, executors=["threads"], workers=[2], looks=[2], batch_seconds=0.02,
                steady_seconds=0.0, tasks=["data_processing"])  # fmt: skip
    name = made["blocks"][0]["block"]
    made["blocks"][0]["cpus"] = None

    measure_block(made, facts, name, tmp_path / "blocks" / name, tmp_path / "log")

    rows = schema.read(schema.LAUNCHES, tmp_path / "blocks" / name / "launches.csv")
    assert set(rows["status"]) == {"ok"}, rows["reason"].tolist()
    free = {one["interpreter"] for one in facts["interpreters"] if one["gil"] is False}
    assert set(rows["interpreter"]) == {one["interpreter"] for one in facts["interpreters"]}
    for row in rows.to_dict("records"):
        held = row["interpreter"] not in free
        assert (row["gil_at_start"], row["gil_at_end"]) == (held, held)
    run = json.loads((tmp_path / "blocks" / name / "run.json").read_text())
    assert not [flag for flag in run["flags"] if "GIL" in flag]
