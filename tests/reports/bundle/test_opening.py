"""What opening a bundle checks, one reason at a time."""

from __future__ import annotations

import io
import json
import os
import stat
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest

from experiments import schema
from reports.bundle import limits
from reports.bundle.contents import CRATE, MANIFEST
from reports.bundle.identity import run_id
from reports.bundle.opening import BundleError, found, opened
from reports.load import Results, load
from tests.reports.bundle.zipping import Place, described, packed

Files = dict[str, bytes]
ROOT = Path(__file__).resolve().parents[3]


def refused(place: Place, data: bytes) -> str:
    """Why these bytes are no bundle; nothing is left behind (`Place.open` looks)."""
    with pytest.raises(BundleError) as error:
        place.open(data)
    return str(error.value)


def with_entry(files: Files, name: str, content: bytes = b"", **attributes: Any) -> bytes:
    """A bundle with one more file, of any name and attributes."""
    made = io.BytesIO(packed(files))
    with zipfile.ZipFile(made, "a") as archive:
        entry = zipfile.ZipInfo("x")
        entry.filename = name
        for key, value in attributes.items():
            setattr(entry, key, value)
        archive.writestr(entry, content)
    return made.getvalue()


def test_a_bundle_says_whose_run_it_is(place: Place, least: Files) -> None:
    bundle, files = place.open(packed(least))

    assert files == least
    assert (bundle.machine, bundle.schema_version) == ("bench", schema.SCHEMA_VERSION)
    assert bundle.run_id.startswith("20260101T000000Z-")
    assert bundle.fingerprint == "0f3a9c"


def test_a_results_folder_is_read_where_it_is(run: Results, tmp_path: Path) -> None:
    bundle = opened(run.folder, tmp_path / "unused")

    assert bundle.folder == run.folder
    assert bundle.run_id == run_id(run)
    assert not (tmp_path / "unused").exists()


def test_a_folder_gives_its_bundle_and_its_history(tmp_path: Path) -> None:
    assert found(tmp_path) == [tmp_path]
    for name in ("history/b/bundle.zip", "history/a/bundle.zip", "bundle.zip"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()

    assert [one.relative_to(tmp_path).as_posix() for one in found(tmp_path)] == [
        "bundle.zip", "history/a/bundle.zip", "history/b/bundle.zip",
    ]  # fmt: skip
    assert found(tmp_path / "bundle.zip") == [tmp_path / "bundle.zip"]
    with pytest.raises(BundleError, match="no such bundle"):
        found(tmp_path / "absent")


def test_a_folder_with_something_in_it_is_left_alone(least: Files, tmp_path: Path) -> None:
    (tmp_path / "bundle.zip").write_bytes(packed(least))
    (tmp_path / "into").mkdir()
    (tmp_path / "into/mine").write_text("mine", encoding="utf-8")

    with pytest.raises(BundleError, match="is not empty"):
        opened(tmp_path / "bundle.zip", tmp_path / "into")
    assert [one.name for one in (tmp_path / "into").iterdir()] == ["mine"]


def test_a_link_in_the_place_of_the_target_is_not_followed(least: Files, tmp_path: Path) -> None:
    (tmp_path / "bundle.zip").write_bytes(packed(least))
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "into").symlink_to(tmp_path / "elsewhere")

    with pytest.raises(BundleError):
        opened(tmp_path / "bundle.zip", tmp_path / "into")
    assert list((tmp_path / "elsewhere").iterdir()) == []


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes here")
def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "bundle.zip")

    with pytest.raises(BundleError, match="no such bundle"):
        opened(tmp_path / "bundle.zip", tmp_path / "into")


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("../evil.csv", "leads out of the folder"),
        ("a/../../evil", "leads out of the folder"),
        ("/etc/passwd", "absolute name"),
        ("C:\\evil", "absolute name"),
        ("\\\\host\\share", "absolute name"),
        ("~/evil", "absolute name"),
        ("a\\b", "backslash"),
        ("a\nb", "control characters"),
        ("nosj.\u202enalp", "control characters"),
        ("NUL.csv", "device on Windows"),
        ("sub/con", "device on Windows"),
        ("x" * 200, "more than 100 characters"),
        ("launches.csv", "twice"),
        ("LAUNCHES.CSV", "twice"),
        ("launche\u017f.csv", "twice"),
        ("\uff50lan.json", "twice"),
        ("notes.txt", "no file of a bundle"),
        ("sub/plan.json", "no file of a bundle"),
        ("evil.py", "no file of a bundle"),
    ],
)
@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_names(place: Place, least: Files, name: str, reason: str) -> None:
    assert reason in refused(place, with_entry(least, name, b"x"))


@pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFDIR, stat.S_IFIFO, stat.S_IFCHR])
def test_links_and_special_files(place: Place, least: Files, kind: int) -> None:
    made = with_entry(least, "decision.md", b"/etc/passwd", external_attr=(kind | 0o777) << 16)

    assert "is a link, a folder or a device" in refused(place, made)


def test_other_ways_of_packing(place: Place, least: Files) -> None:
    assert "method 12" in refused(place, packed(least, zipfile.ZIP_BZIP2))
    assert "method 14" in refused(place, packed(least, zipfile.ZIP_LZMA))
    place.open(packed(least, zipfile.ZIP_STORED))


def test_encrypted_files(place: Place, least: Files) -> None:
    whole = bytearray(packed(least))
    whole[whole.index(b"PK\1\2") + 8] |= 1

    assert "is encrypted" in refused(place, bytes(whole))


def test_files_that_share_bytes(place: Place, least: Files) -> None:
    whole = bytearray(packed(least))
    first = whole.index(b"PK\1\2")
    second = whole.index(b"PK\1\2", first + 4)
    whole[second + 42 : second + 46] = whole[first + 42 : first + 46]

    assert "shares bytes" in refused(place, bytes(whole))


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda whole: b"", "no zip file"),
        (lambda whole: b"<html>not found</html>" * 9, "no zip file"),
        (lambda whole: b"#!/bin/sh\n" + whole, "before or after"),
        (lambda whole: whole + b"more", "no zip file"),
        (lambda whole: whole[: len(whole) // 2], "no zip file"),
        (lambda whole: whole[:100] + b"\0" * 50 + whole[100:], "before or after"),
    ],
)
def test_damaged_zips(place: Place, least: Files, change: Any, reason: str) -> None:
    assert reason in refused(place, change(packed(least)))


def test_a_changed_file(place: Place, least: Files) -> None:
    changed = {**least, "samples.csv": least["samples.csv"].replace(b"0.2", b"0.1")}

    said = refused(place, packed(changed))
    assert "'samples.csv': isn't the file that bundle.json describes" in said


def test_files_that_are_missing_or_not_named(place: Place, least: Files) -> None:
    without = {name: data for name, data in least.items() if name != "plan.json"}
    assert "'plan.json': is missing in the zip" in refused(place, packed(without))
    assert "plan.json is missing in 'files'" in refused(place, packed(described(without)))
    more = {**least, "decision.md": b"chosen by me"}
    assert "'decision.md': is missing in bundle.json" in refused(place, packed(more))
    nameless = {name: data for name, data in least.items() if name != MANIFEST}
    assert "has no bundle.json" in refused(place, packed(nameless))


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"schema_version": 2}, "made by a newer Poolwise ('0.1.0', schema version '2'; this"),
        ({"bundle_version": 7}, "made by a newer Poolwise ('0.1.0', bundle version '7'; this"),
        ({"schema_version": 0}, "schema version '0', which is none"),
        ({"schema_version": "1"}, "schema version '1', which is none"),
        ({"schema_version": True}, "schema version 'True', which is none"),
        ({"schema_version": None}, "schema version 'None', which is none"),
        ({"machine": "../up"}, "no name of one"),
        ({"machine": "other"}, "names another machine or run"),
        ({"run_id": "20260101T000000Z-00000000"}, "names another machine or run"),
        ({"run_id": "../../evil"}, "which is none"),
        ({"fingerprint": 7}, "'fingerprint' is missing or no short text"),
        ({"files": {}}, "'files' is no list"),
        ({"files": [{"path": "x"}]}, "'files' is no list"),
    ],
)
def test_what_the_manifest_says(
    place: Place, least: Files, changes: dict[str, Any], reason: str
) -> None:
    said = {**json.loads(least[MANIFEST]), **changes}

    assert reason in refused(place, packed({**least, MANIFEST: json.dumps(said).encode()}))


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (b"{", "is not JSON"),
        (b"[]", "the whole: [] is not of type 'object'"),
        (b'{"machine": NaN}', "has the value NaN"),
        (b'{"machine": -Infinity}', "has the value -Infinity"),
        (b'{"machine": 1e999}', "too large"),
        (b'{"machine": "a", "machine": "b"}', "has the key 'machine' twice"),
        # one by one against all others that takes an hour
        (
            b"{" + b"".join(b'"%d":0,' % n for n in range(900_000)) + b'"899999":0}',
            "'899999' twice",
        ),
        (b"[" * 100_000, "nested more than"),
        (b'{"a":' * 100_000, "nested more than"),
        (b"[" + b"0," * 1_100_000 + b"0]", "values"),
        (b'{"machine": "\xff"}', "is not UTF-8"),
        ('{"machine": "b\u00fc"}'.encode("utf-16"), "NUL"),
        (b'{"machine": "\\ud800"}', "lone surrogate"),
        (b'{"machine": "' + b"9" * 10 + b'", "x": ' + b"9" * 5000 + b"}", "is not JSON"),
    ],
)
def test_json(place: Place, least: Files, text: bytes, reason: str) -> None:
    assert reason in refused(place, packed(described({**least, "machine.json": text})))


@pytest.mark.parametrize(
    ("name", "change", "reason"),
    [
        ("plan.json", {"blocks": 7}, "blocks: 7 is not of type 'array'"),
        ("plan.json", {"statistics": {"margin": "5%"}}, "statistics"),
        ("plan.json", {"schema_version": 2}, "isn't of schema version 1"),
        ("machine.json", {"interpreters": [7]}, "interpreters.0: 7 is not of type 'object'"),
        ("machine.json", {"memory_mib": "<b>much</b>"}, "memory_mib"),
    ],
)
def test_values_of_another_kind(
    place: Place, least: Files, name: str, change: dict[str, Any], reason: str
) -> None:
    changed = {**least, name: json.dumps({**json.loads(least[name]), **change}).encode()}

    said = refused(place, packed(described(changed)))
    assert reason in said
    assert name in said


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        (b",ok,", b",fine,", "has the status 'fine'"),
        (b",sequential,", b",sequential\0,", "NUL"),
        (b",sequential,", b",s\xe9quentiel,", "is not UTF-8"),
        (b",0.1,", b",nan,", "'nan' is not a valid number"),
        (b",0.1,", b",inf,", "'inf' is not a valid number"),
        (b",0.1,", b",-1e999,", "is not a valid number"),
        (b"\n1,bench,", b"\n2,bench,", "isn't of schema version 1"),
        (b",reason,", b",", "the header"),
        (b"launch_id", b"launch", "column 'launch_id' is missing"),
    ],
)
def test_tables(place: Place, least: Files, old: bytes, new: bytes, reason: str) -> None:
    launches = least["launches.csv"]
    assert old in launches
    changed = described({**least, "launches.csv": launches.replace(old, new, 1)})

    said = refused(place, packed(changed))
    assert reason in said
    assert "launches.csv" in said


@pytest.mark.parametrize("cell", ["=cmd|' /C calc'!A0", "<script>alert(1)</script>", "@x", "+1"])
def test_formulas_and_html_stay_the_text_they_are(
    place: Place, least: Files, tmp_path_factory: pytest.TempPathFactory, cell: str
) -> None:
    """A run may well have crashed with such a reason: every renderer escapes (test_render)."""
    launches = least["launches.csv"].replace(b",ok,,", f',ok,"{cell}",'.encode())
    folder = tmp_path_factory.mktemp("changed")
    for name, data in {**least, "launches.csv": launches}.items():
        (folder / name).write_bytes(data)
    files = described({**least, "launches.csv": launches}, run_id=run_id(load(folder)))

    _, there = place.open(packed(files))
    assert there["launches.csv"] == launches
    assert set(load(folder).table(schema.LAUNCHES)["reason"]) == {cell}


def test_a_crate_is_believed_in_nothing_but_must_be_json(place: Place, least: Files) -> None:
    place.open(packed({**least, CRATE: b'{"@graph": "anything"}'}))

    assert "is not JSON" in refused(place, packed({**least, CRATE: b"<html>"}))


def test_limits_are_named(place: Place, least: Files, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value, reason in (
        ("ZIP_BYTES", 1000, "has more than 0 MiB"),
        ("ENTRIES", 3, "has more than 3 files"),
        ("DIRECTORY_BYTES", 100, "files"),
        ("FILE_BYTES", 100, "unpacked"),
        ("ALL_BYTES", 1000, "unpacked"),
        ("ROWS", 2, "has more than 2 rows"),
        ("CELLS", 20, "has more than 20 cells"),
    ):
        with monkeypatch.context() as patch:
            patch.setattr(limits, name, value)
            assert reason in refused(place, packed(least))


HOSTILE = """
import resource, sys, zipfile, io
from pathlib import Path
from reports.bundle.opening import opened, BundleError
sys.path.insert(0, {root!r})
from tests.reports.bundle.zipping import described, packed, unzipped
least = unzipped(Path({bundle!r}).read_bytes())

def streamed(name, chunk, times):
    with zipfile.ZipFile({hostile!r}, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for other, data in least.items():
            if other != name:
                archive.writestr(other, data)
        with archive.open(name, "w") as file:
            for _ in range(times):
                file.write(chunk)

{case}
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
try:
    opened(Path({hostile!r}), Path({hostile!r}).with_name("into"))
except BundleError as error:
    print(error)
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024)
"""
ROWS = b"launch-%d,steady,%d,0.123,0.1,true\n" * 1000 % tuple(range(2000))
SHORT_ROWS = """
import random
rows = "".join(f"{random.randrange(1000)}\\n" for _ in range(100_000)).encode()
streamed("samples.csv", rows, 100)
"""
ROW = f'streamed("samples.csv", {ROWS!r}, 10_000)'


@pytest.mark.skipif(sys.platform != "linux", reason="memory is told in other units")
@pytest.mark.parametrize(
    ("case", "reason"),
    [
        (ROW, "unpacked"),
        (SHORT_ROWS, "has more than 1,000,000 rows"),
        ('streamed("samples.csv", b"x" * 2**20, 2000)', "unpacked"),
        ('streamed("samples.csv", b"\\0" * 2**20, 60)', "packed to less than"),
        ('streamed("plan.json", b"[" * 2**20, 15)', "packed to less than"),
    ],
    ids=["10 million rows", "10 million short rows", "2 GiB", "ratio", "depth"],
)
def test_what_is_too_large_takes_no_memory(
    tmp_path: Path, least: Files, case: str, reason: str
) -> None:
    bundle, hostile = tmp_path / "least.zip", tmp_path / "hostile.zip"
    bundle.write_bytes(packed(least))
    code = HOSTILE.format(root=str(ROOT), bundle=str(bundle), hostile=str(hostile), case=case)
    run = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    said, more_mib = run.stdout.splitlines()

    assert reason in said
    assert int(more_mib) < 30
