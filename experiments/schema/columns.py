"""What columns and tables are, and the columns that several tables share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

Kind = Literal["text", "integer", "number", "flag"]


@dataclass(frozen=True)
class Column:
    """One column: its name (unit included), kind of value, meaning and smallest allowed value.

    `positive`: the smallest value is itself not allowed, as nothing takes no time at all.
    `later`: it was appended, so older files lack it; they read as if it were empty.
    """

    name: str
    kind: Kind
    meaning: str
    minimum: float | None = None
    positive: bool = False
    later: bool = False


@dataclass(frozen=True)
class Table:
    """One CSV file of the contract."""

    name: str
    row: str
    columns: tuple[Column, ...]

    @property
    def names(self) -> list[str]:
        """Column names in their written order."""
        return [column.name for column in self.columns]


def nodes_of(options: Mapping[str, Any]) -> int:
    """Over how many nodes an approach with these options spreads its workers."""
    nodes = options.get("nodes")
    return nodes if isinstance(nodes, int) and nodes > 1 else 1


def text(name: str, meaning: str) -> Column:
    """Any text; what is a list or an object is JSON."""
    return Column(name, "text", meaning)


def count(name: str, meaning: str) -> Column:
    """A whole number that can't be negative."""
    return Column(name, "integer", meaning, 0)


def amount(name: str, meaning: str) -> Column:
    """A quantity that can't be negative: seconds, shares, memory."""
    return Column(name, "number", meaning, 0)


def number(name: str, meaning: str) -> Column:
    """A number of either sign."""
    return Column(name, "number", meaning)


def later(column: Column) -> Column:
    """A column that older files lack."""
    return replace(column, later=True)


def ranged(name: str, meaning: str) -> tuple[Column, ...]:
    """A quantity that can't be negative, with its 90% range."""
    return (
        amount(name, meaning),
        amount(f"{name}_low", f"{meaning}: lower end of its 90% range"),
        amount(f"{name}_high", f"{meaning}: upper end of its 90% range"),
    )


def quantile(name: str, share: str) -> tuple[Column, ...]:
    """A quantile of the items' latency with its interval."""
    column = f"latency_{name}_ms"
    return (
        amount(column, f"{share} of the items take at most this (waiting tasks, steady)"),
        amount(column.replace("_ms", "_low_ms"), "lower end of its 95% interval"),
        amount(column.replace("_ms", "_high_ms"), "upper end; empty if the items show none"),
    )


def gain(name: str, meaning: str) -> tuple[Column, ...]:
    """A ratio of times with its interval."""
    return (
        amount(name, meaning),
        amount(f"{name}_low", "lower end of its 95% interval"),
        amount(f"{name}_high", "upper end of its 95% interval"),
    )


WHERE = (
    text("machine", "name of the measured machine"),
    text("block", "task with its parameters on one core count: what a verdict is about"),
    text("task", "kind of work"),
    text("params", "task parameters, JSON with sorted keys"),
    count("cores", "logical CPUs the measured process may run on"),
)
#: appended to the tables of approaches later
NODES = later(count("nodes", "nodes of a cluster that its workers are spread over; empty: 1"))
APPROACH = (
    text("interpreter", "label of the interpreter that ran it"),
    text("executor", "the way items are run"),
    text("executor_options", "options of the executor, JSON with sorted keys"),
    count("workers", "items in progress at once"),
)
