"""Earlier choices against results that were measured again, with known truth."""

from __future__ import annotations

import json
import xml.etree.ElementTree as Tree
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from junitparser import JUnitXml

from experiments import schema
from reports import decide, fit, summarise
from reports.check import judge, tell
from reports.check.claims import Choice, choices, way
from reports.check.differences import differences
from reports.check.judge import Verdict
from reports.load import Approach, Results, load
from tests.reports import synthetic
from tests.reports.conftest import HOSTILE
from tests.reports.synthetic import Scene, control_scene, pool, sequential

TRUTHS = (sequential(0.2), pool("threads", 2, 0.2), pool("processes", 2, 0.14))


def scene(*truths: synthetic.Truth, task: str = "t", **more: Any) -> Scene:
    return Scene(task, "cpu", 2, truths or TRUTHS, **more)


def made(folder: Path, *scenes: Scene, seed: int = 1, **machine: Any) -> Results:
    """Results with their verdicts."""
    results = load(synthetic.write(folder, list(scenes or [scene()]), seed, **machine))
    for step in (summarise, fit, decide):
        step.main(results)
    return results


def checked(before: Results, now: Results) -> list[Verdict]:
    return judge.verdicts(choices(before, [block.task for block in before.blocks]), now)


def states(found: list[Verdict]) -> list[str]:
    return [one.finding.outcome for one in found]


@pytest.fixture
def before(tmp_path: Path) -> Results:
    return made(tmp_path / "before")


def test_what_is_measured_alike_holds(before: Results, tmp_path: Path) -> None:
    found = checked(before, made(tmp_path / "now", seed=2))

    assert states(found) == ["holds"]
    assert found[0].choice.pick.label == "processes x2"
    assert judge.STATUS[judge.outcome(found)] == 0


def test_a_rival_that_is_better_now_flips_it(before: Results, tmp_path: Path) -> None:
    now = made(tmp_path / "now", scene(TRUTHS[0], pool("threads", 2, 0.105), TRUTHS[2]))
    found = checked(before, now)

    assert states(found) == ["flipped"]
    assert found[0].finding.against == "threads x2"
    assert judge.evidence(found[0].finding).startswith("1.3")
    assert "that of threads x2" in judge.evidence(found[0].finding)
    assert judge.STATUS[judge.outcome(found)] == 1


def test_a_gain_that_is_gone_flips_it(before: Results, tmp_path: Path) -> None:
    found = checked(before, made(tmp_path / "now", scene(*TRUTHS[:2], pool("processes", 2, 0.2))))

    assert states(found) == ["flipped"]
    assert found[0].finding.against == "sequential"


def test_a_choice_that_fails_now_flips_it(before: Results, tmp_path: Path) -> None:
    failed = replace(TRUTHS[2], status="crashed", reason="SIGSEGV in phase steady")
    found = checked(before, made(tmp_path / "now", scene(*TRUTHS[:2], failed)))

    assert states(found) == ["flipped"]
    assert found[0].finding.reason == "processes x2 gives no right answer any more"


def test_a_block_that_is_not_there_can_not_be_told(before: Results, tmp_path: Path) -> None:
    found = checked(before, made(tmp_path / "now", replace(scene(), cores=1)))

    assert states(found) == ["inconclusive"]
    assert found[0].finding.reason.startswith("not measured here")
    assert judge.STATUS[judge.outcome(found)] == 2


def test_numbers_that_can_not_be_right_decide_nothing(before: Results, tmp_path: Path) -> None:
    above = scene(*TRUTHS[:2], pool("processes", 2, 0.02))
    found = checked(before, made(tmp_path / "now", above))

    assert states(found) == ["inconclusive"]
    assert "can't be right as measured" in found[0].finding.reason


def test_a_flip_among_choices_that_hold_is_a_flip(tmp_path: Path) -> None:
    two = (scene(), scene(task="u"))
    before = made(tmp_path / "before", *two)
    faster = scene(TRUTHS[0], pool("threads", 2, 0.105), TRUTHS[2], task="u")
    found = checked(before, made(tmp_path / "now", scene(), faster))

    assert states(found) == ["holds", "flipped"]
    assert judge.outcome(found) == "flipped"


def test_what_was_not_decided_or_not_to_be_trusted_chooses_nothing(tmp_path: Path) -> None:
    undecided = made(tmp_path / "a", scene(noise=0.5))
    implausible = made(tmp_path / "b", scene(*TRUTHS[:2], pool("processes", 2, 0.02)))
    suspect = made(tmp_path / "c", scene(), control_scene(second=0.2))

    assert [choices(one, ["t"]) for one in (undecided, implausible, suspect)] == [[], [], []]
    assert judge.outcome([]) == "inconclusive"


@pytest.mark.parametrize(
    ("one", "other", "alike"),
    [
        ("cpython-3.11.7", "cpython-3.11.9", True),
        ("cpython-3.13.1t", "cpython-3.13.15t", True),
        ("cpython-3.13.1", "cpython-3.13.1t", False),
        ("cpython-3.11.7", "cpython-3.12.7", False),
    ],
)
def test_a_later_patch_of_an_interpreter_is_the_same(
    one: str, other: str, alike: bool, before: Results
) -> None:
    found = [
        way(replace(before, machine=with_python(before, name)), approach(name))
        for name in (one, other)
    ]
    assert (found[0] == found[1]) is alike


def approach(interpreter: str) -> Approach:
    return Approach("l", interpreter, "threads", "{}", 2, 1)


def with_python(results: Results, name: str) -> dict[str, Any]:
    """The machine's facts with only this interpreter."""
    version = name.partition("-")[2]
    facts = {"interpreter": name, "version": version.rstrip("t"), "implementation": "CPython",
             "free_threaded": version.endswith("t")}  # fmt: skip
    return {**results.machine, "interpreters": [facts]}


def test_what_is_another_now_is_said(before: Results, tmp_path: Path) -> None:
    now = made(tmp_path / "now", fingerprint="other", cpu_model="another CPU")
    chosen = choices(before, ["t"])

    assert differences(before, before, chosen) == []
    (said,) = differences(before, now, chosen)
    assert said.startswith("another machine: cpu_model ")
    assert said.endswith("-> another CPU")


def test_other_code_of_a_built_in_task_is_said_too(before: Results) -> None:
    newer = replace(before, plan={**before.plan, "code_digest": "another"})

    said = differences(before, newer, choices(before, ["t"]))
    assert said == [
        "whether the code of t is another is not known: older plans don't name it",
        "another version of Poolwise measures (c0de -> another)",
    ]


def test_a_newer_poolwise_with_the_same_task_is_said_to_be_just_that(before: Results) -> None:
    older = replace(before, plan={**before.plan, "task_digests": {"t": "t1"}})
    newer = replace(older, plan={**older.plan, "code_digest": "newer"})
    other = replace(newer, plan={**newer.plan, "task_digests": {"t": "t2"}})
    chosen = choices(before, ["t"])

    assert differences(before, older, chosen) == []
    version = "another version of Poolwise measures (c0de -> newer)"
    assert differences(older, newer, chosen) == [version]
    assert differences(older, other, chosen) == ["the code of t is another", version]


# --- what is told ---------------------------------------------------------------------------


@pytest.fixture
def hostile(tmp_path: Path) -> list[Verdict]:
    """Choices out of a stranger's bundle: one that holds, one that flipped, one not measured."""
    names = ("t", HOSTILE, "missing")
    before = made(tmp_path / "x", *(scene(task=name, label=name) for name in names))
    faster = scene(TRUTHS[0], pool("threads", 2, 0.105), TRUTHS[2], task=HOSTILE, label=HOSTILE)
    return checked(before, made(tmp_path / "y", scene(label="t"), faster))


def test_names_that_no_xml_holds_and_no_terminal_should_get(tmp_path: Path) -> None:
    name = "a\x01\x1b[31mb\ufffe"
    before = made(tmp_path / "x", scene(task=name, label=name))
    found = checked(before, made(tmp_path / "y", scene(task=name, label=name), seed=2))

    Tree.fromstring(tell.as_junit(found))
    assert "\x1b" not in tell.summary(found, [name], "a.zip", Path("results/x"))


def test_the_summary_is_one_screen_with_flips_first(hostile: list[Verdict]) -> None:
    text = tell.summary(hostile * 20, ["the code of t is another"], "a.zip", Path("results/x"))
    lines = text.splitlines()

    assert len(lines) <= 24
    assert lines[0].startswith("Checked a.zip: a choice has flipped")
    assert "20 of 60 choices hold, 20 flipped, 20 inconclusive" in lines[0]
    assert lines[1] == "  now the code of t is another"
    assert lines[2].startswith("  ✕ ")
    assert "and 44 more" in lines[-2]


def test_the_markdown_is_a_table_that_nothing_breaks_out_of(hostile: list[Verdict]) -> None:
    text = tell.as_markdown(hostile, [HOSTILE], HOSTILE)
    rows = [line for line in text.splitlines() if line.startswith("|")]

    assert len(rows) == 2 + len(hostile)
    assert "<script" not in text
    assert {row.count("|") for row in rows} == {rows[0].count("|")}


def test_the_junit_file_counts_flips_as_failures_and_the_rest_as_errors(
    hostile: list[Verdict],
) -> None:
    text = tell.as_junit(hostile).encode()
    suite = next(iter(JUnitXml.fromstring(text)))

    assert (suite.tests, suite.failures, suite.errors) == (3, 1, 1)
    names = [case.attrib["name"] for case in Tree.fromstring(text).iter("testcase")]
    assert len(names) == 3


def test_xml_takes_any_character_of_a_bundle(hostile: list[Verdict]) -> None:
    odd = replace(hostile[0], now="a\x00b\x1b[31m\ufffe\ud800c")
    Tree.fromstring(tell.as_junit([odd]).encode())


def test_the_json_has_the_numbers(hostile: list[Verdict], tmp_path: Path) -> None:
    tell.write(hostile, [], "a.zip", tmp_path)
    content = json.loads((tmp_path / "check.json").read_text())
    (flipped,) = [one for one in content["choices"] if one["outcome"] == "flipped"]

    assert content["outcome"] == "flipped"
    assert flipped["ratio"][1] > 1.05
    assert {path.name for path in tmp_path.iterdir()} >= {"check.md", "check.xml", "check.json"}


def test_a_choice_is_the_one_of_the_record(before: Results) -> None:
    (one,) = choices(before, ["t"])
    row = before.table(schema.VERDICT_TABLE).iloc[0]

    assert isinstance(one, Choice)
    assert (one.pick.label, one.verdict, one.gains) == (row["approach"], row["verdict"], True)
