"""The CSV contract: every table Poolwise writes, its columns, types, units and version.

Tables are tidy UTF-8 CSV with a header. Units stand in the column names. An empty cell means
"unknown", never 0. Columns are only ever appended within one schema version.
"""

from __future__ import annotations

from experiments.schema.columns import Column, Kind, Table, nodes_of
from experiments.schema.comparison import (
    COMPARED,
    COMPARISON_TABLES,
    FLEET,
    MACHINES,
    REGRETS,
    REPEATS,
    SPEEDS,
    TRENDS,
)
from experiments.schema.files import SchemaError, cell, read, write, write_atomically
from experiments.schema.measured import (
    BREAKEVEN,
    CEILING,
    CLAIMS,
    COMPONENTS,
    FITS,
    INTERPRETERS,
    LATENCIES,
    LAUNCHES,
    LOSSES,
    OVERHEADS,
    SAMPLES,
    SUMMARY,
    TABLES,
    VERDICT_TABLE,
)

__all__ = [
    "BREAKEVEN",
    "CEILING",
    "CLAIMS",
    "COMPARED",
    "COMPARISON_TABLES",
    "COMPONENTS",
    "FITS",
    "FLEET",
    "INTERPRETERS",
    "LATENCIES",
    "LAUNCHES",
    "LOSSES",
    "MACHINES",
    "MODES",
    "OVERHEADS",
    "PHASES",
    "REGRETS",
    "REPEATS",
    "SAMPLES",
    "SCHEMA_VERSION",
    "SPEEDS",
    "STATUSES",
    "SUMMARY",
    "TABLES",
    "TRENDS",
    "VERDICTS",
    "VERDICT_TABLE",
    "Column",
    "Kind",
    "SchemaError",
    "Table",
    "cell",
    "nodes_of",
    "read",
    "write",
    "write_atomically",
]

SCHEMA_VERSION = 1

STATUSES = ("ok", "wrong", "crashed", "timeout", "unsupported")
PHASES = ("cold", "steady")
MODES = ("steady", "oneshot")
VERDICTS = ("best", "tie", "no-gain", "inconclusive", "failed")
