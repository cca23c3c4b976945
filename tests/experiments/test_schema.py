from __future__ import annotations

import math
import os
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from experiments import schema
from experiments.schema import (
    CEILING,
    COMPARISON_TABLES,
    LAUNCHES,
    TABLES,
    SchemaError,
    Table,
    cell,
    read,
    write,
)

#: a small table of every kind of value
SAMPLES = Table("samples", "a batch", schema.SAMPLES.columns[:4])
ALL_TABLES = TABLES | COMPARISON_TABLES
HEADER = "launch_id,phase,batch,wall_seconds\n"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "table.csv"


def sample(**values: Any) -> dict[str, Any]:
    return {"launch_id": "a/0", "phase": "cold", "batch": 0, "wall_seconds": 0.5, **values}


# --- the contract ---------------------------------------------------------------------------


@pytest.mark.parametrize("table", ALL_TABLES.values(), ids=list(ALL_TABLES))
def test_every_column_has_one_place_and_a_meaning(table: schema.Table) -> None:
    assert len(set(table.names)) == len(table.names)
    assert all(column.meaning for column in table.columns)


@pytest.mark.parametrize("table", ALL_TABLES.values(), ids=list(ALL_TABLES))
def test_times_carry_their_unit_and_are_never_negative(table: schema.Table) -> None:
    for column in table.columns:
        if column.name.endswith(("_seconds", "_ms", "_mib")):
            lowest = None if column.name == "clock_jump_seconds" else 0  # it may be set back
            assert (column.kind, column.minimum) == ("number", lowest)


# --- there and back -------------------------------------------------------------------------


POSITIVE = st.floats(min_value=0, exclude_min=True, allow_infinity=False)


@given(st.lists(POSITIVE, min_size=1, max_size=20))
def test_numbers_come_back_to_the_last_digit(values: list[float]) -> None:
    path = Path(os.environ["POOLWISE_LOCK_FOLDER"]) / "numbers.csv"
    write(SAMPLES, [sample(wall_seconds=value) for value in values], path)

    assert list(read(SAMPLES, path)["wall_seconds"]) == values


TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\r\x00"))


@given(st.lists(TEXTS, min_size=1, max_size=10))
def test_texts_come_back_whatever_they_hold(values: list[str]) -> None:
    path = Path(os.environ["POOLWISE_LOCK_FOLDER"]) / "texts.csv"
    write(SAMPLES, [sample(launch_id=value) for value in values], path)

    assert list(read(SAMPLES, path)["launch_id"]) == values


def test_what_is_unknown_stays_unknown_and_is_not_zero(path: Path) -> None:
    write(LAUNCHES, [{"launch_id": "a", "startup_seconds": None, "round": None}], path)
    row = read(LAUNCHES, path).iloc[0]

    assert pd.isna(row["startup_seconds"])
    assert pd.isna(row["round"])
    assert pd.isna(row["disturbed"])
    assert row["reason"] == ""


def test_kinds_become_types(path: Path) -> None:
    write(LAUNCHES, [{"round": 3, "disturbed": True, "steal_share": 0, "status": "ok"}], path)
    row = read(LAUNCHES, path)

    assert str(row["round"].dtype) == "Int64"
    assert str(row["disturbed"].dtype) == "boolean"
    assert str(row["steal_share"].dtype) == "float64"
    assert (row["round"][0], row["disturbed"][0]) == (3, True)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, ""),
        (math.nan, ""),
        (pd.NA, ""),
        (0, "0"),
        (0.1, "0.1"),
        (np.float64(0.1), "0.1"),
        (np.int64(7), "7"),
        (True, "true"),
        (np.bool_(False), "false"),
        ("None", "None"),
    ],
)
def test_one_value_as_text(value: Any, text: str) -> None:
    assert cell(value) == text


def test_an_empty_table_is_its_header(path: Path) -> None:
    write(SAMPLES, [], path)

    assert path.read_text() == HEADER
    assert len(read(SAMPLES, path)) == 0


def test_a_column_outside_the_contract_is_a_programming_error(path: Path) -> None:
    with pytest.raises(KeyError, match="samples: not in the contract: \\['walls'\\]"):
        write(SAMPLES, [sample(walls=1)], path)
    assert not path.exists()


def test_a_write_that_fails_leaves_the_old_file(path: Path) -> None:
    write(SAMPLES, [sample()], path)
    before = path.read_text()

    def rows() -> Any:
        yield sample()
        raise RuntimeError

    with pytest.raises(RuntimeError):
        write(SAMPLES, rows(), path)
    assert path.read_text() == before


def test_columns_that_are_new_or_in_another_order_are_no_error(path: Path) -> None:
    path.write_text("later,wall_seconds,phase,batch,launch_id\nx,0.5,cold,0,a\n")
    frame = read(SAMPLES, path)

    assert list(frame.columns) == SAMPLES.names
    assert frame["wall_seconds"][0] == 0.5


def test_a_file_saved_by_a_spreadsheet_is_read_too(path: Path) -> None:
    path.write_bytes(b"\xef\xbb\xbf" + HEADER.encode().replace(b"\n", b"\r\n") + b"a,cold,0,1\r\n")

    assert read(SAMPLES, path)["wall_seconds"][0] == 1


# --- broken tables --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "can't be read as CSV: it is empty"),
        ("launch_id,batch,wall_seconds\n", "column 'phase' is missing (samples table)"),
        (HEADER.replace("\n", ",batch\n"), "column 'batch' is there twice (samples table)"),
        (HEADER + "a,cold,0\n", "row 2 has 3 cells, the header 4: it is cut off"),
        (HEADER + "a,cold,0,1,1\n", "row 2 has 5 cells, the header 4"),
        (HEADER + '"a,cold,0,1\n', "can't be read as CSV: unexpected end of data"),
        (HEADER + "a,cold,0,fast\n", "row 2, column 'wall_seconds': 'fast' is not a valid number"),
        (HEADER + "a,cold,0,-1\n", "row 2, column 'wall_seconds': '-1' is not a valid number > 0"),
        (
            HEADER + "a,cold,0,0.0\n",
            "row 2, column 'wall_seconds': '0.0' is not a valid number > 0",
        ),
        (HEADER + "a,cold,0,0.12", "row 2 has no line end: it is cut off"),
        (HEADER.strip(), "row 1 has no line end: it is cut off"),
        (HEADER + "a,cold,0,inf\n", "row 2, column 'wall_seconds': 'inf' is not a valid number"),
        (HEADER + "a,cold,0,nan\n", "row 2, column 'wall_seconds': 'nan' is not a valid number"),
        (HEADER + "a,cold,0,1e999\n", "'1e999' is not a valid number"),
        (HEADER + "a,cold,0,1\nb,cold,1.5,1\n", "row 3, column 'batch': '1.5' is not a valid int"),
        (HEADER + "a,cold,-1,1\n", "row 2, column 'batch': '-1' is not a valid integer >= 0"),
    ],
)
def test_a_broken_table_says_where(path: Path, text: str, says: str) -> None:
    path.write_text(text)
    with pytest.raises(SchemaError) as caught:
        read(SAMPLES, path)

    assert says in str(caught.value)
    assert str(caught.value).startswith(f"{path}: ")


@pytest.mark.parametrize("value", ["nan", "inf", "-inf", "-0.1"])
@pytest.mark.parametrize(
    "column", ["startup_seconds", "teardown_seconds", "launch_seconds", "profile_seconds"]
)
def test_a_time_of_a_launch_that_cant_be_names_its_place(
    path: Path, column: str, value: str
) -> None:
    write(LAUNCHES, [{column: 1.25}], path)
    path.write_text(path.read_text().replace("1.25", value))

    with pytest.raises(
        SchemaError, match=f"row 2, column '{column}': '{value}' is not a valid number >= 0"
    ):
        read(LAUNCHES, path)


def test_a_flag_is_true_or_false(path: Path) -> None:
    write(LAUNCHES, [{"disturbed": True}], path)
    path.write_text(path.read_text().replace("true", "yes"))

    with pytest.raises(SchemaError, match="row 2, column 'disturbed': 'yes' is not a valid flag"):
        read(LAUNCHES, path)


def test_what_is_no_text_or_not_there_is_told(path: Path) -> None:
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(SchemaError, match="can't be read as CSV: 'utf-8"):
        read(CEILING, path)
    with pytest.raises(SchemaError, match=r"can't be read as CSV:.*No such file"):
        read(CEILING, path.with_name("none.csv"))


def test_a_column_that_was_appended_later_is_empty_in_older_files(path: Path) -> None:
    row = {"launch_id": "a/0", "workers": 2, "disturbed": False}
    write(LAUNCHES, [row], path)
    now = read(LAUNCHES, path)
    later = [column.name for column in LAUNCHES.columns if column.later]
    lines = [line.rsplit(",", len(later))[0] for line in path.read_text().splitlines()]
    path.write_text("\n".join(lines) + "\n")

    assert LAUNCHES.names[-len(later) :] == later
    assert not set(later) & set(path.read_text().split(","))
    pd.testing.assert_frame_equal(read(LAUNCHES, path), now)
