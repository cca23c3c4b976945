from __future__ import annotations

import errno
import json
import os
from pathlib import Path
from typing import Any

import pytest

from experiments.conductor.journal import Journal, JournalError
from tests.experiments.conductor.test_entries import changed, entry

IDENTITY = {
    "schema_version": 1,
    "block": "b",
    "digest": "d",
    "fingerprint": "f",
    "code_digest": "c",
}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "blocks/b/journal.jsonl"


def opened(path: Path, **changes: Any) -> Journal:
    return Journal(path, {**IDENTITY, **changes}, {"threads x2"})


def complaint(path: Path, **changes: Any) -> str:
    before = path.read_bytes()
    with pytest.raises(JournalError) as caught:
        opened(path, **changes)
    assert path.read_bytes() == before  # nothing that was measured is lost
    assert "\n" not in str(caught.value)
    assert str(path) in str(caught.value)
    return str(caught.value)


def test_a_rerun_finds_every_launch_to_the_last_digit(path: Path) -> None:
    first = opened(path)
    first.add(entry(0))
    first.add(entry(1))
    second = opened(path)

    assert second.entries == first.entries == [entry(0), entry(1)]
    assert second.notes == []
    assert list(second.of_round(1)) == [entry(1)]


def test_a_launch_is_on_disk_before_the_next_one(path: Path) -> None:
    journal = opened(path)
    journal.add(entry())

    assert json.loads(path.read_text().splitlines()[-1]) == entry()


def test_a_line_that_was_cut_off_is_measured_again(path: Path) -> None:
    journal = opened(path)
    journal.add(entry(0))
    whole = path.read_bytes()
    journal.add(entry(1))
    path.write_bytes(path.read_bytes()[:-9])
    again = opened(path)

    assert again.entries == [entry(0)]
    assert "the last line was cut off; its launch is measured again" in again.notes[0]
    assert path.read_bytes() == whole
    again.add(entry(1))
    assert opened(path).entries == [entry(0), entry(1)]


def test_a_first_line_that_was_cut_off_is_begun_again(path: Path) -> None:
    opened(path)
    path.write_bytes(path.read_bytes()[:10])

    assert opened(path).entries == []
    assert opened(path).notes == []


@pytest.mark.parametrize(
    "line", ["{broken", "17", "[]", '"text"', '{"approach": "threads x2"}', "\ufffd", "\x00\x00"]
)
@pytest.mark.parametrize("end", ["", '{"cut o'])
def test_a_damaged_line_is_named_and_left_alone(path: Path, line: str, end: str) -> None:
    journal = opened(path)
    journal.add(entry(0))
    with path.open("a", encoding="utf-8") as file:
        file.write(f"{line}\n")
    Path(path).write_bytes(path.read_bytes() + json.dumps(entry(1)).encode() + b"\n" + end.encode())

    assert "line 3 is damaged (" in complaint(path)
    assert "nothing was touched: move the file away" in complaint(path)


@pytest.mark.parametrize(
    ("second", "says"),
    [
        (entry(1, wall_seconds=-0.5), "sample 0: 'wall_seconds' can't be -0.5"),
        (entry(1, approach="threads x9"), "approach 'threads x9' is not in this block"),
        (changed("b/0/threads x2/0", "launch", "launch_id", number=1),
         "launch 'b/0/threads x2/0' is there twice"),
        (entry(7), "it is of round 7, before any of round 1"),
    ],
)  # fmt: skip
def test_a_line_that_cant_be_a_launch_here_is_damaged(
    path: Path, second: dict[str, Any], says: str
) -> None:
    opened(path).add(entry(0))
    with path.open("a", encoding="utf-8") as file:
        file.write(f"{json.dumps(second)}\n")

    assert f"line 3 is damaged ({says})" in complaint(path)


def test_of_a_launch_that_two_conductors_have_measured_the_first_counts(path: Path) -> None:
    """Slurm started the job elsewhere, and the first conductor had one launch in flight."""
    journal = opened(path)
    for one in (entry(0), entry(1), entry(1, wall_seconds=0.5), entry(2)):
        journal.add(one)
    again = opened(path)

    assert again.entries == [entry(0), entry(1), entry(2)]
    (note,) = again.notes
    assert "that two conductors have measured at once: 1; the first of each counts" in note
    again.add(entry(3))
    assert opened(path).entries == again.entries


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("{}", "belongs to another schema version (None, now 1)"),
        ("[1]", "line 1 is damaged (it doesn't say what the journal is of)"),
        ("nonsense", "line 1 is damaged (Expecting value"),
    ],
)
def test_a_file_that_is_no_journal_is_left_alone(path: Path, line: str, says: str) -> None:
    path.parent.mkdir(parents=True)
    path.write_text(f"{line}\n")

    assert says in complaint(path)


@pytest.mark.parametrize(
    ("key", "says"),
    [
        ("digest", "belongs to another plan (d, now other)"),
        ("fingerprint", "belongs to another machine (f, now other)"),
        ("code_digest", "belongs to another version of the measured code (c, now other)"),
        ("block", "belongs to another block"),
        ("schema_version", "belongs to another schema version"),
    ],
)
def test_a_journal_that_does_not_belong_here_is_left_alone(path: Path, key: str, says: str) -> None:
    opened(path).add(entry())
    line = complaint(path, **{key: "other"})

    assert says in line
    assert f"nothing was touched: move {path.parent} away" in line


def test_a_full_disk_is_told_and_what_was_measured_stays(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal = opened(path)
    journal.add(entry(0))

    def full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(JournalError, match="no free disk space left; what was measured before is"):
        journal.add(entry(1))
    monkeypatch.undo()

    assert journal.entries == [entry(0)]
    assert opened(path).entries[0] == entry(0)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full on this platform")
def test_a_disk_that_is_full_from_the_start_is_told(tmp_path: Path) -> None:
    (tmp_path / "journal.jsonl").symlink_to("/dev/full")

    with pytest.raises(JournalError, match=r"journal\.jsonl: can't be written: no free disk"):
        opened(tmp_path / "journal.jsonl")
