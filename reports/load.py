"""Read the folder of one machine's results: plan, host, runs and tables, with clear errors."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd

from experiments import schema
from experiments.schema.elsewhere import measured_elsewhere
from experiments.statistics.breakeven import Axis
from experiments.statistics.objectives import OBJECTIVES, Objective
from reports import wording

#: an approach in the tables: interpreter, executor, options as sorted JSON, workers
Key = tuple[str, str, str, int]


#: a report of more blocks leaves out the tables and figures of each: its PDF would have a thousand
#: pages, take minutes and gigabytes, and nobody reads them; the CSV files have it all
DETAILED_BLOCKS = 60


class ResultsError(ValueError):
    """A results folder that can't be used; the message says what, where and what to do."""


@dataclass(frozen=True)
class Approach:
    """One approach of the plan: a competitor of its block."""

    label: str
    interpreter: str
    executor: str
    options: str
    workers: int
    simplicity: int
    #: whose locks and counters its shared state is made of; "" where there is none
    primitives: str = ""

    @cached_property
    def nodes(self) -> int:
        """Over how many nodes of a cluster its workers are spread, mostly 1."""
        options = json.loads(self.options)
        return schema.nodes_of(options) if isinstance(options, dict) else 1

    @property
    def key(self) -> Key:
        """How the tables name this approach."""
        return (self.interpreter, self.executor, self.options, self.workers)


@dataclass(frozen=True)
class NotRun:
    """An approach the plan left out, and why."""

    label: str
    reason: str
    #: it can't run on its interpreter; else it was not asked for, or is beyond a limit
    unsupported: bool = False


@dataclass(frozen=True)
class Block:
    """One block of the plan: a task with its parameters on one core count."""

    name: str
    task: str
    params: str
    params_label: str
    summary: str
    kind: str
    cores: int
    approaches: tuple[Approach, ...]
    not_run: tuple[NotRun, ...]
    objective: Objective
    objective_note: str
    #: thresholds of its race that are not the plan's
    rules: Mapping[str, Any]
    #: strong: all approaches do the same items; weak: w workers get w times the sequential ones
    scaling: str = "strong"
    #: whether its task is a function of the user's
    own: bool = False

    @property
    def is_weak(self) -> bool:
        """Whether the work grows with the workers, so that its speedups are scaled ones."""
        return self.scaling == "weak"

    @property
    def subject(self) -> str:
        """The task with its parameters, as the report names it."""
        return f"{self.task} ({self.params_label})" if self.params_label else self.task

    @property
    def place(self) -> str:
        """The core count in words."""
        return wording.count(self.cores, "core")

    @property
    def primitives(self) -> str:
        """Those of the sequential program's state; "" where it shares none."""
        return next((one.primitives for one in self.approaches if one.executor == "sequential"), "")

    def alike(self, approach: Approach) -> bool:
        """Whether an item of it is the same work as in the sequential program."""
        return approach.primitives == self.primitives

    def cores_of(self, approach: Approach) -> int:
        """Logical CPUs that an approach has, on all its nodes."""
        return self.cores * approach.nodes

    @property
    def title(self) -> str:
        """Both, the subject cut where it is long: mixed (cpu_share=0.75) on 2 cores."""
        return f"{wording.short(self.subject)} on {self.place}"


@dataclass(frozen=True)
class Search:
    """One break-even search: a task's parameter `vary`, with the names of its blocks by value.

    `params` are the task's other parameters that were given, JSON; `whole`: only whole numbers are
    values; `compare` is the other parameter whose levels compete, if one was.
    """

    name: str
    task: str
    vary: str
    params: str
    cores: int
    axis: Axis
    compare: str
    points: tuple[tuple[float, str], ...]

    @property
    def subject(self) -> str:
        """The task with its fixed parameters, as the report names it."""
        given = [f"{key}={value}" for key, value in sorted(json.loads(self.params).items())]
        return f"{self.task} ({', '.join(given)})" if given else self.task


@dataclass(frozen=True)
class Results:
    """What one results folder holds besides its tables (read those with `table`).

    `blocks` are those that answer a question, `controls` the A/A controls (one or none),
    `overheads` the blocks without work, `searched` those that break-even searches added, whose few
    approaches answer nothing but `searches`; `search_end` says why the searches ended.
    """

    folder: Path
    machine: Mapping[str, Any]
    plan: Mapping[str, Any]
    blocks: tuple[Block, ...]
    controls: tuple[Block, ...]
    searched: tuple[Block, ...]
    searches: tuple[Search, ...]
    search_end: str
    runs: Mapping[str, Mapping[str, Any]]
    overheads: tuple[Block, ...] = ()
    #: blocks that nodes of another kind have measured, with where they are kept
    away: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """Name of the machine."""
        return str(self.machine["machine"])

    @property
    def detailed(self) -> bool:
        """Whether the report shows the tables and figures of every block."""
        return len(self.blocks) <= DETAILED_BLOCKS

    @cached_property
    def pythons(self) -> dict[str, str]:
        """The kind of each interpreter by its label, whatever its patch release: CPython 3.13t."""
        found = {}
        for one in self.machine.get("interpreters") or []:
            minor = ".".join(str(one.get("version") or wording.UNKNOWN).split(".")[:2])
            free = one.get("free_threaded") or "free" in str(one.get("build"))
            name = str(one.get("implementation") or "").replace("cpython", "CPython")
            found[str(one.get("interpreter"))] = f"{name} {minor}{'t' if free else ''}"
        return found

    def table(self, table: schema.Table) -> pd.DataFrame:
        """One CSV of the contract, typed. Raises ResultsError where it is missing or broken."""
        path = self.folder / f"{table.name}.csv"
        if not path.exists():
            raise ResultsError(f"{path}: not there; {_maker(table)}")
        try:
            return schema.read(table, path)
        except schema.SchemaError as error:
            raise ResultsError(f"{error}; {_maker(table)}") from error

    def write(self, table: schema.Table, rows: list[dict[str, Any]]) -> None:
        """Write one CSV of the contract into the folder."""
        schema.write(table, rows, self.folder / f"{table.name}.csv")


_MAKERS = {
    "summary": "summarise",
    "verdicts": "decide",
    "fits": "fit",
    "claims": "claims",
    "breakeven": "breakeven",
    "overheads": "overheads",
    "losses": "losses",
    "interpreters": "interpreters",
}


def _maker(table: schema.Table) -> str:
    if table.name in _MAKERS:
        return f"make it with `python -m reports.{_MAKERS[table.name]} DIR`"
    return "it comes from measuring (run the workflow on the machine, or copy the whole folder)"


def load(folder: Path) -> Results:
    """Read plan.json, machine.json and runs.json of a results folder.

    Raises ResultsError naming the file and the key where something is missing or unreadable.
    """
    if not folder.is_dir():
        raise ResultsError(f"{folder}: no such results folder")
    machine = _json(folder / "machine.json", dict)
    plan = _json(folder / "plan.json", dict)
    runs = _json(folder / "runs.json", list)
    _need(machine, ("machine",), folder / "machine.json")
    _need(plan, ("blocks", "statistics"), folder / "plan.json")
    for i, run in enumerate(runs):
        _need(run, ("block",), f"{folder / 'runs.json'}: [{i}]")
    away = dict(measured_elsewhere(runs))
    plan = {**plan, "blocks": [raw for raw in plan["blocks"] if raw.get("block") not in away]}
    where = folder / "plan.json"
    found = [_block(raw, f"{where}: blocks[{i}]") for i, raw in enumerate(plan["blocks"])]
    roles = [_role(raw) for raw in plan["blocks"]]
    blocks, controls, overheads = (
        tuple(block for block, role in zip(found, roles, strict=True) if role == wanted)
        for wanted in ("answer", "control", "overhead")
    )
    by_block = {str(run["block"]): run for run in runs}
    sought = _sought(folder / "searches.json", away)
    return Results(folder, machine, plan, blocks, controls, *sought, by_block, overheads, away)


def _sought(
    path: Path, away: Mapping[str, Any]
) -> tuple[tuple[Block, ...], tuple[Search, ...], str]:
    """Blocks, searches and why they ended; nothing of results from before there were any."""
    if not path.exists():
        return (), (), ""
    found = _json(path, dict)
    _need(found, ("searches", "blocks", "stopped"), path)
    blocks = [
        _block(raw, f"{path}: blocks[{i}]")
        for i, raw in enumerate(found["blocks"])
        if not isinstance(raw, dict) or raw.get("block") not in away
    ]
    searches = [
        _search(raw, f"{path}: searches[{i}]", away) for i, raw in enumerate(found["searches"])
    ]
    return tuple(blocks), tuple(searches), str(found["stopped"])


def _search(raw: Any, where: str, away: Mapping[str, Any]) -> Search:
    _need(raw, ("search", "task", "vary", "params", "cores", "axis", "compare", "points"), where)
    try:
        axis = Axis(**raw["axis"])
        points = tuple(
            (float(one["value"]), str(one["block"]))
            for one in raw["points"]
            if one["block"] not in away
        )
    except (TypeError, ValueError, KeyError) as error:
        raise ResultsError(f"{where}: {error}; the file isn't one of this version") from error
    compare = next(iter(raw["compare"]), "")
    return Search(
        name=str(raw["search"]),
        task=str(raw["task"]),
        vary=str(raw["vary"]),
        params=options_text(raw["params"]),
        cores=int(raw["cores"]),
        axis=axis,
        compare=str(compare),
        points=points,
    )


def _role(raw: Mapping[str, Any]) -> str:
    return "control" if raw.get("control") else str(raw.get("role", "answer"))


def options_text(options: Mapping[str, Any]) -> str:
    """Options or parameters as the tables write them: JSON with sorted keys."""
    return json.dumps(options, sort_keys=True)


def records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """The rows of a table as mappings from column to value."""
    return [{str(name): value for name, value in row.items()} for row in frame.to_dict("records")]


def canonical(text: str) -> str:
    """Options in a cell as `options_text` writes them, whatever blanks the writer left out."""
    try:
        return options_text(json.loads(text or "{}"))
    except ValueError:
        return text


def _json(path: Path, kind: type) -> Any:
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ResultsError(f"{path}: can't be read: {error.strerror}") from error
    except ValueError as error:
        raise ResultsError(f"{path}: not JSON ({error}); copy the file again") from error
    if not isinstance(value, kind):
        wanted = "a list" if kind is list else "an object"
        raise ResultsError(f"{path}: must be {wanted}, is {type(value).__name__}")
    return value


def _need(value: Any, keys: tuple[str, ...], where: Path | str) -> None:
    if not isinstance(value, dict):
        raise ResultsError(f"{where}: must be an object, is {type(value).__name__}")
    for key in keys:
        if key not in value:
            raise ResultsError(f"{where}: {key!r} is missing; the file isn't one of this version")


def _block(raw: Any, where: str) -> Block:
    _need(raw, ("block", "task", "params", "kind", "cores", "approaches"), where)
    return Block(
        name=str(raw["block"]),
        task=str(raw["task"]),
        params=options_text(raw["params"]),
        params_label=str(raw.get("params_label", "")),
        summary=str(raw.get("summary", "")),
        kind=str(raw["kind"]),
        cores=int(raw["cores"]),
        approaches=tuple(
            _approach(one, f"{where}: approaches[{i}]") for i, one in enumerate(raw["approaches"])
        ),
        not_run=tuple(
            NotRun(
                str(one.get("approach", "")),
                str(one.get("reason", "")),
                one.get("status") == "unsupported",
            )
            for one in raw.get("not_run", [])
        ),
        objective=_objective(raw, where),
        objective_note=str(raw.get("objective_note", "")),
        rules=raw.get("statistics", {}),
        scaling=str(raw.get("scaling", "strong")),  # plans name it only where it is weak
        own="own" in raw,
    )


def _objective(raw: Mapping[str, Any], where: str) -> Objective:
    """Plans of before there was a choice were decided on seconds."""
    name = raw.get("objective", "seconds")
    if name not in OBJECTIVES:
        raise ResultsError(
            f"{where}: objective is {name!r}, must be one of {', '.join(OBJECTIVES)}; "
            "the file isn't one of this version"
        )
    return OBJECTIVES[name].judged_in(raw.get("modes"))


def _approach(raw: Any, where: str) -> Approach:
    _need(raw, ("approach", "interpreter", "executor", "options", "workers", "simplicity"), where)
    return Approach(
        label=str(raw["approach"]),
        interpreter=str(raw["interpreter"]),
        executor=str(raw["executor"]),
        options=options_text(raw["options"]),
        workers=int(raw["workers"]),
        simplicity=int(raw["simplicity"]),
        primitives=str(raw.get("primitives", "")),
    )
