"""What a check has found: a screen of text, Markdown and JUnit XML for a CI, JSON."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from junitparser import Error, Failure, JUnitXml, TestCase, TestSuite

from experiments import schema
from reports import markdown, wording
from reports.check.judge import Verdict, evidence, outcome

HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'
MARKS = {"holds": "●", "flipped": "✕", "inconclusive": "?"}
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
#: lines of the summary: the rest stands in check.md
MOST_LINES = 16
_WORDS = {
    "holds": "every choice holds",
    "flipped": "a choice has flipped: the record is out of date",
    "inconclusive": "not every choice could be checked, none is known to have flipped",
}


def write(found: Sequence[Verdict], differs: Sequence[str], of: str, folder: Path) -> None:
    """check.md, check.xml and, last, check.json into the folder of the new results."""
    schema.write_atomically(folder / "check.md", as_markdown(found, differs, of))
    schema.write_atomically(folder / "check.xml", as_junit(found))
    schema.write_atomically(folder / "check.json", as_json(found, differs, of))


def summary(found: Sequence[Verdict], differs: Sequence[str], of: str, folder: Path) -> str:
    """One screen: what was checked, each choice in a line, flips first, and where the rest is."""
    order = sorted(found, key=lambda one: ["flipped", "inconclusive", "holds"].index(_state(one)))
    lines = [_line(one) for one in order[:MOST_LINES]]
    more = [f"  and {len(found) - MOST_LINES} more"] if len(found) > MOST_LINES else []
    return wording.visible(
        "\n".join(
            [
                f"Checked {of}: {_WORDS[outcome(found)]} ({_counts(found)})",
                *(f"  now {text}" for text in differs),
                *lines,
                *more,
                f"Report: {folder.as_posix()}/report.html; for a CI: check.md, check.xml, "
                "check.json",
            ]
        )
    )


def as_markdown(found: Sequence[Verdict], differs: Sequence[str], of: str) -> str:
    """A table for a pull request or a job's summary."""
    rows = [
        " | ".join(["", *(str(markdown.escape(text)) for text in _cells(one)), ""]).strip()
        for one in found
    ]
    return "\n".join(
        [
            f"## Poolwise: {_WORDS[outcome(found)]}",
            "",
            f"{_counts(found)}, of {markdown.escape(of)}.",
            "",
            *(f"- Now {markdown.escape(text)}." for text in differs),
            *([""] if differs else []),
            "| | Task | Choice | Was | Finding | Choice's time now |",
            "|:--|:--|:--|:--|:--|:--|",
            *rows,
            "",
        ]
    )


def as_junit(found: Sequence[Verdict]) -> str:
    """A test case a choice: flipped is a failure, inconclusive an error."""
    suite = TestSuite("poolwise check")
    for one in found:
        case = TestCase(_safe(one.choice.block.title), "poolwise")
        told = f"{one.choice.pick.label}: {_told(one)}"
        if _state(one) != "holds":
            case.result = [(Failure if _state(one) == "flipped" else Error)(_safe(told))]
        case.system_out = _safe(one.now)
        suite.add_testcase(case)
    made = JUnitXml()
    made.add_testsuite(suite)
    made.update_statistics()  # type: ignore[no-untyped-call]
    return HEAD + str(made.tostring().decode("utf-8")) + "\n"  # type: ignore[no-untyped-call]


def as_json(found: Sequence[Verdict], differs: Sequence[str], of: str) -> str:
    """The same for programs."""
    content = {
        "of": of,
        "outcome": outcome(found),
        "differences": list(differs),
        "choices": [_plain(one) for one in found],
    }
    return json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def _plain(one: Verdict) -> dict[str, Any]:
    ratio = one.finding.ratio
    return {
        "task": one.choice.block.task,
        "params": json.loads(one.choice.block.params),
        "cores": one.choice.block.cores,
        "choice": one.choice.pick.label,
        "outcome": one.finding.outcome,
        "reason": one.finding.reason,
        "against": one.finding.against,
        "ratio": [ratio.estimate, ratio.low, ratio.high] if ratio else None,
        "now": one.now,
    }


def _state(one: Verdict) -> str:
    return one.finding.outcome


def _told(one: Verdict) -> str:
    return ": ".join(filter(None, [one.finding.reason, evidence(one.finding)]))


def _line(one: Verdict) -> str:
    where = wording.short(one.choice.block.title, 44)
    told = "" if _state(one) == "holds" else f": {wording.short(_told(one), 150)}"
    return f"  {MARKS[_state(one)]} {where}: {one.choice.pick.label} {_state(one)}{told}"


def _cells(one: Verdict) -> list[str]:
    was = f"{one.choice.verdict}, {one.choice.speedup}"
    state = f"{MARKS[_state(one)]} {_state(one)}"
    choice = one.choice
    return [state, choice.block.title, choice.pick.label, was, one.finding.reason,
            evidence(one.finding)]  # fmt: skip


def _counts(found: Sequence[Verdict]) -> str:
    states = [_state(one) for one in found]
    return f"{states.count('holds')} of {wording.count(len(found), 'choice')} hold, " + (
        f"{states.count('flipped')} flipped, {states.count('inconclusive')} inconclusive"
    )


def _safe(text: str) -> str:
    """Without what XML can't hold: it comes from a bundle."""
    return _NOT_XML.sub("", text)
