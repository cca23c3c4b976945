"""Write tables as CSV, and read them back typed, with clear errors."""

from __future__ import annotations

import csv
import io
import math
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from experiments.schema.columns import Column, Table


class SchemaError(ValueError):
    """A CSV that breaks the contract; the message names file, column and row."""


def cell(value: Any) -> str:
    """One value as CSV text: unknown (None, NaN, NA) is empty, floats keep every digit."""
    if value is None or value is pd.NA or (isinstance(value, float) and math.isnan(value)):
        return ""
    if isinstance(value, bool | np.bool_):
        return "true" if value else "false"
    return repr(float(value)) if isinstance(value, float | np.floating) else str(value)


def write(table: Table, rows: Iterable[Mapping[str, Any]], path: Path) -> None:
    """Write rows atomically; a row with a column outside the contract is a programming error."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(table.names)
    for row in rows:
        extra = set(row) - set(table.names)
        if extra:
            raise KeyError(f"{table.name}: not in the contract: {sorted(extra)}")
        writer.writerow([cell(row.get(name)) for name in table.names])
    write_atomically(path, text.getvalue())


def write_atomically(path: Path, text: str) -> None:
    """Write text so that a reader sees the old file or the whole new one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(path.name + ".part")
    with temporary.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)


def read(table: Table, path: Path) -> pd.DataFrame:
    """Read a CSV of the contract, typed (text str, integer Int64, number float64, flag boolean).

    Raises SchemaError naming file, column and row on a missing column, a value that is not of its
    kind, an infinite or a negative time.
    """
    frame = _cells(path)
    missing = [c.name for c in table.columns if c.name not in frame.columns and not c.later]
    if missing:
        raise SchemaError(f"{path}: column {missing[0]!r} is missing ({table.name} table)")
    if not frame.columns.is_unique:
        twice = frame.columns[frame.columns.duplicated()][0]
        raise SchemaError(f"{path}: column {twice!r} is there twice ({table.name} table)")
    frame = frame.reindex(columns=frame.columns.union(table.names, sort=False), fill_value="")
    return pd.DataFrame({c.name: _typed(frame[c.name], c, path) for c in table.columns})


def _cells(path: Path) -> pd.DataFrame:
    """Every cell as text. Not pandas' reader: it fills a row that is cut off, and says nothing."""
    try:
        text = path.read_bytes().decode("utf-8-sig")
        reader = csv.reader(io.StringIO(text, newline=""), strict=True)
        header = next(reader, None)
        rows = [_whole(row, reader.line_num, header or [], path) for row in reader if row]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise SchemaError(f"{path}: can't be read as CSV: {error}") from error
    if header is None:
        raise SchemaError(f"{path}: can't be read as CSV: it is empty")
    if not text.endswith("\n"):  # half a number would still be a number
        raise SchemaError(f"{path}: row {reader.line_num} has no line end: it is cut off")
    return pd.DataFrame(rows, columns=header, dtype=object)


def _whole(row: list[str], line: int, header: list[str], path: Path) -> list[str]:
    if len(row) != len(header):
        raise SchemaError(
            f"{path}: row {line} has {len(row)} cells, the header {len(header)}: it is cut off or "
            "damaged"
        )
    return row


def _typed(raw: pd.Series, column: Column, path: Path) -> pd.Series:
    if column.kind == "text":
        return raw.astype(object)
    if column.kind == "flag":
        _refuse(raw, ~raw.isin(["true", "false", ""]), column, path)
        return raw.map({"true": True, "false": False}).astype("boolean")
    numbers = pd.to_numeric(raw.where(raw != ""), errors="coerce").astype("float64")
    bad = (raw != "") & (numbers.isna() | numbers.isin([math.inf, -math.inf]))
    if column.minimum is not None:
        bad |= numbers <= column.minimum if column.positive else numbers < column.minimum
    if column.kind == "integer":
        bad |= numbers.notna() & (numbers % 1 != 0)
    _refuse(raw, bad, column, path)
    return numbers.astype("Int64") if column.kind == "integer" else numbers


def _refuse(raw: pd.Series, bad: pd.Series, column: Column, path: Path) -> None:
    if bad.any():
        position = int(bad.to_numpy().argmax())
        raise SchemaError(
            f"{path}: row {position + 2}, column {column.name!r}: {raw.iloc[position]!r} is not a "
            f"valid {column.kind}" + _bound(column)
        )


def _bound(column: Column) -> str:
    if column.minimum is None:
        return ""
    return f" {'>' if column.positive else '>='} {column.minimum:g}"
