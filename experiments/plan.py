"""The plan: which blocks and approaches are measured, made from the config and the host's facts."""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from experiments import control, installed, old_results, overheads, own, own_budget
from experiments.approaches import check_executors, check_nodes, doubling, ranked
from experiments.breakeven import searches
from experiments.cluster import chains
from experiments.estimate import block_seconds_bounds, launches_at_first_look
from experiments.nodes import ONE
from experiments.pythons.grid import first_only
from experiments.scaling import STRONG, item_limits
from experiments.schema import write_atomically
from experiments.settings import ConfigError
from experiments.statistics.objectives import NOT_TIMED, effective
from experiments.task_code import task_digests
from experiments.task_points import TaskPoint, source_digest, task_points

ROOT = Path(__file__).resolve().parent.parent
#: of a block's name before it is cut: file systems take 255, and other files are named after it
MOST_NAME_BYTES = 180
#: what a launch is made of: a change here means that other code was measured
MEASURED_CODE = ("experiments/launch", "experiments/services")


def make_plan(settings: Mapping[str, Any], host: Mapping[str, Any]) -> dict[str, Any]:
    """plan.json: settings, statistics, blocks with their approaches, and the estimate."""
    installed.check()
    points = list(task_points(settings["tasks"]))
    for key in ("executors", "simplicity"):
        check_executors(key, settings[key])
    check_nodes(settings)
    for key in ("core_axis", "variant_tasks"):
        _check_task_names(key, settings[key], points)
    counts = core_counts(settings["cores"], host)
    sought = searches.planned(settings, counts[-1])
    for position, search in enumerate(sought):
        check_executors(f"breakeven.{position}.executors", search["executors"])
    blocks = [
        make_block(_on(settings, point, cores == counts[-1]), host, point, cores)
        for point in points
        for cores in counts
        if _named(settings["core_axis"], point) or cores == counts[-1]
    ]
    if not any(len(block["approaches"]) > 1 for block in blocks):
        raise ConfigError(
            "config keys 'executors' and 'workers': the grid is empty: nothing to compare with "
            "sequential"
        )
    _refuse_twins(blocks)
    _set_items(blocks)
    blocks = list(own_budget.within(blocks, points, settings, counts[-1]))
    if settings["control"]:
        blocks.insert(0, _control(settings, host, counts[-1]))
    if settings["overheads"]:
        blocks += _overheads(settings, host, counts[-1])
    blocks = _chained(blocks, settings)
    plan = {
        "schema_version": 1,
        "machine": host["machine"],
        "fingerprint": host["fingerprint"],
        "preset": settings["preset"],
        "seed": settings["seed"],
        "settings": dict(settings),
        "statistics": {"alpha": settings["alpha"], "margin": settings["margin"],
                       "looks": settings["looks"]},
        "code_digest": code_digest(),
        "task_digests": task_digests(block["task"] for block in blocks),
        "blocks": blocks,
        "searches": sought,
    }  # fmt: skip
    for block in blocks:
        block["digest"] = block_digest(block, settings)
    plan["search_digest"] = digest([sought, settings["breakeven_seconds"]] if sought else [])
    plan["digest"] = digest([*(block["digest"] for block in blocks), plan["search_digest"]])
    plan["estimate"] = estimate(plan)
    return plan


def _chained(blocks: list[dict[str, Any]], settings: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The blocks with the chains that they are measured in, where there is more than one."""
    if settings.get("chains", 1) == 1:
        return blocks
    likely = [block_seconds_bounds(block, settings)[0] for block in blocks]
    return chains.chained(blocks, settings["chains"], likely)


def _control(settings: Mapping[str, Any], host: Mapping[str, Any], cores: int) -> dict[str, Any]:
    """The A/A control. It comes first, on a machine that isn't warm yet: there a winner that is
    none is likeliest, and the first line of the run's progress tells of it."""  # fmt: skip
    (point,) = task_points([control.TASK])
    return control.control_block(
        make_block(control.lone_settings(settings, cores), first_only(host), point, cores)
    )


def _overheads(
    settings: Mapping[str, Any], host: Mapping[str, Any], cores: int
) -> list[dict[str, Any]]:
    """The blocks of the executors' overhead: last, as no verdict waits for them."""
    found = []
    for kib in overheads.payloads():
        (point,) = task_points([overheads.task_entry(kib)])
        block = make_block(overheads.lone_settings(settings, kib, cores), host, point, cores)
        found.append(overheads.overhead_block(block, settings, kib))
    return [block for block in found if len(block["approaches"]) > 1]


def _on(settings: Mapping[str, Any], point: TaskPoint, largest: bool) -> Mapping[str, Any]:
    """Settings for one block: variants belong to some tasks, `at_cores` to the largest count, and
    several nodes to that count alone."""  # fmt: skip
    here = largest or settings["variants"] != "at_cores"
    nodes = settings.get("nodes", "auto") if largest else ONE
    if here and _named(settings["variant_tasks"], point):
        return {**settings, "nodes": nodes}
    return {**settings, "variants": "none", "nodes": nodes}


def digest(content: object) -> str:
    """A short name for any JSON content."""
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:16]


def code_digest(root: Path = ROOT) -> str:
    """A short name for the code that is measured, whatever else changes in the project."""
    hashed = hashlib.sha256()
    for folder in MEASURED_CODE:
        for path in sorted((root / folder).rglob("*.py")):
            hashed.update(path.relative_to(root).as_posix().encode() + b"\0" + path.read_bytes())
    return hashed.hexdigest()[:16]


def block_digest(block: Mapping[str, Any], settings: Mapping[str, Any]) -> str:
    """A short name for what must be the same for two measurements of a block to be one."""
    what = ["block", "task", "params", "source_digest", "services", "cores", "cpus", "min_items",
            "objective"]  # fmt: skip
    # whose locks one has follows from the rest, and older plans don't name them
    entries = [
        {key: entry[key] for key in entry if key != "primitives"} for entry in block["approaches"]
    ]
    # appended later, and named only where it is so: what was measured before keeps its digest
    what += [key for key in ("scaling", "most_multiple", "launched") if key in block]
    how = ("batch_seconds", "batches", "steady_seconds", "looks", "block_seconds", "margin",
           "alpha", "seed", "launch_timeout_seconds", "disturbed")  # fmt: skip
    here = {key: block[key] for key in how if key in block}
    rules = {key: settings[key] for key in how} | here | block.get("statistics", {})
    content = {"approaches": entries, **{key: block[key] for key in what}, **own.identity(block)}
    return digest([content, rules])


# --- checks ---------------------------------------------------------------------------------


def _refuse_twins(blocks: Sequence[Mapping[str, Any]]) -> None:
    seen: set[str] = set()
    for name in (block["block"] for block in blocks):
        if name in seen:
            raise ConfigError(
                f"config key 'tasks': names something twice: two blocks called {name}"
            )
        seen.add(name)


def _check_task_names(key: str, names: Any, points: Sequence[TaskPoint]) -> None:
    known = {*installed.names("poolwise.tasks"), *(point.name for point in points)}
    for position, name in enumerate([] if names == "all" else names):
        if name not in known:
            raise ConfigError(
                f"config key '{key}.{position}': unknown task {name!r}; known: "
                f"{', '.join(sorted(known))}"
            )


def _named(names: Any, point: TaskPoint) -> bool:
    return names == "all" or point.name in names


# --- cores, blocks ---------------------------------------------------------------------------


def core_counts(wanted: Any, host: Mapping[str, Any]) -> list[int]:
    """Core counts to measure: powers of two and all usable ones, or those asked for."""
    usable = int(host["usable_cores"])
    if wanted != "auto":
        if max(wanted) > usable:
            raise ConfigError(
                f"config key 'cores': {max(wanted)} asked for, but only {usable} usable here "
                f"({'; '.join(host['limits'])})"
            )
        if not host["affinity_supported"] and sorted(wanted) != [usable]:
            raise ConfigError(
                "config key 'cores': this platform can't bind a process to cores; use auto"
            )
        return sorted(wanted)
    return doubling(usable) if host["affinity_supported"] else [usable]


def make_block(
    settings: Mapping[str, Any], host: Mapping[str, Any], point: TaskPoint, cores: int
) -> dict[str, Any]:
    """One block: the approaches of a task point on a core count, the simplest first."""
    approaches, not_run = ranked(host, settings, point, cores)
    objective = effective(settings["objective"], point.kind).name
    parts = (point.name.replace(":", "."), point.label, f"{cores}c")
    name = _folder_name("-".join(part for part in parts if part))
    return {
        **({} if settings["scaling"] == STRONG else {"scaling": settings["scaling"]}),
        **own.planned(point.own, point.checked),
        "block": name,
        "task": point.name,
        "params": point.params,
        "params_label": point.label,
        **({} if point.launched == point.name else {"launched": point.launched}),
        "source_digest": source_digest(point),
        "summary": point.task.summary,
        "kind": point.kind,
        "objective": objective,
        "objective_note": "" if objective == settings["objective"] else NOT_TIMED,
        "services": list(point.task.services),
        "cores": cores,
        "cpus": host["core_order"][:cores] if host["affinity_supported"] else None,
        "approaches": approaches,
        "not_run": not_run,
    }


def _folder_name(name: str) -> str:
    """A block's name as that of its folder, whatever a task of the user's is called."""
    safe = "".join(c if c.isalnum() or c in "=.-_" else "-" for c in name)
    if len(safe.encode()) <= MOST_NAME_BYTES:
        return safe
    return f"{safe.encode()[:MOST_NAME_BYTES].decode(errors='ignore')}-{digest(name)}"


def _set_items(blocks: Sequence[dict[str, Any]]) -> None:
    """The same bounds of items for all blocks of a task point, by its most workers."""
    most: dict[str, int] = {}
    for block in blocks:
        key = json.dumps([block["task"], block["params"]], sort_keys=True)
        largest = max(entry["workers"] for entry in block["approaches"])
        most[key] = max(most.get(key, 0), largest)
    for block in blocks:
        key = json.dumps([block["task"], block["params"]], sort_keys=True)
        block.update(item_limits(block, most[key]))


def estimate(plan: Mapping[str, Any]) -> dict[str, Any]:
    """Launches at least, and seconds likely and at most; searches are taken to use all theirs.

    Chains run at the same time: the longest one counts.
    """
    totals: dict[int, tuple[float, float]] = {}
    for block in plan["blocks"]:
        likely, most = totals.get(chains.of(block), (0.0, 0.0))
        more = block_seconds_bounds(block, plan["settings"])
        totals[chains.of(block)] = (likely + more[0], most + more[1])
    searching = float(plan["settings"]["breakeven_seconds"]) if plan["searches"] else 0.0
    return {
        "launches": sum(launches_at_first_look(b, plan["settings"]) for b in plan["blocks"]),
        "seconds": max(likely for likely, _ in totals.values()) + searching,
        "most_seconds": max(most for _, most in totals.values()) + searching,
    }


def _looked_at(
    settings: Mapping[str, Any], host: Mapping[str, Any], folder: Path | None
) -> Mapping[str, Any]:
    """The settings with what is known of the user's functions, where that wasn't found before."""
    if folder is None:
        return settings
    from experiments.own_checks import looker, with_checks  # which asks this module for digests

    return with_checks(settings, looker(settings, host, folder, True, lambda: None))


def main() -> None:
    """Write plan.json (checkpoint plan) from machine.json and the settings Snakemake resolved."""
    parser = argparse.ArgumentParser(prog="python -m experiments.plan")
    parser.add_argument("--machine", type=Path, required=True, help="machine.json")
    parser.add_argument(
        "--settings", type=json.loads, required=True, help="resolved settings, JSON"
    )
    parser.add_argument("--look", type=Path, help="look at the user's functions, and keep it there")
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    try:
        host = json.loads(args.machine.read_text())
        plan = make_plan(_looked_at(args.settings, host, args.look), host)
        old_results.check_overwriting(args.out.parent, plan)
    except ConfigError as error:
        sys.exit("\n".join(f"Poolwise: {line}" for line in str(error).splitlines()))
    write_atomically(args.out, json.dumps(plan, indent=1) + "\n")


if __name__ == "__main__":
    main()
