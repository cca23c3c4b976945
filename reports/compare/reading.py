"""Read one run for a comparison: its races are run again, and what they know is kept small."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np

from experiments import schema
from experiments.statistics.intervals import Pairs
from experiments.statistics.records import Interval
from experiments.statistics.robust import Array
from reports import code, method, sentences, wording
from reports.answers import verdict_rows
from reports.bundle.identifying import machine_word
from reports.code import Code
from reports.compare.seen import Law, Run, Seen, Timed, Way
from reports.law_figure import fitted_laws
from reports.load import Block, Results, ResultsError
from reports.races import Raced, race_settings, raced

#: how the flags start, or what they say, that speak against a whole run
_CONTROL, _DISTURBED = "the A/A control", "launches were disturbed"
#: of a fingerprint (experiments/host.py), what stays when kernel and Python are updated
_HARDWARE = ("os", "architecture", "cpu_model", "logical_cpus", "smt", "numa_nodes")
_NOT_FACTS = ("Machine", "Fingerprint", "Order of cores", "Timer resolution")


def read(results: Results, source: str, run_id: str, laws: bool) -> Run:
    """One run. Raises ResultsError where a table is missing, broken or of another run.

    `laws`: whether they will be drawn.
    """
    races = list(raced(results))
    started = min((str(at) for one in races for at in one.launches["started_at"]), default="")
    host = results.machine
    pythons = results.pythons
    rows = verdict_rows(results.table(schema.VERDICT_TABLE))
    return Run(
        source=source,
        run_id=run_id,
        started=started,
        name=results.name,
        fingerprint=str(results.plan.get("fingerprint") or host.get("fingerprint") or source),
        host="" if results.name == machine_word(results) else results.name,
        hardware=_hardware(host),
        pythons=tuple(sorted(set(pythons.values()))),
        cpus=tuple(int(cpu) for cpu in host.get("usable_cpus") or ()),
        usable=int(host.get("usable_cores") or 0),
        quota=host.get("quota_cores"),
        facts=tuple(_facts(results)),
        margin=race_settings(results).margin,
        ceiling=_ceiling(results),
        laws=_laws(results) if laws else {},
        seen=tuple(_all_seen(results, races, rows, pythons)),
        doubts=tuple(_doubts(rows.values())),
        measured_code=str(results.plan.get("code_digest") or ""),
        codes=code.of_tasks(results),
    )


def _hardware(host: Mapping[str, Any]) -> tuple[str, ...]:
    memory = host.get("memory_mib")
    gib = round(memory / 1024) if isinstance(memory, int | float) else None
    return (*(str(host.get(key)) for key in _HARDWARE), str(gib))


def _facts(results: Results) -> Iterator[tuple[str, str]]:
    """What tells machines and runs apart, name and value."""
    yield from (fact for fact in method.machine_facts(results) if fact[0] not in _NOT_FACTS)
    yield "Interpreters", "; ".join(label for label, _ in method.interpreters(results))
    yield from ((name, version) for name, version in method.packages(results))
    plan = results.plan
    for name, key in (("Preset", "preset"), ("Digest of the measured code", "code_digest")):
        yield name, str(plan.get(key) or wording.UNKNOWN)
    yield "Differences that don't matter", wording.percent(plan["statistics"].get("margin"))


def _code(results: Results, one: Raced) -> Code:
    """The code of a block's task: its own module's, or all measured code for a built-in one."""
    own = {str(raw["block"]): raw.get("source_digest") for raw in results.plan["blocks"]}
    codes = sorted(set(map(str, one.launches["code_digest"])))
    digest = own.get(one.block.name)
    return Code(str(digest or " and ".join(codes)), all=not digest)


def _all_seen(
    results: Results,
    races: list[Raced],
    rows: Mapping[tuple[str, str], sentences.Row],
    pythons: Mapping[str, str],
) -> Iterator[Seen]:
    for one in races:
        ways = tuple(
            Way(a.executor, a.options, a.workers, pythons.get(a.interpreter, a.interpreter))
            for a in one.block.approaches
        )
        for mode in one.judgements:
            row = rows.get((one.block.name, mode))
            if row is None:
                raise ResultsError(
                    f"{results.folder / 'verdicts.csv'}: block {one.block.name} has no {mode} "
                    "verdict; make it again with `python -m reports.decide DIR`"
                )
            yield _seen(results, one, mode, row, ways)


def _seen(
    results: Results, one: Raced, mode: str, row: sentences.Row, ways: tuple[Way, ...]
) -> Seen:
    block, judgement = one.block, one.judgements[mode]
    labels = tuple(approach.label for approach in block.approaches)
    failed = {labels.index(name) for name, s in judgement.status.items() if s == "failed"}
    able = tuple(n for n in range(len(labels)) if n not in failed and one.count(mode, labels[n]))
    pick = None if judgement.pick is None else labels.index(judgement.pick)
    return Seen(
        block=block.name,
        task=block.task,
        subject=block.subject,
        params=block.params,
        kind=block.kind,
        cores=block.cores,
        objective=block.objective.name,
        scaling=block.scaling,
        mode=mode,
        code=_code(results, one),
        margin=race_settings(results, block.rules).margin,
        verdict=judgement.verdict,
        pick=pick,
        told=sentences.stale(row, judgement) or sentences.doubt(row),
        flags=tuple(sentences.names(row["flags"])),
        ties=judgement.ties,
        speedup=judgement.speedup,
        labels=labels,
        ranks=tuple(approach.simplicity for approach in block.approaches),
        ways=ways,
        able=able,
        pairs=_pairs(one.race.pairs(mode), able),
        seconds={n: Timed(_logs(one, mode, labels[n])) for n in able},
        speedups=_speedups(one, mode, labels, able),
        failures=_failures(one, labels),
        work=_work(results, block),
    )


def _failures(one: Raced, labels: tuple[str, ...]) -> dict[int, str]:
    """Why approaches gave no value: the status of the last launch that wasn't ok."""
    bad = one.launches[one.launches["status"] != "ok"]
    found = {}
    for label, status, reason in zip(bad["approach"], bad["status"], bad["reason"], strict=True):
        words = sentences.FAILURES.get(str(status), str(status))
        found[labels.index(str(label))] = f"{words}: {reason}" if reason else words
    return found


def _pairs(pairs: Pairs, able: tuple[int, ...]) -> Pairs:
    kept = np.ix_(able, able)
    return Pairs(pairs.estimate[kept], pairs.error[kept], pairs.degrees[kept])


def _logs(one: Raced, mode: str, label: str) -> Array:
    given = [values[mode][label] for values in one.rounds if label in values.get(mode, {})]
    return np.asarray(given, dtype=float)


def _speedups(
    one: Raced, mode: str, labels: tuple[str, ...], able: tuple[int, ...]
) -> dict[int, Interval]:
    """Of a pool that lives on, for the curves; a single batch has none drawn."""
    if mode != "steady":
        return {}
    found = {number: one.speedup(mode, labels[number]) for number in able}
    return {number: speedup for number, speedup in found.items() if speedup is not None}


def _work(results: Results, block: Block) -> tuple[float, float] | None:
    run = results.runs.get(block.name, {})
    given = [run.get(name) for name in ("items", "scale")]
    items, scale = (float(one) if one is not None and wording.known(one) else 0.0 for one in given)
    return (items, scale) if items > 0 and scale > 0 else None


def _ceiling(results: Results) -> Array:
    table = results.table(schema.CEILING)
    rows = [
        (float(str(cores)), group.median(), group.min(), group.max())
        for cores, group in table[table["speedup"].notna()].groupby("cores")["speedup"]
    ]
    return np.array(rows, dtype=float).reshape(-1, 4)


def _laws(results: Results) -> dict[str, Law]:
    """The law of each block's recommended executor; none where fits.csv is not there."""
    try:
        laws = fitted_laws(results)
    except (ResultsError, ValueError, json.JSONDecodeError):
        return {}
    return {
        block: Law(np.column_stack([law.workers, law.speedup, law.low, law.high]), law.largest)
        for block, law in laws.items()
    }


def _doubts(rows: Iterable[sentences.Row]) -> list[str]:
    """What speaks against a whole run: a failed control, a machine that others kept busy."""
    told = {str(row["block"]): sentences.names(row["flags"]) for row in rows}
    said = [flag for flags in told.values() for flag in flags]
    found = list(dict.fromkeys(flag for flag in said if flag.startswith(_CONTROL)))
    busy = sum(any(_DISTURBED in flag for flag in flags) for flags in told.values())
    if busy:
        found.append(
            f"others disturbed the measurement in {busy} of {wording.count(len(told), 'block')}, "
            "whose seconds are those of a busy machine"
        )
    return found
