"""A block whose task needs a server: one that can't be had, one that dies, a real one."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import psutil
import pytest

from experiments import schema
from experiments.conductor.block import measure_block
from experiments.conductor.outcome import Outcome
from experiments.services import service
from experiments.services.service import ServiceRefusedError
from tests.experiments.conductor.fake_world import Bench, World
from tests.experiments.facts import host, plan
from tests.experiments.postgres import cluster, dsn_of, schemas, server_or_skip

SECRET = "hunter2"
ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bench:
    monkeypatch.setattr("os.sched_setaffinity", lambda *_: None)
    return Bench.make(tmp_path / "results", monkeypatch, tasks=["postgres_query"])


@pytest.mark.parametrize("status", ["unsupported", "crashed"])
def test_a_server_that_cant_be_had_is_a_row_with_its_reason(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, status: str
) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise ServiceRefusedError(status, "there is no initdb")

    monkeypatch.setattr(service, "start", refuse)
    bench.measure(World())

    (row,) = bench.launches()
    assert (row["status"], row["reason"]) == (status, "there is no initdb")
    assert "nothing was measured: its server: there is no initdb" in bench.run()["flags"]
    reported = bench.reported()[bench.names()[0]]["steady"]
    assert reported.verdict == "failed"


class _Dying(World):
    """After some launches the server has ended, and every launch crashes."""

    def launch(self, spec: Mapping[str, Any], service_pids: tuple[int, ...] = ()) -> Outcome:
        found = super().launch(spec, service_pids)
        if len(self.ran) < 3:
            return found
        SERVER.alive = lambda: False
        return Outcome(status="crashed", reason="no answer in phase cold")


SERVER = SimpleNamespace(alive=lambda: True, pids=(), cores=2, address=dict)


def test_a_launch_that_crashed_as_its_server_had_ended_says_so(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    @contextlib.contextmanager
    def start(*_: Any, **__: Any) -> Iterator[Any]:
        yield SERVER

    monkeypatch.setattr(service, "start", start)
    bench.measure(_Dying())

    reasons = [row["reason"] for row in bench.launches() if row["status"] == "crashed"]
    assert reasons
    assert set(reasons) == {"no answer in phase cold (the postgres server had ended)"}


def _real_plan(dsn: str, **config: Any) -> dict[str, Any]:
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 1
    usual = {
        "tasks": [{"task": "postgres_query", "params": {"dsn": dsn}}],
        "executors": ["threads", "asyncio", "processes"], "workers": [2], "cores": [cores],
        "batch_seconds": 0.02, "steady_seconds": 0.02, "batches": 1,
    }  # fmt: skip
    return plan(host(cores, affinity=False), **{**usual, **config})


def _measure(made: Mapping[str, Any], results: Path) -> list[dict[str, Any]]:
    (name,) = [block["block"] for block in made["blocks"]]
    facts = host(made["blocks"][0]["cores"], affinity=False)
    measure_block(made, facts, name, results / "blocks" / name, results / "log")
    return schema.read(schema.LAUNCHES, results / "blocks" / name / "launches.csv").to_dict(
        "records"
    )


def _written(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())


@pytest.mark.host
def test_a_given_server_is_measured_under_every_executor_and_left_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    results = tmp_path / "results"
    (tmp_path / "server").mkdir()
    with cluster(tmp_path / "server", connections=10) as given:
        before = schemas(given)
        monkeypatch.setenv("SHOP_DSN", dsn_of(given, password=SECRET))
        made = _real_plan("$SHOP_DSN")
        rows = _measure(made, results)
        assert schemas(given) == before

    assert {row["executor"] for row in rows} == {"sequential", "threads", "asyncio", "processes"}
    assert {(row["status"], row["reason"]) for row in rows} == {("ok", "")}
    assert all(row["service_cpu_share"] > 0 for row in rows)
    assert SECRET.encode() not in _written(results) + json.dumps(made).encode()


def test_a_wrong_dsn_is_a_row_without_its_password(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server_or_skip()
    monkeypatch.setenv("SHOP_DSN", f"postgresql://app:{SECRET}@127.0.0.1:1/shop?connect_timeout=2")
    results = tmp_path / "results"
    (row,) = _measure(_real_plan("$SHOP_DSN"), results)

    assert row["status"] == "crashed"
    assert row["reason"].startswith("PostgreSQL at 127.0.0.1:1/shop: ")
    assert "refused" in row["reason"]
    assert SECRET.encode() not in _written(results)


CONDUCTOR = """
import json, sys
from pathlib import Path
from tests.experiments.conductor.test_block_services import _measure
_measure(json.loads(Path(sys.argv[1]).read_text()), Path(sys.argv[2]))
"""


def _command(process: psutil.Process) -> list[str]:
    """Its command line; of a launch that has ended meanwhile, none."""
    try:
        return process.cmdline()
    except psutil.NoSuchProcess:
        return []


@pytest.mark.host
def test_a_conductor_that_is_killed_leaves_no_process_and_no_folder(tmp_path: Path) -> None:
    server_or_skip()
    made = _real_plan("temporary", looks=[200], block_seconds=600)
    (tmp_path / "plan.json").write_text(json.dumps(made))
    results = tmp_path / "results"
    conductor = subprocess.Popen(
        [sys.executable, "-c", CONDUCTOR, str(tmp_path / "plan.json"), str(results)], cwd=ROOT
    )
    end = time.monotonic() + 30
    journal = results / "blocks" / made["blocks"][0]["block"] / "journal.jsonl"
    while time.monotonic() < end and (not journal.exists() or journal.stat().st_size < 2000):
        time.sleep(0.05)
    family = psutil.Process(conductor.pid).children(recursive=True)
    homes = [word for one in family for word in _command(one) if "poolwise-cluster" in word]
    conductor.kill()
    conductor.wait()

    assert homes
    assert psutil.wait_procs(family, timeout=10)[1] == []
    assert not Path(homes[0]).parent.exists()
    assert not list(results.glob("scratch/*/poolwise-*"))
