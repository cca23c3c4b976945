"""Prepares runs in a working directory of their own."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from experiments import host, preflight
from experiments.plan import make_plan
from experiments.schema import write_atomically
from experiments.settings import resolve
from tests.experiments.facts import SMALL

CONFIG = {**SMALL, "machine": "bench", "min_free_mib": 1}
RESULTS = Path("results/bench")
Said = Callable[[], str]


def prepare(**changes: Any) -> preflight.Run:
    how = {"given": {}, "cores": None, "dry": False, "errand": False}
    how |= {key: changes.pop(key) for key in list(changes) if key in how}
    return preflight.prepare({**CONFIG, **changes}, **how)


def refusal(**changes: Any) -> list[str]:
    """The lines that a refused run ends with."""
    with pytest.raises(SystemExit) as caught:
        prepare(**changes)
    assert isinstance(caught.value.code, str)  # so the exit status is 1
    lines = caught.value.code.splitlines()
    assert all(line.startswith("Poolwise: ") for line in lines)
    return lines


def measured(**changes: Any) -> dict[str, Any]:
    """Leave what a run that was cut off in its block leaves; returns its plan."""
    settings = resolve({**CONFIG, **changes})
    facts = host.probe("bench")
    plan = make_plan(settings, facts)
    for name, content in (("machine", facts), ("plan", plan)):
        write_atomically(RESULTS / f"{name}.json", json.dumps(content))
    journal(plan["blocks"][0], plan["code_digest"])
    return plan


def journal(block: dict[str, Any], code_digest: str, **more: str) -> None:
    said = {"digest": block["digest"], "code_digest": code_digest, **more}
    line = json.dumps({"journal": said})
    write_atomically(RESULTS / "blocks" / block["block"] / "journal.jsonl", line + "\n")
