"""bundle.json: what a bundle says of itself, and whether this Poolwise can read it."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from experiments.schema import SCHEMA_VERSION
from reports.bundle import identity
from reports.bundle.contents import BY_NAME, DESCRIBING, ENTRIES
from reports.bundle.error import EntryError, quoted
from reports.bundle.identity import Identified
from reports.load import Results

#: of the layout of bundle.json and the zip; that of the tables is the schema's
BUNDLE_VERSION = 1
_MACHINE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_TEXTS = ("poolwise_version", "machine", "fingerprint", "run_id", "started_at", "ended_at")
_MAKE_AGAIN = "make the bundle again where the results are"


@dataclass(frozen=True)
class Manifest:
    """What bundle.json holds; `files` has size and SHA-256 of all but the describing files."""

    poolwise_version: str
    schema_version: int
    machine: str
    fingerprint: str
    run_id: str
    started_at: str
    ended_at: str
    anonymised: bool
    files: Mapping[str, tuple[int, str]]


def text(results: Results, run: Identified, files: Mapping[str, bytes], anonymised: bool) -> str:
    """bundle.json of these files, by name."""
    return _dumped(
        {
            "bundle_version": BUNDLE_VERSION,
            "poolwise_version": identity.poolwise_version(),
            "schema_version": SCHEMA_VERSION,
            "machine": results.name,
            "fingerprint": str(results.machine.get("fingerprint", "")),
            **asdict(run),
            "anonymised": anonymised,
            "files": [
                {"path": name, "bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
                for name, data in sorted(files.items())
            ],
        }
    )


def _dumped(content: Any) -> str:
    return json.dumps(content, indent=1, ensure_ascii=False) + "\n"


def checked(raw: Any) -> Manifest:
    """The manifest of a stranger. Raises EntryError; a version that isn't read says what to do."""
    if not isinstance(raw, dict):
        raise EntryError(f"must be an object, is {type(raw).__name__}")
    by = raw.get("poolwise_version")
    _check_version(raw.get("bundle_version"), BUNDLE_VERSION, "bundle version", by)
    _check_version(raw.get("schema_version"), SCHEMA_VERSION, "schema version", by)
    for key in _TEXTS:
        if not isinstance(raw.get(key), str) or len(raw[key]) > 200:
            raise EntryError(f"{key!r} is missing or no short text")
    if not isinstance(raw.get("anonymised"), bool):
        raise EntryError("'anonymised' is missing or not true or false")
    if not _MACHINE.fullmatch(raw["machine"]):
        raise EntryError(f"the machine's name is {quoted(raw['machine'])}, which is no name of one")
    if not identity.RUN_ID.fullmatch(raw["run_id"]):
        raise EntryError(f"the run id is {quoted(raw['run_id'])}, which is none")
    return Manifest(
        schema_version=raw["schema_version"],
        anonymised=raw["anonymised"],
        files=_files(raw.get("files")),
        **{key: raw[key] for key in _TEXTS},
    )


def _check_version(found: Any, ours: int, what: str, by: Any) -> None:
    """Version 1 is the first and so far the only one; a later Poolwise reads older ones here."""
    if type(found) is not int or found < 1:
        raise EntryError(f"has the {what} {quoted(found)}, which is none; {_MAKE_AGAIN}")
    if found > ours:
        raise EntryError(
            f"was made by a newer Poolwise ({quoted(by)}, {what} {quoted(found)}; this one reads "
            f"up to {ours}): update Poolwise to open it"
        )


def _files(raw: Any) -> dict[str, tuple[int, str]]:
    found: dict[str, tuple[int, str]] = {}
    for one in raw if isinstance(raw, list) else [None]:
        if not isinstance(one, dict) or not _is_file(one) or one["path"] in found:
            raise EntryError(
                f"'files' is no list of path, bytes and sha256, each file once: {_MAKE_AGAIN}"
            )
        found[one["path"]] = (one["bytes"], one["sha256"])
    needed = (entry.name for entry in ENTRIES if not entry.opens_without)
    lacking = [name for name in needed if name not in found]
    if lacking:
        raise EntryError(f"{lacking[0]} is missing in 'files'; {_MAKE_AGAIN}")
    return found


def _is_file(one: Mapping[str, Any]) -> bool:
    path, size, digest = one.get("path"), one.get("bytes"), one.get("sha256")
    known = isinstance(path, str) and path in BY_NAME and BY_NAME[path] not in DESCRIBING
    whole = type(size) is int and isinstance(digest, str) and bool(_SHA256.fullmatch(digest))
    return known and whole
