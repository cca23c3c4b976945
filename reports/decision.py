"""Write decision.md: the verdicts of one or more tasks as a decision record in MADR form.

Source of the form: Markdown Architectural Decision Records 4.0.0, https://adr.github.io/madr/
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from experiments import schema
from experiments.statistics.objectives import SECONDS
from reports import command, control, decision_check, markdown, method, wording
from reports.answers import verdict_rows
from reports.decision_options import families
from reports.decision_view import ACCEPTED, PROPOSED, Decision, decide
from reports.load import Block, Results, ResultsError, load, records

TEMPLATES = Path(__file__).parent / "templates"
NAME = "decision.md"
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


def markdown_text(results: Results, named: Sequence[str] = ()) -> str:
    """The record as Markdown, on the tasks that are named, or on all.

    Raises ResultsError on a missing input, or a task that wasn't measured.
    """
    environment = Environment(  # Markdown, not HTML: `finalize` escapes all that is printed
        loader=FileSystemLoader(TEMPLATES),
        autoescape=False,
        undefined=StrictUndefined,
        finalize=markdown.escape,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters.update(short=wording.short, code=markdown.code, raw=markdown.Raw)
    text = environment.get_template("decision.md.j2").render(context(results, named))
    return re.sub(r"\n{3,}", "\n\n", text)


def chosen_tasks(results: Results, named: Sequence[str]) -> list[str]:
    """The tasks that the record is about, in the plan's order: those named, or all."""
    there = list(dict.fromkeys(block.task for block in results.blocks))
    missing = [name for name in named if name not in there]
    if missing:
        raise ResultsError(
            f"{results.folder}: task {missing[0]!r} was not measured; name one of these (config "
            f"key 'decision', option --task): {', '.join(there) or 'there is none'}"
        )
    return [task for task in there if task in named or not named]


def context(results: Results, named: Sequence[str]) -> dict[str, Any]:
    """Everything the template prints."""
    tasks = chosen_tasks(results, named)
    twins = control.view(results)
    blocks = [block for block in results.blocks if block.task in tasks]
    decisions = _decisions(results, blocks, suspect=twins.outcome == "failed")
    sure = [one for one in decisions if one.status == ACCEPTED]
    return {
        "status": ACCEPTED if sure and len(sure) == len(decisions) else PROPOSED,
        "date": _date(results, blocks),
        "title": _title(results, decisions, tasks),
        "machine": results.name,
        "decisions": decisions,
        "open": len(decisions) - len(sure),
        "groups": _groups(blocks),
        "drivers": _drivers(results, blocks),
        "facts": _facts(results),
        "breakeven": _breakeven(results, tasks),
        "control": twins.text,
        "data": decision_check.DATA,
        "sha256": decision_check.data_hash(results.folder),
        "hash_line": markdown.fence(decision_check.hash_line()),
        "check": markdown.fence(decision_check.command(results, tasks)),
        "bundle": decision_check.BUNDLE,
        "plan_digest": str(results.plan.get("digest", wording.UNKNOWN)),
        "code_digest": str(results.plan.get("code_digest", wording.UNKNOWN)),
    }


def _decisions(results: Results, blocks: Sequence[Block], suspect: bool) -> list[Decision]:
    verdicts = verdict_rows(results.table(schema.VERDICT_TABLE))
    summary = results.table(schema.SUMMARY)
    return [
        decide(results, block, verdicts, summary, suspect)
        for block in blocks
        if (block.name, "steady") in verdicts
    ]


def _title(results: Results, decisions: Sequence[Decision], tasks: Sequence[str]) -> str:
    names = wording.listing([wording.short(task, 40) for task in tasks])
    start = f"How to run {names or 'nothing'} on {wording.short(results.name)}"
    if len(decisions) == 1:
        return f"{start}: {decisions[0].choice}"
    many = wording.count(len(decisions), "decision")
    return f"{start}: {sum(one.status == ACCEPTED for one in decisions)} of {many} made"


def _date(results: Results, blocks: Sequence[Block]) -> str:
    """The day of the newest launch that the record rests on, so that it is the same each time."""
    launches = results.table(schema.LAUNCHES)
    own = launches[launches["block"].isin([block.name for block in blocks])]
    days = [found[0] for text in own["started_at"] if (found := _DAY.match(str(text)))]
    return max(days, default=wording.UNKNOWN)


def _groups(blocks: Sequence[Block]) -> list[tuple[str, str]]:
    """Each task with its parameters, and the options that were considered for it."""
    grouped: dict[str, list[Block]] = {}
    for block in blocks:
        grouped.setdefault(block.subject, []).append(block)
    return [(wording.short(name), families(own)) for name, own in grouped.items()]


def _drivers(results: Results, blocks: Sequence[Block]) -> list[str]:
    """What decides, in the order in which it does."""
    rules = results.plan["statistics"]
    margin, alpha = wording.percent(rules.get("margin")), wording.percent(rules.get("alpha"))
    objectives = list(dict.fromkeys(block.objective for block in blocks)) or [SECONDS]
    nouns = wording.listing([_noun(one.noun, one == SECONDS) for one in objectives])
    ranked = sorted((a for block in blocks for a in block.approaches), key=lambda a: a.simplicity)
    order = ", ".join(dict.fromkeys(wording.short(a.executor) for a in ranked))
    several = any(one.nodes > 1 for one in ranked)
    fewest = "fewer nodes, then in this order" if several else "in this order"
    return [
        f"{wording.capital(nouns)}: less is better.",
        f"Differences of up to {margin} do not matter (config key margin).",
        f"Of equals the simplest is chosen, {fewest}: {order or 'none'}; then fewer workers.",
        f"A choice may be wrong in at most {alpha} of cases, over all rivals and all looks.",
        "What can't be proven is not decided.",
    ]


def _noun(noun: str, is_time: bool) -> str:
    return "seconds of a batch" if is_time else noun


def _facts(results: Results) -> list[tuple[str, str]]:
    """The machine, the interpreters and the thresholds that the record holds for."""
    wanted = ("Machine", "Fingerprint", "Processor", "Logical CPUs", "Usable cores", "Limits found",
              "Memory", "Operating system", "Virtualisation")  # fmt: skip
    labels = "; ".join(f"{label} ({about})" for label, about in method.interpreters(results))
    packages = ", ".join(f"{name} {version}" for name, version in method.packages(results))
    return [
        *(fact for fact in method.machine_facts(results) if fact[0] in wanted),
        ("Interpreters", labels or wording.UNKNOWN),
        ("Packages", packages or wording.UNKNOWN),
        ("Thresholds", _thresholds(results)),
    ]


def _thresholds(results: Results) -> str:
    found = method.settings(results)
    looks = f"looks after {found['looks']} rounds"
    return f"margin {found['margin']}, error budget {found['alpha']}, {looks}"


def _breakeven(results: Results, tasks: Sequence[str]) -> list[str]:
    """Where the answer changes along a parameter of these tasks, as the searches found it."""
    table = results.table(schema.BREAKEVEN)
    rows = table[(table["kind"] == "parameter") & table["task"].isin(tasks)]
    return [_change(row) for row in records(rows)]


def _change(row: dict[str, Any]) -> str:
    where = wording.count(row["cores"], "core")
    params = "" if row["params"] in ("", "{}") else f", {row['params']}"
    reason = "" if pd.isna(row["reason"]) or not row["reason"] else f" ({row['reason']})"
    return f"{wording.short(str(row['task']))} on {where}{params}: {row['sentence']}{reason}"


def write(results: Results, named: Sequence[str] = ()) -> None:
    """Write decision.md on the tasks that are named, or on all."""
    schema.write_atomically(results.folder / NAME, markdown_text(results, named))


def main(argv: Sequence[str] | None = None) -> int:
    """Write decision.md; the exit status is 0 if it was written."""
    parser = argparse.ArgumentParser(description="Write the decision record: CSVs -> decision.md.")
    parser.add_argument("folder", metavar="DIR", type=Path, help="results folder of one machine")
    parser.add_argument(
        "--task", action="append", default=[], help="only on this task (repeatable)"
    )
    options = parser.parse_args(argv)
    return command.attempt(lambda: write(load(options.folder), options.task))


if __name__ == "__main__":
    sys.exit(main())
