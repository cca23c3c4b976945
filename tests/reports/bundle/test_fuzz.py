"""Bundles that chance and malice made: opened as they were written, or refused in one line.

`make fuzz` runs many thousand cases; the other test runs a few of each kind. Nothing may ever be
written outside the target folder, and no other exception may come out (`Place.open` looks).
"""

from __future__ import annotations

import csv
import io
import json
import os
import struct
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reports.bundle.contents import BY_NAME
from reports.bundle.opening import BundleError
from tests.reports.bundle.zipping import Place, described, packed

pytestmark = pytest.mark.fuzz
CASES = int(os.environ.get("POOLWISE_FUZZ_CASES", "40"))
fuzzed = settings(
    max_examples=CASES,
    database=None,
    derandomize="POOLWISE_FUZZ_CASES" not in os.environ,
    suppress_health_check=list(HealthCheck),
)
Files = dict[str, bytes]

HOSTILE_NAMES = (
    "../evil.csv", "/etc/passwd", "a/../../evil", "..", ".", "", "C:\\evil", "\\\\host\\share\\x",
    "c:evil", "con", "NUL.csv", "lpt1.json", "launches.csv\0.txt", "LAUNCHES.CSV", "launches.csv ",
    "./launches.csv", "launches.csv/", "sub/launches.csv", "~/x", "l\u0430unches.csv", "x" * 300,
    "plan\u202enosj", "launche\u017f.csv", "launches.csv", "bundle.json", "a\nb", "\ud7ff", "x:y",
)  # fmt: skip
HOSTILE_CELLS = (
    "=1+1", "=cmd|' /C calc'!A0", "+1", "-1", "@x", "<script>alert(1)</script>", "nan", "NaN",
    "inf", "-inf", "1e999", "1e-999", "0x10", "1_000", "\u0661", "", " ", "\"", "a\"b", "a,b",
    "a\nb", "a\r\nb", "\r", "\0", "\ufeff", "\u202e", "9" * 400, "true", "{}", "[[[[", "\x1b[31m",
)  # fmt: skip
anything = st.text(max_size=40) | st.sampled_from(HOSTILE_CELLS)
names = st.sampled_from(HOSTILE_NAMES) | st.sampled_from(sorted(BY_NAME)) | st.text(max_size=30)
scalars = st.none() | st.booleans() | st.integers() | st.floats() | anything
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(anything, inner, max_size=3),
)
numbers = st.integers(0, 2**16 - 1)
sizes = st.sampled_from([0, 1, 100, 2**16, 2**31, 2**32 - 1]) | st.integers(0, 2**32 - 1)


@pytest.fixture(scope="module")
def place() -> Iterator[Place]:
    with tempfile.TemporaryDirectory() as folder:
        yield Place(Path(folder))


def refused_or_same(place: Place, data: bytes, files: Files) -> bool:
    """Whether it was opened; then the files are those that were written."""
    try:
        _, there = place.open(data)
    except BundleError:
        return False
    assert there == files
    return True


@fuzzed
@given(st.data())
def test_cut_off_anywhere(place: Place, least: Files, data: st.DataObject) -> None:
    whole = packed(least)
    length = data.draw(st.integers(0, len(whole) - 1))

    with pytest.raises(BundleError):
        place.open(whole[:length])


@fuzzed
@given(st.data())
def test_bytes_that_flipped(place: Place, least: Files, data: st.DataObject) -> None:
    changed = bytearray(packed(least, data.draw(st.sampled_from([0, 8]))))
    for _ in range(data.draw(st.integers(1, 4))):
        changed[data.draw(st.integers(0, len(changed) - 1))] ^= data.draw(st.integers(1, 255))

    refused_or_same(place, bytes(changed), least)


@fuzzed
@given(st.data())
def test_parts_moved_doubled_and_left_out(place: Place, least: Files, data: st.DataObject) -> None:
    whole = packed(least)
    first, last = sorted(data.draw(st.tuples(*[st.integers(0, len(whole))] * 2)))
    middle = data.draw(st.sampled_from([b"", whole[first:last] * 2, b"\0" * 50, whole]))

    refused_or_same(place, whole[:first] + middle + whole[last:], least)


@fuzzed
@given(st.lists(st.tuples(names, numbers, st.binary(max_size=50)), min_size=1, max_size=4))
def test_names_and_attributes(
    place: Place, least: Files, more: list[tuple[str, int, bytes]]
) -> None:
    made = io.BytesIO(packed(least))
    with zipfile.ZipFile(made, "a") as archive:
        for name, mode, content in more:
            entry = zipfile.ZipInfo("x")
            entry.filename, entry.external_attr = name, mode << 16
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr("warnings.warn", lambda *_, **__: None)  # of a name that is there
                archive.writestr(entry, content)

    assert not refused_or_same(place, made.getvalue(), least)


@fuzzed
@given(st.data())
def test_headers_that_lie(place: Place, least: Files, data: st.DataObject) -> None:
    """Versions, flags, methods, sizes, offsets, attributes of the list at the end."""
    whole = bytearray(packed(least))
    entries = [at for at in range(len(whole)) if whole[at : at + 4] == b"PK\1\2"]
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.sampled_from([*entries, len(whole) - 22]))
        if data.draw(st.booleans()):
            where = at + data.draw(st.sampled_from([16, 20, 24, 38, 42]))
            struct.pack_into("<L", whole, min(where, len(whole) - 4), data.draw(sizes))
        else:
            where = at + data.draw(st.sampled_from([4, 6, 8, 10, 28, 30, 32, 34, 36]))
            struct.pack_into("<H", whole, min(where, len(whole) - 2), data.draw(numbers))

    refused_or_same(place, bytes(whole), least)


@fuzzed
@given(st.data())
def test_cells_of_tables(place: Place, least: Files, data: st.DataObject) -> None:
    """Text in the columns for text comes out as it was; numbers are numbers or refused."""
    name = data.draw(st.sampled_from(["launches.csv", "samples.csv", "ceiling.csv"]))
    rows = list(csv.reader(io.StringIO(least[name].decode(), newline="")))
    for _ in range(data.draw(st.integers(1, 3))):
        row = data.draw(st.sampled_from(rows))
        row[data.draw(st.integers(0, len(row) - 1))] = data.draw(anything)
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    files = described({**least, name: text.getvalue().encode("utf-8", "surrogatepass")})

    refused_or_same(place, packed(files), files)


@fuzzed
@given(st.data())
def test_values_of_json(place: Place, least: Files, data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(["machine.json", "plan.json", "runs.json", "bundle.json"]))
    raw = json.loads(least[name])
    _put(raw, data)
    changed = {**least, name: json.dumps(raw).encode()}
    files = changed if name == "bundle.json" else described(changed)

    refused_or_same(place, packed(files), files)


def _put(value: Any, data: st.DataObject) -> None:
    """Another value somewhere within this one."""
    while True:
        keys = list(value) if isinstance(value, dict) else list(range(len(value)))
        key = data.draw(st.sampled_from(keys)) if keys else None
        if key is None or not (isinstance(value[key], dict | list) and value[key]):
            break
        if data.draw(st.integers(0, 3)) == 0:
            break
        value = value[key]
    if isinstance(value, dict):
        value[key if key is not None else "x"] = data.draw(values)
    elif key is not None:
        value[key] = data.draw(values)


@fuzzed
@given(st.data())
def test_bytes_of_files(place: Place, least: Files, data: st.DataObject) -> None:
    """Any bytes anywhere in a file whose hash is right."""
    name = data.draw(st.sampled_from(sorted(least)))
    content = least[name]
    at = data.draw(st.integers(0, len(content)))
    junk = data.draw(st.binary(max_size=20) | st.sampled_from([b"\xff", b"[" * 5000, b"NaN"]))
    cut = data.draw(st.integers(0, 20))
    changed = {**least, name: content[:at] + junk + content[at + cut :]}
    files = changed if name == "bundle.json" else described(changed)

    refused_or_same(place, packed(files), files)
