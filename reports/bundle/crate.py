"""ro-crate-metadata.json: the bundle described for any program, years from now.

An RO-Crate 1.1 of the profile Process Run Crate 0.5 (https://w3id.org/ro/wfrun/process/0.5). The
columns of tables are described in the words of CSV on the Web (https://www.w3.org/ns/csvw).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from rocrate.model import ContextEntity, SoftwareApplication
from rocrate.rocrate import ROCrate

from experiments import schema
from reports.bundle import identity
from reports.bundle.contents import BY_NAME, CONFIG, TABLES
from reports.bundle.identity import Identified
from reports.load import Results

_RO_CRATE = "1.1"
_PROFILE = "https://w3id.org/ro/wfrun/process/0.5"
_CSVW = "http://www.w3.org/ns/csvw#"
_TERMS = {"sha256": "https://schema.org/sha256", "csvw": _CSVW}
_DATATYPES = {"text": "string", "integer": "integer", "number": "double", "flag": "boolean"}
#: units as column names end in them, longest first
_UNITS = {
    "_per_second": "1/s",
    "_seconds": "s",
    "_mib": "MiB",
    "_kib": "KiB",
    "_ms": "ms",
    "_share": "1",
}
_BOUNDS = ("_low", "_high", "_2k", "_4k")
_TOLD = ("machine.json", "plan.json", CONFIG)


def text(results: Results, run: Identified, files: Mapping[str, bytes]) -> str:
    """The metadata of these files, by name; the same for the same files, in every process."""
    crate = ROCrate(version=_RO_CRATE)
    crate.metadata.extra_terms.update(_TERMS)
    made = {name: _file(crate, name, data) for name, data in sorted(files.items())}
    for name, table in TABLES.items():
        if name in made:
            made[name]["csvw:tableSchema"] = _columns(crate, table)
    _describe(crate, results, run)
    told = [made[name] for name in _TOLD if name in made]
    _action(crate, results, run, told, [one for name, one in made.items() if name not in _TOLD])
    return json.dumps(crate.metadata.generate(), indent=1, ensure_ascii=False) + "\n"


def _file(crate: ROCrate, name: str, data: bytes) -> Any:
    entry = BY_NAME[name]
    properties = {
        "name": name,
        "description": entry.about,
        "encodingFormat": entry.media_type,
        "contentSize": str(len(data)),
        "sha256": hashlib.sha256(data).hexdigest(),
    }
    return crate.add_file(dest_path=name, properties=properties)


def _columns(crate: ROCrate, table: schema.Table) -> Any:
    columns = [
        _add(crate, f"#{table.name}.{column.name}", "csvw:Column", **_column(column))
        for column in table.columns
    ]
    return _add(
        crate,
        f"#{table.name}",
        "csvw:Schema",
        name=f"columns of {table.name}.csv",
        description=f"A row is {table.row}. An empty cell is unknown, never 0.",
        **{"csvw:column": columns},
    )


def _column(column: schema.Column) -> dict[str, Any]:
    unit = _unit(column.name)
    return {
        "name": column.name,
        "description": column.meaning,
        "csvw:name": column.name,
        "csvw:datatype": _DATATYPES[column.kind],
        **({"unitText": unit} if unit and column.kind in ("number", "integer") else {}),
    }


def _unit(name: str) -> str:
    """The unit in a column's name: wall_seconds, latency_p50_low_ms, speedup_high."""
    for bound in _BOUNDS:
        name = name.removesuffix(bound)
    return next((unit for end, unit in _UNITS.items() if name.endswith(end)), "")


def _describe(crate: ROCrate, results: Results, run: Identified) -> None:
    """The root: what this is. Its date is that of the measurement, not of now."""
    machine = results.name
    crate.name = f"Poolwise results of {machine}"
    crate.description = (
        f"Which way of running Python in parallel fits which work on the machine {machine}: "
        "measurements, verdicts and report of one run of Poolwise"
    )
    crate.root_dataset["identifier"] = run.run_id
    crate.root_dataset["version"] = str(schema.SCHEMA_VERSION)
    crate.root_dataset["datePublished"] = run.ended_at or run.started_at or _NO_DATE
    crate.license = _add(
        crate, "#license", "CreativeWork", name="No licence stated",
        description="Ask whoever measured: no licence was stated with these results.",
    )  # fmt: skip
    crate.root_dataset["conformsTo"] = _add(
        crate, _PROFILE, "CreativeWork", name="Process Run Crate", version="0.5"
    )


#: a date must stand there; of a run without any it is that of no day
_NO_DATE = "1970-01-01"


def _action(
    crate: ROCrate, results: Results, run: Identified, told: list[Any], made: list[Any]
) -> None:
    """The run: Poolwise made these files of those."""
    times = {"startTime": run.started_at, "endTime": run.ended_at}
    version = identity.poolwise_version()
    poolwise = {"name": "Poolwise", "softwareVersion": version}
    properties = {
        "name": f"Measurement of {results.name}",
        "description": "Every approach of the plan was launched, timed and judged.",
        "actionStatus": "http://schema.org/CompletedActionStatus",
        **{key: value for key, value in times.items() if value},
    }
    action = crate.add_action(
        crate.add(SoftwareApplication(crate, "#poolwise", properties=poolwise)),
        identifier=f"#run-{run.run_id}",
        object=told,
        result=made,
        properties=properties,
    )
    crate.root_dataset["mentions"] = action


def _add(crate: ROCrate, identifier: str, kind: str, **properties: Any) -> Any:
    entity = crate.add(ContextEntity(crate, identifier, properties={"@type": kind}))
    for name, value in properties.items():
        entity[name] = value
    return entity
