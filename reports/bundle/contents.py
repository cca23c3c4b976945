"""Which files a bundle holds, and what each of them is."""

from __future__ import annotations

from dataclasses import dataclass

from experiments import schema

NAME = "bundle.zip"
MANIFEST = "bundle.json"
CRATE = "ro-crate-metadata.json"
CONFIG = "config.json"

_TYPES = {
    "csv": "text/csv",
    "json": "application/json",
    "html": "text/html",
    "pdf": "application/pdf",
    "md": "text/markdown",
}
#: tables that a folder can't be read without; the others are made from them
MEASURED = (schema.LAUNCHES, schema.SAMPLES, schema.LATENCIES, schema.CEILING)


@dataclass(frozen=True)
class Entry:
    """One file: its name, what it holds, and whether a bundle without it is opened, or written.

    `made`: it is made for the bundle, and is no file of the results folder.
    """

    name: str
    about: str
    opens_without: bool = True
    written_without: bool = False
    made: bool = False

    @property
    def kind(self) -> str:
        """What its name ends in: csv, json, html, pdf or md."""
        return self.name.rpartition(".")[2]

    @property
    def media_type(self) -> str:
        """Its encoding format."""
        return _TYPES[self.kind]


def _table(table: schema.Table) -> Entry:
    about = f"table {table.name}: a row is {table.row}"
    return Entry(f"{table.name}.csv", about, opens_without=table not in MEASURED)


ENTRIES = (
    Entry("machine.json", "facts of the measured machine", opens_without=False),
    Entry("plan.json", "what was planned: settings, blocks, approaches", opens_without=False),
    Entry("runs.json", "how each block went", opens_without=False),
    Entry("searches.json", "what break-even searches added", written_without=True),
    Entry(CONFIG, "the settings as a config file: snakemake --configfile", made=True),
    *map(_table, schema.TABLES.values()),
    Entry("verdicts.json", "the verdicts with all numbers that carry them"),
    Entry("report.html", "the report as one page"),
    Entry("report.pdf", "the report to print", written_without=True),
    Entry("decision.md", "the verdicts as a decision record"),
)
#: files that describe the others
DESCRIBING = (
    Entry(MANIFEST, "what this is, with size and SHA-256 of every file", False, made=True),
    Entry(CRATE, "the same for other programs, as an RO-Crate", False, made=True),
)
BY_NAME = {entry.name: entry for entry in (*DESCRIBING, *ENTRIES)}
TABLES = {f"{table.name}.csv": table for table in schema.TABLES.values()}
