"""Which changes of the config are none of what is measured."""

from __future__ import annotations

import json
from pathlib import Path

from experiments import host
from experiments.plan import make_plan
from experiments.schema import write_atomically
from tests.experiments.preflight.driving import (
    RESULTS,
    journal,
    prepare,
    refusal,
)


def test_the_record_is_about_all_tasks_unless_some_are_named(locks: list[str]) -> None:
    assert prepare().decision == ()
    assert prepare(decision=["math_python"]).decision == ("math_python",)


def test_naming_other_tasks_for_the_record_changes_nothing_that_is_measured(
    locks: list[str],
) -> None:
    one, other = prepare(), prepare(decision=["math_python"])

    assert (one.plan_digest, one.settings) == (other.plan_digest, other.settings)


def test_a_record_about_what_is_not_measured_is_refused_with_what_is() -> None:
    (line,) = refusal(decision=["math_python", "mixed"])

    assert line == (
        "Poolwise: config key 'decision.1': task 'mixed' is not in the grid; it has math_python"
    )


def test_a_bundle_without_names_is_no_other_measurement(locks: list[str]) -> None:
    one, other = prepare(), prepare(anonymise=True)

    assert (one.anonymise, other.anonymise) == (False, True)
    assert (one.plan_digest, one.settings) == (other.plan_digest, other.settings)
    assert prepare(anonymise="true").anonymise
    (line,) = refusal(anonymise="maybe")
    assert line == "Poolwise: config key 'anonymise': must be true or false, got \"maybe\""


def test_numbers_in_lists_of_the_command_line_are_numbers(locks: list[str]) -> None:
    assert prepare(workers=["1", "3"], given={"workers": ["1", "3"]}).settings["workers"] == [1, 3]


def test_changed_code_of_a_function_asks_for_its_blocks_alone(
    working_directory: Path, locks: list[str]
) -> None:
    source = working_directory / "changing_jobs.py"
    source.write_text("ITEMS = [1]\ndef f(item): return item\n")
    tasks = {"mine": {"call": "changing_jobs:f", "items": "changing_jobs:ITEMS", "path": "."}}
    prepare(tasks=tasks)
    plan = make_plan(prepare(tasks=tasks).settings, host.probe("bench"))
    write_atomically(RESULTS / "plan.json", json.dumps(plan))
    journal(plan["blocks"][0], plan["code_digest"])
    prepare(tasks=tasks)

    source.write_text("ITEMS = [1]\ndef f(item): return -item\n")
    (line,) = refusal(tasks=tasks)

    assert "a task's code has changed since it was measured; nothing was touched" in line
    assert line.endswith(f"move away {RESULTS / 'blocks' / plan['blocks'][0]['block']}")
    assert locks
