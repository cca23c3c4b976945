"""The plan in words, for `snakemake -n` and the start of a run."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from experiments.breakeven import searches
from experiments.budget import late_first_looks
from experiments.control import answer_blocks
from experiments.overheads import is_overhead
from experiments.scaling import is_weak
from experiments.schema import nodes_of
from experiments.statistics.objectives import OBJECTIVES

#: a plan of more tasks with their parameters is told in a line a task
MOST_LINES = 60


def describe(plan: Mapping[str, Any], host: Mapping[str, Any]) -> str:
    """The plan in words, for `snakemake -n` and the start of a run."""
    blocks, guess = answer_blocks(plan), plan["estimate"]
    lines = [
        f"Poolwise: preset {plan['preset']} on {plan['machine']}: {host['cpu_model']}, "
        f"{count(host['usable_cores'], 'usable core')} ({'; '.join(host['limits'])}), "
        f"{', '.join(one['interpreter'] for one in host['interpreters'])}",
        f"  {count(len(blocks), 'block')}, {sum(len(b['approaches']) for b in blocks)} approaches, "
        f"at least {guess['launches']} launches in {plan['settings']['looks'][0]} to "
        f"{plan['settings']['looks'][-1]} rounds; measuring takes about "
        f"{minutes(guess['seconds'])}, at most about {minutes(guess['most_seconds'])}",
    ]
    lines += _objective_lines(plan)
    if any(is_weak(block) for block in blocks):
        lines.append("  weak scaling: w workers get w times the items of the sequential program")
    lines += _block_lines(blocks)
    told = (f"  {title(block)}: {note}" for block in blocks for note in block.get("notes", []))
    lines += dict.fromkeys(told)  # the same on every core count
    lines += _lacking_lines(blocks)
    lines += _budget_lines(plan)
    lines += [_control_line(block) for block in plan["blocks"] if block.get("control")]
    lines += _overhead_lines([block for block in plan["blocks"] if is_overhead(block)])
    lines += _search_lines(plan)
    return "\n".join(lines)


def _objective_lines(plan: Mapping[str, Any]) -> Iterable[str]:
    """What verdicts are decided on, where the user has chosen."""
    asked = OBJECTIVES[plan["settings"]["objective"]]
    if not asked.is_time:
        others = [block for block in plan["blocks"] if block["objective"] != asked.name]
        titles = ", ".join(dict.fromkeys(title(block) for block in others))
        rest = f"; {titles} on seconds: no items timed one by one" if others else ""
        yield f"  decided on {asked.noun}{rest}"


def _block_lines(blocks: Sequence[Mapping[str, Any]]) -> Iterable[str]:
    grouped: dict[str, list[Mapping[str, Any]]] = {}
    several = len({title(block) for block in blocks}) > MOST_LINES
    for block in blocks:
        grouped.setdefault(block["task"] if several else title(block), []).append(block)
    for name, group in grouped.items():
        cores = ", ".join(dict.fromkeys(str(block["cores"]) for block in group))
        values = len({block["params_label"] for block in group})
        name += f", {values} values of its parameters" if values > 1 else ""
        workers = sorted({entry["workers"] for block in group for entry in block["approaches"]})
        names = dict.fromkeys(e["executor"] for block in group for e in block["approaches"])
        span = f"{workers[0]} to {workers[-1]} workers" if len(workers) > 1 else "1 worker"
        noun = "core" if cores == "1" else "cores"
        yield f"  {name}: on {cores} {noun}, {span}, {', '.join(names)}{_over(group)}"


def _over(group: Sequence[Mapping[str, Any]]) -> str:
    """; some of them over 2 and 4 nodes too: nothing where all stay on one."""
    several = [
        entry for block in group for entry in block["approaches"] if nodes_of(entry["options"]) > 1
    ]
    if not several:
        return ""
    names = ", ".join(dict.fromkeys(entry["executor"] for entry in several))
    counts = sorted({nodes_of(entry["options"]) for entry in several})
    return f"; {names} over {' and '.join(map(str, counts))} nodes too"


def _lacking_lines(blocks: Sequence[Mapping[str, Any]]) -> Iterable[str]:
    """What interpreters can't run, a line a reason; limits of the config are told in the report."""
    left_out = [one["reason"] for block in blocks for one in block["not_run"]]
    reasons = [reason for reason in left_out if not reason.startswith("config key")]
    for reason in dict.fromkeys(reasons):
        yield f"  {reason}: {count(reasons.count(reason), 'approach', 'approaches')} not run"


def _search_lines(plan: Mapping[str, Any]) -> Iterable[str]:
    """The break-even searches, and what they may take together."""
    for search in plan["searches"]:
        levels = [f"each {key} of {', '.join(map(str, v))}" for key, v in search["compare"].items()]
        names = ", ".join([*search["executors"], *levels])
        yield f"  break-even: {searches.title(search)}, {names}"
    if plan["searches"]:
        most = minutes(plan["settings"]["breakeven_seconds"])
        yield f"  break-even searches add blocks where the verdict changes, for {most} at most"


def title(block: Mapping[str, Any]) -> str:
    """A block's task with its parameters; control and overheads are named as what they are."""
    if is_overhead(block):
        return f"overheads, {block['params_label']}"
    name = f"{block['task']} {block['params_label']}".strip()
    return f"A/A control, {name}" if block.get("control") else name


def _control_line(block: Mapping[str, Any]) -> str:
    names = " and ".join(entry["approach"] for entry in block["approaches"])
    return f"  {title(block)}: on {count(block['cores'], 'core')}, {names}, which are the same"


def _overhead_lines(blocks: Sequence[Mapping[str, Any]]) -> Iterable[str]:
    if blocks:
        names = dict.fromkeys(entry["executor"] for b in blocks for entry in b["approaches"])
        rounds = blocks[0]["statistics"]["looks"][-1]
        yield (
            f"  overheads: what {', '.join(names)} cost without any work, on "
            f"{count(blocks[0]['cores'], 'core')}, in {rounds} rounds"
        )


def _budget_lines(plan: Mapping[str, Any]) -> Iterable[str]:
    """A warning where the smallest number of rounds is more than block_seconds allow."""
    late, settings = list(late_first_looks(plan)), plan["settings"]
    if late:
        block, seconds = max(late, key=lambda found: found[1])
        yield (
            f"  config key 'block_seconds': {settings['block_seconds']:g} s are too few for "
            f"{settings['looks'][0]} rounds of {len(block['approaches'])} approaches (about "
            f"{minutes(seconds)}, in {block['block']}): {len(late)} of "
            f"{count(len(plan['blocks']), 'block')} will take the first look late"
        )


def count(number: int, noun: str, plural: str = "") -> str:
    """A number with its noun, as people say it."""
    return f"{number} {noun}" if number == 1 else f"{number} {plural or noun + 's'}"


def minutes(seconds: float) -> str:
    """Seconds as people say them."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
