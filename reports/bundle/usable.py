"""Whether what was unpacked is a run's results: what reports read later without asking again."""

from __future__ import annotations

from pathlib import Path

from experiments import schema
from reports import consistency
from reports.bundle import identity
from reports.bundle.contents import TABLES
from reports.bundle.error import EntryError
from reports.bundle.manifest import Manifest
from reports.load import Results, ResultsError, load

#: what a stranger's JSON makes of code that expects another kind of value
_STUMBLES = (TypeError, ValueError, KeyError, AttributeError, IndexError, OverflowError)


def usable(folder: Path, said: Manifest) -> None:
    """Read everything once, as reports will. Raises EntryError naming file, column and row."""
    try:
        results = load(folder)
        _check_tables(results, said)
        _check_identity(results, said)
    except ResultsError as error:
        raise EntryError(_without(folder, error)) from error
    except EntryError:
        raise
    except _STUMBLES as error:
        raise EntryError(
            f"plan.json, machine.json or runs.json hold what no run writes ({type(error).__name__}:"
            f" {_without(folder, error)})"
        ) from error


def _without(folder: Path, error: Exception) -> str:
    """The message without the folder it was unpacked to, which means nothing to the reader."""
    return str(error).replace(f"{folder}/", "")


def _check_tables(results: Results, said: Manifest) -> None:
    tables = {name: results.table(table) for name, table in TABLES.items() if name in said.files}
    launches = tables["launches.csv"]
    consistency.check(results, launches, tables["samples.csv"])
    versions = {int(found) for found in launches["schema_version"].dropna()}
    for name, there in (("machine.json", results.machine), ("plan.json", results.plan)):
        if there.get("schema_version", said.schema_version) != said.schema_version:
            raise EntryError(f"isn't of schema version {said.schema_version}", name)
    if versions - {said.schema_version}:
        raise EntryError(
            f"isn't of schema version {said.schema_version}", f"{schema.LAUNCHES.name}.csv"
        )


def _check_identity(results: Results, said: Manifest) -> None:
    """A bundle can't pass for another run or machine than its data are of."""
    if results.name != said.machine or identity.run_id(results) != said.run_id:
        raise EntryError("names another machine or run than its tables are of", "bundle.json")
