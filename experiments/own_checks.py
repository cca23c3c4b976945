"""Looks at the user's functions before anything is measured, and remembers what was found.

Each function runs in a launch of its own, under every interpreter that will measure it, with the
launches' time limit. What was found is kept beside the results as long as none of the files that
the function was imported from has changed.
"""

from __future__ import annotations

import functools
import hashlib
import json
import os
import tempfile
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from experiments import own
from experiments.conductor.child import Launcher
from experiments.conductor.outcome import Outcome
from experiments.conductor.progress import say
from experiments.conductor.reaper import Reaper
from experiments.plan import code_digest, digest
from experiments.schema import write_atomically
from experiments.settings import ConfigError
from experiments.task_points import combinations

#: a look up to this long is followed by one in another process: both stay under 5 seconds
SHORT_LOOK_SECONDS = 2.5
#: (interpreter's path, spec) -> outcome of a launch
Run = Callable[[str, Mapping[str, Any]], Outcome]


class HangsError(ConfigError):
    """A function that was ended at the time limit: with other parameters it may well be again."""


@dataclass(frozen=True)
class Looker:
    """Knows how to look: the time limit, the interpreters, and where findings are kept.

    `folder` is written to only where `keep`. `before` is called before a function runs; None: none
    runs, and what is not known already stays unknown. `run` starts the launches.
    """

    seconds: float
    pythons: Mapping[str, str]
    folder: Path
    keep: bool
    before: Callable[[], object] | None
    run: Run | None = None

    def facts(self, entry: Mapping[str, Any], params: Mapping[str, Any]) -> dict[str, Any] | None:
        """What is known of a function at these parameters. Raises ConfigError."""
        identity = {"own": entry["own"], "params": params, "interpreters": dict(self.pythons),
                    "code_digest": code_digest()}  # fmt: skip
        path = self.folder / f"{digest(identity)}.json"
        kept = _kept(path, identity)
        if kept is not None or self.before is None:
            return kept
        self.before()
        label = "".join(f" {name}={value}" for name, value in params.items())
        say(f"Poolwise: trying {entry['own']['call']}{label} ...")
        run = self.run or functools.partial(_launch, seconds=self.seconds)
        facts, files = _look(entry, params, self.pythons, run, self.seconds)
        facts["source_digest"] = digest(list(files.values()))  # wherever the folder lies
        if self.keep:
            content = {"identity": identity, "files": files, "facts": facts}
            path.parent.mkdir(parents=True, exist_ok=True)
            write_atomically(path, json.dumps(content, indent=1) + "\n")
        return facts


def looker(
    settings: Mapping[str, Any], host: Mapping[str, Any], folder: Path, keep: bool,
    before: Callable[[], object] | None,
) -> Looker:  # fmt: skip
    """The one for a run's settings and machine."""
    pythons = {one["interpreter"]: one["executable"] for one in host["interpreters"]}
    return Looker(float(settings["launch_timeout_seconds"]), pythons, folder, keep, before)


def with_checks(settings: Mapping[str, Any], look: Looker) -> dict[str, Any]:
    """The settings with what is known of each function of the user's, in entry["checked"].

    Raises ConfigError with one line for each problem.
    """
    problems: list[str] = []
    tasks = [_with_checked(entry, look, problems) for entry in settings["tasks"]]
    if problems:
        raise ConfigError("\n".join(dict.fromkeys(problems)))
    return {**settings, "tasks": tasks}


def _with_checked(entry: Any, look: Looker, problems: list[str]) -> Any:
    if isinstance(entry, str) or "own" not in entry:
        return entry
    checked = []
    for params in combinations(entry):
        try:
            facts = look.facts(entry, params)
        except HangsError as error:
            problems.append(str(error))
            break
        except ConfigError as error:
            problems.append(str(error))
            continue
        if facts is not None:
            checked.append({**facts, "params": params})
    return {**entry, "checked": checked}


def _kept(path: Path, identity: Mapping[str, Any]) -> dict[str, Any] | None:
    """What was found earlier, if of the very same files."""
    try:
        content = json.loads(path.read_text())
        same = content["identity"] == identity and content["files"] == hashes(content["files"])
        return dict(content["facts"]) if same else None
    except (OSError, ValueError, KeyError, TypeError):
        return None  # not there, or damaged: looking again costs a second


def hashes(files: Iterable[str]) -> dict[str, str]:
    """A short name for the content of each file; empty where it is gone."""
    return {path: _hash(Path(path)) for path in files}


def _hash(path: Path) -> str:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()[:16]
    except OSError:
        return ""


def _look(
    entry: Mapping[str, Any], params: Mapping[str, Any], pythons: Mapping[str, str], run: Run,
    seconds: float,
) -> tuple[dict[str, Any], dict[str, str]]:  # fmt: skip
    """What the first interpreter finds; what others say differently keeps them from measuring."""
    (first, executable), *others = pythons.items()
    outcome = run(executable, spec(entry["own"], params, seconds))
    seen = _event(entry, outcome, seconds)
    if outcome.launch_seconds <= SHORT_LOOK_SECONDS:
        again = spec(entry["own"], params, seconds, seen["tried_items"])
        _refuse_others(entry, seen, _event(entry, run(executable, again), seconds))
    files = hashes(seen.pop("files"))
    answers = seen.pop("answers")
    del seen["sampled"]
    refused = {}
    for name, executable in others:
        try:
            other = _event(entry, run(executable, spec(entry["own"], params, seconds)), seconds)
        except ConfigError as error:
            refused[name] = str(error).partition("': ")[2]
            continue
        theirs = zip(answers, other["answers"], strict=False)
        if any(one != its for one, its in theirs):
            refused[name] = f"it gives other answers there than under {first}"
    return {**seen, "refused": refused}, files


def _refuse_others(
    entry: Mapping[str, Any], one: Mapping[str, Any], other: Mapping[str, Any]
) -> None:
    """Raise ConfigError where another process has other items or answers.

    Strings have other hashes there, and so sets of them another order.
    """
    start, own = f"config key '{entry['key']}", entry["own"]
    lengths = (f"{one['items']} of them", f"{other['items']} of them")
    for here, there in (lengths, *zip(one["sampled"], other["sampled"], strict=False)):
        if here != there:
            raise ConfigError(
                f"{start}.items': {own['items']} gives other items in another process ({here}, "
                f"then {there}): sort what comes from a set, or fix the seed"
            )
    for here, there in zip(one["answers"], other["answers"], strict=False):
        if here != there:
            raise ConfigError(
                f"{start}.call': {own['call']} gives {here} for an item, and {there} in another "
                "process: sort what comes from a set; where answers differ by nature set check: "
                "none, or name a function in same"
            )


def _event(entry: Mapping[str, Any], outcome: Outcome, seconds: float) -> dict[str, Any]:
    key = entry["key"]
    if outcome.checked is None:
        where = f"config key '{key}.{_role(entry, outcome.phase)}': {outcome.reason}"
        if outcome.status != "timeout":
            raise ConfigError(where)
        limit = f"(config key 'launch_timeout_seconds': {seconds:g})"
        raise HangsError(f"{where} {limit}: it hangs, or takes longer")
    event = dict(outcome.checked)
    problem, role = event.pop("problem"), event.pop("role")
    if problem:
        what = entry["own"].get(role, "")
        raise ConfigError(f"config key '{key}.{role}': {f'{what} ' if what else ''}{problem}")
    return event


def _role(entry: Mapping[str, Any], phase: str) -> str:
    """The key that a look was at when it ended early."""
    imported = {f"import of {name}": str(role) for role, name in entry["own"].items()}
    known = {role: role for role in own.NAMES}
    return {**imported, **known}.get(phase, "call")


def spec(
    definition: Mapping[str, Any], params: Mapping[str, Any], limit_seconds: float, tried: int = 0
) -> dict[str, Any]:
    """The launch, with this time limit, that looks at a function.

    `tried`: of so many items it makes the answers only, to be compared with those of a first look.
    """
    return {
        "launch_id": "check", "mode": "check", "task": own.LAUNCHED,
        "params": {"own": dict(definition), "params": dict(params),
                   "limit_seconds": limit_seconds, "tried": tried},
        "items": 1, "scale": 1, "item_seconds": None,
        "executor": "sequential", "options": {}, "workers": 1, "cpus": None,
        "core_limit_seconds": None, "batches": 0, "steady_seconds": 0.0, "most_batches": 0,
        "profile": False, "latencies": False, "expected": None, "services": {}, "seed": 0,
    }  # fmt: skip


def _launch(python: str, wanted: Mapping[str, Any], seconds: float) -> Outcome:
    """One launch in a folder of its own; what the user's code prints is not shown."""
    folder = tempfile.TemporaryDirectory(prefix="poolwise-check-")
    with folder as scratch, Path(os.devnull).open("wb") as log:
        return _run(python, {**wanted, "scratch": scratch}, log, seconds)


def _run(python: str, wanted: Mapping[str, Any], log: IO[bytes], seconds: float) -> Outcome:
    reaper = Reaper()
    try:
        return Launcher(python, log, reaper, seconds).launch(wanted)
    finally:
        reaper.close()
