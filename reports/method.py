"""What the report says of the machine, of the method, and of what the run cost."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from experiments.statistics.objectives import CPU_SECONDS, SECONDS, Objective
from reports import nodes, wording
from reports.figures import DRAWN_TASKS
from reports.load import DETAILED_BLOCKS, Results

Pair = tuple[str, str]


def asked(results: Results) -> str:
    """The question of the run: tasks, executors, workers, cores, what decides, and the margin."""
    blocks = results.blocks
    approaches = [one for block in blocks for one in block.approaches]
    if not approaches:
        return "nothing: the grid is empty."
    executors = list(dict.fromkeys(one.executor for one in approaches))
    workers = _range({one.workers for one in approaches})
    cores = _range({block.cores for block in blocks})
    margin = wording.percent(results.plan["statistics"].get("margin"))
    what = objectives(results) or "seconds of a batch"
    subjects = wording.count(len({block.subject for block in blocks}), "task")
    return (
        f"which of {wording.listing(executors, most=9)} fits which work here, with how many workers"
        f" ({workers}) and cores ({cores}). Judged by {what}; differences up to {margin} do not "
        f"matter. {subjects}, {wording.count(len(blocks), 'block')}, "
        f"{wording.count(len(approaches), 'approach', 'approaches')}."
    )


def _range(values: set[int]) -> str:
    low, high = min(values), max(values)
    return f"{low:,}" if low == high else f"{low:,} to {high:,}"


def machine_facts(results: Results) -> list[Pair]:
    """The fingerprint of the measured machine: name and value; unknown ones say so."""
    host = results.machine
    facts = {
        "Machine": host.get("machine"),
        "Fingerprint": host.get("fingerprint"),
        "Operating system": _joined(host, "os", "kernel"),
        "Architecture": host.get("architecture"),
        "Processor": host.get("cpu_model"),
        "Logical CPUs": host.get("logical_cpus"),
        "Usable cores": _cores(host),
        "Order of cores": _listed(host.get("core_order")),
        "CPU quota": _quota(host.get("quota_cores")),
        "Simultaneous multithreading": _switch(host.get("smt")),
        "Limits found": _listed(host.get("limits"), "none"),
        "NUMA nodes": host.get("numa_nodes"),
        "Memory": wording.memory(host.get("memory_mib")),
        "Frequency governor": host.get("governor"),
        "Virtualisation": host.get("virtualisation"),
        "Timer resolution": wording.seconds(host.get("timer_resolution_seconds")),
        **dict(nodes.facts(results)),
    }
    return [(name, _text(value)) for name, value in facts.items()]


def interpreters(results: Results) -> list[Pair]:
    """Each measured interpreter: its label, and its version, build and GIL."""
    made = []
    for one in results.machine.get("interpreters") or []:
        gil = f"GIL {_gil(one)}"
        parts = [one.get("implementation"), one.get("version"), one.get("build"), gil]
        if one.get("lacks"):
            parts.append(f"without {wording.listing([str(name) for name in one['lacks']], most=8)}")
        made.append((_text(one.get("interpreter")), ", ".join(_text(part) for part in parts)))
    return made


def _gil(one: Mapping[str, Any]) -> str:
    """On or off, and what switched it on."""
    culprit = one.get("gil_switched_on_by")
    said = _switch(one.get("gil"))
    return (
        f"{said}, but switched on by importing {wording.short(str(culprit))}" if culprit else said
    )


def packages(results: Results) -> list[Pair]:
    """Versions of the libraries that the tasks use."""
    found = results.machine.get("packages") or {}
    return [(str(name), _text(version)) for name, version in sorted(found.items())]


def limits(results: Results) -> list[str]:
    """What narrows the answers on this machine, as sentences."""
    host = results.machine
    said = []
    if host.get("usable_cores") != host.get("logical_cpus"):
        said += [f"{wording.capital(str(limit))}." for limit in host.get("limits") or []]
    if host.get("affinity_supported") is False:
        said.append(
            "This platform can't pin a process to cores, so everything ran on all cores and "
            "there is no core axis."
        )
    if host.get("usable_cores") == 1:
        several = any(one.nodes > 1 for block in results.blocks for one in block.approaches)
        where = "on one node nothing" if several else "nothing"
        said.append(
            f"Only one core is usable here: {where} can gain from parallel CPU work, and the core "
            "axis is that one core."
        )
    return said


def left_out(results: Results) -> str:
    """What a large report does not show, and where it stands; nothing of the others."""
    if results.detailed:
        return ""
    return (
        f"This grid has {wording.count(len(results.blocks), 'block')}. In reports of more than "
        f"{DETAILED_BLOCKS} the sections give each verdict in words; the tables of all approaches, "
        "of latencies and of laws stand in summary.csv and fits.csv beside this report. A task's "
        f"speedups are drawn in one figure{_drawn(results)}; latencies, memory and freezes are not."
    )


def _drawn(results: Results) -> str:
    """Which tasks have figures, where not all have."""
    tasks = len({block.subject for block in results.blocks})
    if tasks <= DRAWN_TASKS:
        return ""
    return f" (of the first {DRAWN_TASKS} of {tasks} tasks)"


def settings(results: Results) -> dict[str, str]:
    """The thresholds and identities that the method section prints."""
    plan, rules = results.plan, results.plan["statistics"]
    looks = [str(look) for look in rules.get("looks", [])]
    return {
        "margin": wording.percent(rules.get("margin")),
        "alpha": wording.percent(rules.get("alpha")),
        "looks": wording.listing(looks, most=12),
        "what_counts": what_counts(results),
        "worse": "slower" if _objectives(results) == [SECONDS] else "worse",
        "cpu_column": _cpu_column(results),
        "preset": _text(plan.get("preset")),
        "seed": _text(plan.get("seed")),
        "plan_digest": _text(plan.get("digest")),
        "code_digest": _text(plan.get("code_digest")),
    }


def objectives(results: Results) -> str:
    """What blocks were decided on, in words; nothing where it was time alone."""
    found = _objectives(results)
    if found == [SECONDS]:
        return ""
    return wording.listing([one.noun for one in found])


def what_counts(results: Results) -> str:
    """Which number of a launch the race is about."""
    found = _objectives(results)
    if found == [SECONDS]:
        return f"Each launch counts once: {SECONDS.source}."
    parts = [f"{_whose(one, found)}{one.source}" for one in found]
    text = f"Verdicts are decided on {objectives(results)} (config key objective). "
    text += f"Each launch counts once: {'; '.join(parts)}."
    return f"{text} On other things than seconds only pools that live on (steady) are judged."


def _whose(one: Objective, found: list[Objective]) -> str:
    return f"for {one.noun}, " if len(found) > 1 else ""


def _objectives(results: Results) -> list[Objective]:
    return list(dict.fromkeys(block.objective for block in results.blocks)) or [SECONDS]


def _cpu_column(results: Results) -> str:
    """What the column CPU of the sections holds."""
    if CPU_SECONDS in _objectives(results):
        return "the CPU time of a batch, of all processes together"
    return "CPU time over wall time: 200% is two cores kept busy"


def run_facts(results: Results) -> list[Pair]:
    """What names this run: preset, seed, digests, size, schema."""
    plan, chosen = results.plan, settings(results)
    versions = results.plan.get("schema_version")
    return [
        ("Preset", chosen["preset"]),
        ("Seed", chosen["seed"]),
        ("Digest of the plan", chosen["plan_digest"]),
        ("Digest of the measured code", chosen["code_digest"]),
        ("Version of the CSV contract", _text(versions)),
        ("Blocks", f"{len(results.blocks)}"),
        ("Approaches", f"{sum(len(block.approaches) for block in results.blocks):,}"),
        ("Launches expected by the plan", _text((plan.get("estimate") or {}).get("launches"))),
    ]


def efficiency(results: Results) -> str:
    """Which part of the run was spent in timed work: the run's own price."""
    runs = [run for run in results.runs.values() if wording.known(run.get("wall_seconds"))]
    wall = sum(float(run["wall_seconds"]) for run in runs)
    timed = sum(float(run.get("timed_seconds") or 0) for run in runs)
    if not wall:
        return "How long the run took is unknown."
    return (
        f"Measuring took {wording.seconds(wall)}; {wording.seconds(timed)} of them, "
        f"{wording.percent(timed / wall)}, were timed. The rest is starting fresh processes, "
        f"calibrating and checking answers."
    )


def stops(results: Results) -> list[Pair]:
    """How many blocks stopped for which reason."""
    runs = [results.runs[block.name] for block in results.blocks if block.name in results.runs]
    reasons = [str(run.get("stopped_because") or wording.UNKNOWN) for run in runs]
    return [
        (str(reason), f"{count}") for reason, count in pd.Series(reasons).value_counts().items()
    ]


def plausibility_rules(results: Results) -> str:
    """When a verdict can't be right as measured."""
    margin = wording.percent(results.plan["statistics"].get("margin"))
    return (
        "A verdict is flagged as implausible, and its approach marked wherever it is named, where "
        "the lower end of its speedup's interval is above the machine's ceiling for as many cores "
        "as its workers can use (CPU-bound work; the upper end of the ceiling's 95% interval over "
        f"its repeats), or by more than {margin} above the number of its workers (for CPU-bound "
        "work: of the cores they can use); and where an approach with one worker is proven more "
        f"than {margin} faster than the sequential program, which then isn't the best sequential."
    )


def ceiling_lines(ceiling: pd.DataFrame) -> list[tuple[str, str, str, str]]:
    """The ceiling table: cores, median speedup, its range, repeats."""
    lines = []
    for cores, group in ceiling[ceiling["speedup"].notna()].groupby("cores"):
        spread = wording.times_interval(group["speedup"].min(), group["speedup"].max())
        middle = wording.times(float(group["speedup"].median()))
        lines.append((f"{cores}", middle, spread, f"{len(group)}"))
    return lines


def _joined(host: Mapping[str, Any], *keys: str) -> str:
    return " ".join(str(host[key]) for key in keys if host.get(key))


def _cores(host: Mapping[str, Any]) -> str:
    cpus = host.get("usable_cpus")
    return f"{_text(host.get('usable_cores'))}" + (f" (CPUs {_listed(cpus)})" if cpus else "")


def _switch(value: Any) -> str:
    return wording.UNKNOWN if value is None else "on" if value else "off"


def _listed(values: Any, nothing: str = wording.UNKNOWN) -> str:
    return ", ".join(str(value) for value in values) if values else nothing


def _quota(value: Any) -> str:
    return "none" if value is None else f"{wording.number(value)} cores"


def _text(value: Any) -> str:
    return wording.UNKNOWN if value is None or value == "" else str(value)
