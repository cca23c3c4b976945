from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest

from experiments.launch.base import Context, Unsupported
from experiments.launch.tasks import file_read, files

from .driving import make

fadvise = pytest.mark.skipif(not hasattr(os, "posix_fadvise"), reason="no posix_fadvise here")


def test_every_item_is_a_file_of_its_own_and_its_hash_the_answer(context: Context) -> None:
    task = make("file_read", context, file_kib=300)
    task.prepare(3, 1)
    items = task.make_items(3, 1)

    contents = [Path(item).read_bytes() for item in items]
    assert [task.run(item) for item in items] == [hashlib.sha256(c).hexdigest() for c in contents]
    assert len(set(contents)) == 3
    assert {len(content) for content in contents} == {300 * 1024}


def test_files_are_used_again_and_only_missing_ones_written(context: Context) -> None:
    task = make("file_read", context, file_kib=1)
    task.prepare(2, 1)
    first = Path(task.make_items(1, 1)[0])
    before = first.stat()
    task.prepare(4, 1)

    assert first.stat().st_mtime_ns == before.st_mtime_ns
    assert first.stat().st_ino == before.st_ino
    assert len(list(first.parent.iterdir())) == 4


def test_a_file_that_was_being_written_when_the_launch_died_is_written_again(
    context: Context,
) -> None:
    task = make("file_read", context, file_kib=1)
    path = Path(task.make_items(1, 1)[0])
    path.parent.mkdir()
    path.with_name(path.name + ".part").write_bytes(b"half")
    task.prepare(1, 1)

    assert path.stat().st_size == 1024
    assert [path] == list(path.parent.iterdir())


def test_a_failed_write_leaves_nothing_that_looks_complete(tmp_path: Path) -> None:
    def breaks(part: str) -> None:
        Path(part).write_bytes(b"half")
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        files.make_once(str(tmp_path / "data"), breaks)
    assert not (tmp_path / "data").exists()


@fadvise
def test_cold_drops_the_pages_of_every_file_before_a_batch(
    context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    task = make("file_read", context, file_kib=1, cache="cold")
    monkeypatch.setattr(file_read, "is_cached", lambda path: False)
    task.prepare(3, 1)
    dropped: list[tuple[int, int, int]] = []
    monkeypatch.setattr(
        os,
        "posix_fadvise",
        lambda fd, start, length, advice: dropped.append((start, length, advice)),
    )
    task.before_batch()

    assert dropped == [(0, 0, os.POSIX_FADV_DONTNEED)] * 3


@fadvise
def test_dropped_pages_are_really_gone(tmp_path: Path) -> None:
    path = str(tmp_path / "file")

    def write(part: str) -> None:
        Path(part).write_bytes(b"x" * 65536)

    files.make_once(path, write)
    if file_read.is_cached(path) is None:
        pytest.skip("this platform can't say what is cached")
    assert file_read.is_cached(path)
    file_read.drop_pages(path)
    if file_read.is_cached(path):
        pytest.skip("the file system of the temporary folder keeps its pages")
    assert Path(path).read_bytes() == b"x" * 65536
    assert file_read.is_cached(path)


@fadvise
def test_warm_drops_nothing(context: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    task = make("file_read", context, file_kib=1)
    task.prepare(1, 1)
    monkeypatch.setattr(os, "posix_fadvise", None)

    task.before_batch()


def test_cold_is_unsupported_without_posix_fadvise(
    context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(os, "posix_fadvise", raising=False)

    with pytest.raises(Unsupported, match="no posix_fadvise"):
        make("file_read", context, cache="cold").prepare(1, 1)


@fadvise
def test_cold_is_unsupported_where_pages_stay(
    context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(file_read, "is_cached", lambda path: True)

    with pytest.raises(Unsupported, match="keeps its pages"):
        make("file_read", context, cache="cold", file_kib=1).prepare(1, 1)
