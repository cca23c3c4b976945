from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from experiments import schema
from experiments.conductor import files
from tests.experiments.conductor.test_rows import entry


def test_a_launch_gives_a_row_a_bucket() -> None:
    timed = {"launch": {"launch_id": "b/0"}, "latencies": [[1.5, 8], [4.0, 2]]}
    other = {"launch": {"launch_id": "b/1"}, "latencies": []}

    assert list(files.latency_rows([timed, other])) == [
        {"launch_id": "b/0", "latency_ms": 1.5, "count": 8},
        {"launch_id": "b/0", "latency_ms": 4.0, "count": 2},
    ]


def journaled(launch_id: str, seconds: float | None, **more: Any) -> dict[str, Any]:
    """A launch with a start-up of 0.25 s, a teardown of 0.125 s and batches of 1.75 s in all."""
    made = entry()
    made["launch"] |= {"launch_id": launch_id, "launch_seconds": seconds, **more}
    samples = [{"launch_id": launch_id, **sample} for sample in made["samples"]]
    return {**made, "samples": samples, "latencies": [[1.5, 8]]}


def test_what_launches_took_is_told_with_their_number(tmp_path: Path) -> None:
    entries = [journaled("b/0", 4.0, profile_seconds=0.5), journaled("b/1", 3.0)]
    entries.append(journaled("b/2", None, startup_seconds=None, teardown_seconds=None))
    files.write(tmp_path, {"block": "b", "rounds": 2, **files.of_calibration(None)}, entries)
    run = json.loads((tmp_path / "run.json").read_text())

    assert (run["block"], run["rounds"], run["items"]) == ("b", 2, None)
    assert (run["launches"], run["samples"], run["latencies"]) == (3, 9, 3)
    assert run["launch_seconds"] == pytest.approx(7.0)
    assert run["timed_seconds"] == pytest.approx(3 * 1.75 + 2 * 0.375 + 0.5)
    for table, count in ((schema.LAUNCHES, 3), (schema.SAMPLES, 9), (schema.LATENCIES, 3)):
        assert len(schema.read(table, tmp_path / f"{table.name}.csv")) == count
