"""What is checked and said before Snakemake starts anything: config, plan, old results, disk, lock.

Everything that can be wrong with the user's input ends here, with one line for each problem.
"""

from __future__ import annotations

import atexit
import functools
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from experiments import history, host, old_results, settings
from experiments.cluster import probe_request, submitting
from experiments.cluster.owner import Owner, owned
from experiments.cluster.submitting import Nodes
from experiments.conductor import lock
from experiments.conductor.__main__ import check_disk
from experiments.conductor.progress import say
from experiments.control import answer_blocks
from experiments.own_checks import looker, with_checks
from experiments.plan import make_plan
from experiments.words import describe

#: Snakemake's own errands: nothing is measured, so nothing needs to be free or checked
ERRANDS = {"--lint", "--unlock", "--report", "--summary", "--detailed-summary", "--dag", "-D", "-l",
           "--rulegraph", "--filegraph", "--list", "--list-rules", "--archive", "-S",
           "--cleanup-metadata", "--delete-all-output", "--print-compilation"}  # fmt: skip
CONFIG = Path("config.yaml")
_PLANNED = ("plan", "machine")
#: a run that submits jobs gives a sign each minute
SILENT_SECONDS = 600.0


@dataclass(frozen=True)
class Run:
    """What the rules need to know."""

    settings: dict[str, Any]
    machine: str
    results: str
    limit: int | None
    plan_digest: str
    search_digest: str
    #: what of the settings the probe of the host needs to know
    probed: dict[str, list[str]]
    #: tasks that the decision record is about; none named: all
    decision: tuple[str, ...]
    #: whether the bundle leaves out who measured where
    anonymise: bool
    #: the cluster's nodes that measure; None: this host does
    nodes: Nodes | None = None
    #: blocks that share a job of the cluster
    blocks_per_job: int = 1
    #: whether the plan is said only once a node has made it
    plan_comes: bool = False
    #: holds the results' folder, where jobs elsewhere measure
    owner: Owner | None = None

    @functools.cached_property
    def _told(self) -> list[str]:
        return []

    def tell_once(self, main: bool) -> None:
        """Say the plan that a node has made; nothing where it was said at the start."""
        if main and self.plan_comes and not self._told:
            paths = [Path(self.results) / f"{name}.json" for name in _PLANNED]
            plan, facts = (old_results.read(path) for path in paths)
            self._told.append(describe(plan or {}, facts or {}))
            say(self._told[0])


def config_file(given: bool) -> str | None:
    """The config to start from: that of the working directory, else the project's own.

    `given`: whether --configfile names another one; then that of the working directory is not
    asked for.
    """
    path = CONFIG if CONFIG.exists() or CONFIG.is_symlink() else settings.ROOT / CONFIG
    if given:
        return None
    try:
        settings.read_config_file(path)
    except settings.ConfigError as error:
        sys.exit(f"Poolwise: {error}")
    return str(path)


def prepare(
    config: Mapping[str, Any], given: Mapping[str, Any], cores: int | None, dry: bool, errand: bool,
    file: str | None = None, remote: bool = False, argv: Sequence[str] = (),
) -> Run:  # fmt: skip
    """Check everything, say the plan; exits with one line a problem and status 1.

    `given` is what of the config was given on the command line, `file` what the rest was read from,
    `argv` Snakemake's arguments; `remote` is true for a snakemake inside a job of a cluster.
    """
    try:
        folder = Path(file).absolute().parent if file and "tasks" not in given else Path.cwd()
        config = settings.with_typed(config, given)
        nodes = submitting.nodes(argv, config, remote, dry or errand)
        resolved = settings.resolve(config, folder)
        resolved.pop("bundles")  # of a comparison, and there is none
        wide = resolved.pop("cluster")
        if nodes is None:
            return _prepare(resolved, cores, dry, errand)
        return _prepare_nodes(resolved, wide, nodes, dry, errand or remote, argv)
    except (settings.ConfigError, lock.LockError) as error:
        sys.exit("\n".join(f"Poolwise: {line}" for line in str(error).splitlines()))
    except OSError as error:
        sys.exit(f"Poolwise: {error.filename}: {error.strerror or error}")


def bundles(config: Mapping[str, Any], given: Mapping[str, Any], asked: bool) -> list[str]:
    """The bundles and results folders to compare; none where a run is to measure.

    `asked`: whether the target `compare` was named. Exits with one line on what can't be compared.
    """
    paths = {**config, **given}.get("bundles") or []  # as text, even where a name is a number
    if not isinstance(paths, list) or not all(isinstance(path, str) for path in paths):
        sys.exit(f"Poolwise: config key 'bundles': must be a list of paths, not {paths!r}")
    if asked and not paths:
        sys.exit(
            "Poolwise: nothing to compare: name bundles or results folders, as in --config "
            """bundles='["a.zip", "b.zip"]'"""
        )
    for path in paths:
        if not Path(path).exists():
            sys.exit(f"Poolwise: config key 'bundles': {path}: no such file or folder")
    return paths


def comparison(config: Mapping[str, Any], given: Mapping[str, Any]) -> str:
    """The folder that a comparison is written to, beside the machines' results."""
    results = settings.with_typed(config, given).get("results", "results")
    return (Path(str(results)) / "comparison").as_posix()


def _prepare(resolved: dict[str, Any], cores: int | None, dry: bool, errand: bool) -> Run:
    # no part of the plan: other ones measure nothing
    decision, anonymise = resolved.pop("decision"), resolved.pop("anonymise")
    probed = host.asked(resolved)
    facts = host.probe(resolved["machine"], cores, **probed)
    machine = facts["machine"]
    results = Path(resolved["results"]) / machine
    take = functools.cache(lambda: lock.acquire("run"))  # not closed: held until this process ends
    again = resolved.pop("again") and not (dry or errand)
    if again:
        _keep(results, take)
    look = looker(resolved, facts, results / history.CHECKS, not dry, None if errand else take)
    resolved = with_checks(resolved, look)
    plan = make_plan(resolved, facts)
    run = Run(resolved, machine, results.as_posix(), cores, plan["digest"], plan["search_digest"],
              probed, _recorded(decision, plan), anonymise)  # fmt: skip
    if errand:
        return run
    _room(lambda: old_results.check(results, plan), results, again, take)
    done = sum((results / "blocks" / b["block"] / "launches.csv").exists() for b in plan["blocks"])
    if not dry and done < len(plan["blocks"]):
        results.mkdir(parents=True, exist_ok=True)
        check_disk(results, resolved["min_free_mib"])
        take()
    warning = "" if errand else submitting.warning()
    if warning:
        say(f"Poolwise: {warning}")
    say(describe(plan, facts))
    if done:
        say(f"  {done} of {len(plan['blocks'])} blocks are measured already")
    return run


def _prepare_nodes(
    resolved: dict[str, Any], wide: Mapping[str, Any], nodes: Nodes, dry: bool, errand: bool,
    argv: Sequence[str],
) -> Run:  # fmt: skip
    """For a run whose jobs measure on the nodes of a cluster; nothing is probed or locked here.

    What a node said in an earlier run is compared with what is asked for now; without that the
    plan is only made, and said, once a node has been probed.
    """
    decision, anonymise = resolved.pop("decision"), resolved.pop("anonymise")
    again = resolved.pop("again")
    if wide["nodes"] > 1:
        resolved["chains"] = wide["nodes"]
    machine = nodes.machine if resolved["machine"] == "auto" else resolved["machine"]
    results = Path(resolved["results"]) / machine
    probed = host.asked(resolved)
    named = () if decision == "all" else tuple(decision)
    # no digests of the plan: it is made of what a node says, and made again where that changes
    run = Run(resolved, machine, results.as_posix(), None, "", "", probed, named, anonymise, nodes,
              wide["blocks_per_job"])  # fmt: skip
    if errand:
        return run
    if not dry:
        results.mkdir(parents=True, exist_ok=True)
        check_disk(results, resolved["min_free_mib"])
        held = owned(results, SILENT_SECONDS)
        run = replace(run, owner=held.__enter__())
        atexit.register(held.__exit__, None, None, None)  # until this process ends
        if again:
            _keep(results, lambda: None)
    asked = probe_request.now(argv, nodes)
    facts = probe_request.probed(results, asked, dry)
    known = facts is not None and facts.get("asked") == probed
    plan = None
    if facts is not None and (known or old_results.begun(results)):
        plan = _plan_of_nodes(resolved, facts, probed, results, again and not dry)
    if plan is not None:
        _recorded(decision, plan)
    if facts is None or plan is None or not known:
        if not dry:
            probe_request.keep(results, asked)
            if not old_results.begun(results):  # it may be of another kind than comes now
                (results / "ceiling.csv").unlink(missing_ok=True)
            elif facts is None:
                _forget_tables(results)
        say(
            f"Poolwise: preset {resolved['preset']} on nodes of {machine} ({nodes.executor}, "
            f"{nodes.cpus} CPUs each): the plan is made once a node is probed"
        )
        return replace(run, plan_comes=True)
    old = old_results.read(results / "plan.json")
    if old is not None and old.get("digest") != plan["digest"] and not dry:
        (results / "plan.json").unlink()  # it is made again, of the same machine.json
    say(describe(plan, facts))
    return run


def _forget_tables(results: Path) -> None:
    """Of a node that is not known any more, as where a probe was refused: they come of the blocks.

    Snakemake doesn't make again what only lies on the way to files that are there: with these two
    gone, which targets ask for, it probes and plans.
    """
    for name in ("launches.csv", "summary.csv"):
        (results / name).unlink(missing_ok=True)


def _plan_of_nodes(
    resolved: dict[str, Any], facts: Mapping[str, Any], probed: Mapping[str, Any], results: Path,
    again: bool,
) -> dict[str, Any] | None:  # fmt: skip
    """The plan by what a node said before, which may not know yet of modules that are asked for.

    None where what was measured of another plan was set aside (config key again).
    """

    def room(check: Callable[[], None]) -> bool:
        return _room(check, results, again, lambda: None)

    if not room(lambda: old_results.check_asked(results, facts, probed)):
        return None
    known = looker(resolved, facts, results / history.CHECKS, False, None)
    plan = make_plan(with_checks(resolved, known), facts)
    return plan if room(lambda: old_results.check(results, plan)) else None


def _room(
    check: Callable[[], None], results: Path, again: bool, take: Callable[[], object]
) -> bool:
    """Whether nothing is in the way; with config key again it is set aside where something is."""
    try:
        check()
    except settings.ConfigError:
        if not again:
            raise
        kept = history.set_aside_unfinished(results, take)
        say(f"What was measured of another plan is kept in {kept.as_posix()}")
        return False
    return True


def _keep(results: Path, take: Callable[[], object]) -> None:
    """Config key again: a complete run makes room for the next one."""
    kept = history.set_aside(results, take)
    if kept is not None:
        say(f"The run before is kept in {kept.as_posix()}")


def _recorded(decision: Any, plan: Mapping[str, Any]) -> tuple[str, ...]:
    """The tasks of config key decision: the record can only be about what is measured."""
    there = list(dict.fromkeys(block["task"] for block in answer_blocks(plan)))
    named = () if decision == "all" else tuple(decision)
    for position, name in enumerate(named):
        if name not in there:
            raise settings.ConfigError(
                f"config key 'decision.{position}': task {name!r} is not in the grid; it has "
                f"{', '.join(there)}"
            )
    return named
