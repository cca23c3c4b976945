"""What earlier runs have measured into a results folder: no plan may mix with it or write over it.

Each block's journal says what it was begun for, whatever has become of machine.json and plan.json
since: Snakemake removes those before it makes them anew.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from experiments.settings import ConfigError


def read(path: Path) -> dict[str, Any] | None:
    """A JSON file of the folder; None where it isn't there. Raises ConfigError if damaged."""
    try:
        content = json.loads(path.read_text())
    except FileNotFoundError:
        return None
    except ValueError as error:
        raise ConfigError(f"{path}: damaged ({error}); move it away") from error
    return content if isinstance(content, dict) else {}


def begun(results: Path) -> dict[str, dict[str, Any]]:
    """What each journal was begun for, by block: digest, fingerprint, code_digest.

    Nothing is said by one that was cut off in its first line.
    """
    found = {}
    for path in sorted((results / "blocks").glob("*/journal.jsonl")):
        with path.open(encoding="utf-8", errors="replace") as file:
            found[path.parent.name] = _said(file.readline())
    return found


def kinds(results: Path) -> set[str]:
    """Fingerprints of the machines that have measured its blocks."""
    return {said["fingerprint"] for said in begun(results).values() if "fingerprint" in said}


def _said(line: str) -> dict[str, Any]:
    try:
        first = json.loads(line)
    except ValueError:
        return {}
    said = first.get("journal") if isinstance(first, dict) else None
    return said if isinstance(said, dict) else {}


def check(results: Path, plan: Mapping[str, Any]) -> None:
    """Refuse to mix with, or write over, measurements of another machine or another plan.

    Raises ConfigError, one line.
    """
    machine, old = read(results / "machine.json"), read(results / "plan.json")
    if machine and machine.get("fingerprint") != plan["fingerprint"]:
        raise ConfigError(
            f"{results}: holds results of another machine (fingerprint "
            f"{machine.get('fingerprint')}, this one is {plan['fingerprint']}); nothing was "
            f"touched: {_ways_out(results)}"
        )
    there = begun(results)
    measured = {block["block"]: block["digest"] for block in (old or {}).get("blocks", [])}
    planned = {block["block"]: block["digest"] for block in plan["blocks"]}
    lost = [
        name for name, said in there.items()
        if (name in measured or name in planned)
        and said.get("digest", measured.get(name, planned.get(name))) != planned.get(name)
    ]  # fmt: skip
    _check_started(results, plan)
    _check_sources(results, lost, old or {}, plan)
    if lost:
        preset = f"preset {old.get('preset')}; " if old else ""
        raise ConfigError(
            f"{results}: holds results of another plan ({preset}{len(lost)} of its "
            f"measured blocks, as {lost[0]}, are not part of this one); nothing was touched: "
            f"{_ways_out(results)}"
        )
    check_kind(results, plan)


def check_overwriting(results: Path, plan: Mapping[str, Any]) -> None:
    """The same for a plan that is only made now: Snakemake would remove what it measures anew.

    Raises ConfigError, one line.
    """
    there = begun(results)
    lost = [
        block["block"] for block in plan["blocks"]
        if there.get(block["block"], {}).get("digest", block["digest"]) != block["digest"]
    ]  # fmt: skip
    if lost:
        raise ConfigError(
            f"{results}: {len(lost)} of its measured blocks, as {lost[0]}, were measured otherwise "
            f"than this config plans; no measured block was touched: {_ways_out(results)}"
        )
    check_kind(results, plan)


def check_kind(results: Path, facts: Mapping[str, Any]) -> None:
    """Refuse another kind of machine than the one that has measured blocks there.

    `facts` has `fingerprint` and `machine`: machine.json or a plan. Raises ConfigError, one line.
    """
    now = facts["fingerprint"]
    others = {
        name: said["fingerprint"] for name, said in begun(results).items()
        if said.get("fingerprint", now) != now
    }  # fmt: skip
    if not others:
        return
    first, kind = next(iter(others.items()))
    model = f", {facts['cpu_model']}" if "cpu_model" in facts else ""
    raise ConfigError(
        f"{results}: {len(others)} of its measured blocks, as {first}, are of another kind of "
        f"machine (fingerprint {kind}) than this one ({now}{model}); no measured block was "
        "touched: to go on with them on a cluster, name nodes of that kind by profile key "
        f"'default-resources': constraint=FEATURE, with --config machine={facts['machine']}; to "
        f"measure this kind, move {results} away (a complete run: --config again=true), or write "
        "elsewhere with --config results=FOLDER"
    )


def check_asked(results: Path, old: Mapping[str, Any], asked: Mapping[str, Any]) -> None:
    """Refuse other interpreters than an earlier probe (`old`: its facts) was asked for.

    Only where blocks are measured: which interpreters compete is part of them. Raises ConfigError.
    """
    before = (old.get("asked") or {}).get("pythons")
    if before != asked["pythons"] and begun(results):
        raise ConfigError(
            f"{results}: config key 'pythons' was {before} when its blocks were measured, and is "
            f"{asked['pythons']} now; nothing was touched: {_ways_out(results)}"
        )


def _check_sources(
    results: Path, lost: list[str], old: Mapping[str, Any], plan: Mapping[str, Any]
) -> None:
    """Where nothing but the code of a user's task has changed, its blocks alone are in the way."""
    before, now = (
        {block["block"]: block.get("source_digest") for block in one["blocks"]}
        for one in (old or {"blocks": []}, plan)
    )
    changed = [name for name in lost if name in before and name in now]
    changed = [name for name in changed if before[name] != now[name]]
    if changed and changed == lost:
        folders = " ".join(str(results / "blocks" / name) for name in changed)
        raise ConfigError(
            f"{results}: a task's code has changed since it was measured; nothing was touched: "
            f"to measure it again, move away {folders}"
        )


def _check_started(results: Path, plan: Mapping[str, Any]) -> None:
    """A block that was cut off goes on only with the code that began it."""
    for block in plan["blocks"]:
        folder = results / "blocks" / block["block"]
        journal = folder / "journal.jsonl"
        if not journal.exists() or (folder / "launches.csv").exists():
            continue
        with journal.open(encoding="utf-8", errors="replace") as file:
            first = file.readline()
        if first.endswith("\n") and f'"{plan["code_digest"]}"' not in first:
            raise ConfigError(
                f"{journal}: was begun with another version of the measured code; nothing was "
                f"touched: move {folder} away to measure this block again"
            )


def _ways_out(results: Path) -> str:
    return (
        f"move {results} away, or write elsewhere with --config results=FOLDER "
        "(or machine=NAME), or go on with the config it was made with"
    )
