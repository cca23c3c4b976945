"""Rules 2, 9, 11 and 12: whether all is there: cells, facts, bounds, points."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from reports import figures, method, missing, wording
from reports.audit.evidence import Evidence, names
from reports.audit.finding import Finding, Part, count

_CURVE = ["task", "params", "cores", "interpreter", "executor", "executor_options", "mode"]


def subsets(evidence: Evidence) -> Finding:
    """Rule 2: every cell of the full grid has a result or a reason why not."""
    found = evidence.missing
    ran = [one for one in found if one.was_planned]
    return Finding(
        (
            _planned(evidence, ran),
            _failures(evidence),
            _reasons("cells of the full grid that the plan left out, with a reason",
                     [one for one in found if not one.was_planned]),
            _cores(evidence),
        )
    )  # fmt: skip


def _planned(evidence: Evidence, absent: list[missing.Missing]) -> Part:
    """Approaches of the plan: those that ran, and those with a reason."""
    total = sum(len(block.approaches) for block in evidence.results.blocks)
    without = [one for one in absent if not one.reason]
    what = "approaches of the plan with a result or a reason"
    return Part(what, total - len(without), total, _named(without))


def _failures(evidence: Evidence) -> Part:
    bad = evidence.launches[evidence.launches["status"] != "ok"]
    told = bad["reason"].astype(str).str.strip() != ""
    what = "launches that failed, with a reason"
    return count(what, told, [str(one) for one in bad["launch_id"]], needed=False)


def _reasons(what: str, cells: list[missing.Missing]) -> Part:
    without = [one for one in cells if not one.reason]
    return Part(what, len(cells) - len(without), len(cells), _named(without), needed=False)


def _named(cells: list[missing.Missing]) -> tuple[str, ...]:
    return tuple(f"{one.place[0]} on {one.place[1]}c: {one.approach}" for one in cells)


def _cores(evidence: Evidence) -> Part:
    """Logical CPUs: those that the largest blocks ran on, and those kept out for a reason."""
    host, settings = evidence.results.machine, evidence.results.plan.get("settings") or {}
    what = "logical CPUs in use, or kept out for a reason"
    if not all(wording.known(host.get(key)) for key in ("logical_cpus", "usable_cores")):
        return Part(what, 0, 0)
    logical, usable = int(host["logical_cpus"]), int(host["usable_cores"])
    most = max((block.cores for block in evidence.results.blocks), default=0)
    limited = logical - usable if host.get("limits") else 0
    asked = usable - most if settings.get("cores", "auto") != "auto" else 0
    lacking = max(logical - most - limited - asked, 0)
    broken = (wording.count(lacking, "logical CPU"),) if lacking else ()
    return Part(what, logical - lacking, logical, broken)


def factors(evidence: Evidence) -> Finding:
    """Rule 9: the machine, its interpreters and the run are described; one code was measured."""
    results = evidence.results
    said = [(name, text) for name, text in method.machine_facts(results)]
    said += [(f"Interpreter {name}", text) for name, text in method.interpreters(results)]
    said += [(name, text) for name, text in method.run_facts(results)]
    known = pd.Series([wording.UNKNOWN not in text for _, text in said], dtype=bool)
    codes = evidence.tables.launches["code_digest"]
    same = codes == str(results.plan.get("code_digest"))
    labels = [str(one) for one in evidence.tables.launches["launch_id"]]
    return Finding(
        (
            count("facts of machine, interpreters and run that are known", known,
                  [name for name, _ in said]),
            count("launches of the code that the plan names", same, labels),
            _interpreters(evidence),
        )
    )  # fmt: skip


def _interpreters(evidence: Evidence) -> Part:
    """Each interpreter that ran is one of those described."""
    told = {str(one.get("interpreter")): one for one in _described(evidence)}
    ran = sorted(set(evidence.tables.launches["interpreter"]))
    good = pd.Series([name in told for name in ran], dtype=bool)
    return count("interpreters that ran and are described", good, ran)


def _described(evidence: Evidence) -> list[Mapping[str, Any]]:
    return list(evidence.results.machine.get("interpreters") or [])


def bounds(evidence: Evidence) -> Finding:
    """Rule 11: CPU work has a measured ceiling, each curve a law or the reason why it has none."""
    ceiling = evidence.tables.ceiling
    measured = set(ceiling["cores"][ceiling["speedup"].notna()])
    cores = sorted({b.cores for b in evidence.results.blocks if b.kind == "cpu"})
    good = pd.Series([count_ in measured for count_ in cores], dtype=bool)
    what = "core counts of CPU-bound blocks whose ceiling was measured"
    labels = [wording.count(count_, "core") for count_ in cores]
    return Finding((count(what, good, labels, needed=False), _laws(evidence)))


def _laws(evidence: Evidence) -> Part:
    rows = evidence.gains
    curves = rows[_CURVE].drop_duplicates()
    fits = evidence.tables.fits
    fits = fits[fits["axis"] == "workers"]
    told = fits["law"].isin(["", "none"]) & (fits["reason"].str.strip() == "")
    fits = fits.assign(told=~told)[[*_CURVE, "told"]].drop_duplicates(_CURVE)
    both = curves.merge(fits, on=_CURVE, how="left")
    good = both["told"].astype("boolean").fillna(False)
    labels = [f"{r.task} on {r.cores}c: {r.executor}" for r in both.itertuples()]
    return count("curves with a law, or with the reason why there is none", good, labels)


def points(evidence: Evidence) -> Finding:
    """Rule 12: a plotted point has its launches, its interval and its figure."""
    rows = figures.curve_rows(evidence.tables.summary)
    values = evidence.values[evidence.values["mode"] == "steady"]
    raw = values.groupby(["block", "approach"]).size().rename("launches_there").reset_index()
    rows = rows.merge(raw, on=["block", "approach"], how="left")
    rows["launches_there"] = rows["launches_there"].fillna(0)
    return Finding(
        (
            count("plotted points with every one of their launches in the tables",
                  (rows["launches_there"] == rows["rounds"]) & (rows["rounds"] > 0), names(rows)),
            count("plotted points with an interval",
                  rows["speedup_low"].notna() & rows["speedup_high"].notna(), names(rows)),
            _files(evidence, set(rows["block"])),
        ),
        f"{wording.count(rows['launches_there'].sum(), 'launch', 'launches')} drawn as dots.",
    )  # fmt: skip


def _files(evidence: Evidence, drawn: set[str]) -> Part:
    blocks = [block for block in evidence.results.blocks if block.name in drawn]
    paths = {block.name: figures.curves_path(evidence.results, block) for block in blocks}
    wanted = {name: path for name, path in paths.items() if path is not None}
    there = [path.exists() for path in wanted.values()]
    what = "blocks with curves whose figure is there"
    return count(what, pd.Series(there, dtype=bool), list(wanted))
