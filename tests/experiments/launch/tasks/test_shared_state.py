"""What workers share: the payload block of `ipc` and the counter of `locked_counter`."""

from __future__ import annotations

import asyncio
import hashlib
import os
import subprocess
import sys
import tracemalloc
import zlib
from collections.abc import Callable
from multiprocessing.shared_memory import SharedMemory
from pathlib import Path
from typing import Any

import pytest

from experiments.launch.base import Context, Task, Unsupported
from experiments.launch.tasks import blocks
from experiments.launch.tasks.ipc import PIECE_BYTES, TABLE

from .driving import async_kit, make, native, processes, sequential, thread_kit, threads

ROOT = Path(__file__).resolve().parents[4]


def test_a_payload_comes_back_whole_and_transformed(context: Context) -> None:
    task = make("ipc", context, payload_kib=2)
    (item,) = task.make_items(1, 1)

    substituted = bytes((167 * byte + 13) % 256 for byte in item)
    stamp = hashlib.md5(substituted, usedforsecurity=False).digest()
    assert len(item) == 2048
    assert task.run(item) == stamp + substituted[16:]
    assert len(set(TABLE)) == 256


def _shared(context: Context, count: int, kib: int = 2) -> Task:
    task = make("ipc", context, payload_kib=kib, via="shared_memory")
    task.prepare(count, 1)
    task.start_worker(task.share(thread_kit()))
    task.before_batch()
    return task


@pytest.mark.parametrize("kib", [2, 80])  # less than a piece, and two and a half
def test_both_ways_transform_the_same_payloads(kib: int, context: Context) -> None:
    pickled = make("ipc", context, payload_kib=kib)
    expected = pickled.answer([pickled.run(item) for item in pickled.make_items(20, 1)])
    task = _shared(context, 20, kib)
    answers = task.answer([task.run(item) for item in task.make_items(20, 1)])
    task.close()

    assert answers == [[checksum, checksum] for checksum in expected]


def test_nothing_of_a_payloads_size_is_allocated_in_shared_memory(context: Context) -> None:
    """Where that is given back to the system differs by thread: it would decide between pools."""
    task = _shared(context, 2, 1024)
    task.run(0)
    tracemalloc.start()
    try:
        task.run(1)
        most = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
        task.close()

    assert most < 4 * PIECE_BYTES


def test_a_result_of_the_batch_before_does_not_count(context: Context) -> None:
    task = _shared(context, 2)
    results = [task.run(item) for item in task.make_items(2, 1)]
    task.before_batch()
    answers = task.answer(results)
    task.close()

    assert all(said != seen for said, seen in answers)


def test_closing_removes_the_block(context: Context) -> None:
    task = _shared(context, 1)
    name = task._block.name  # type: ignore[attr-defined]
    task.close()

    with pytest.raises(FileNotFoundError):
        SharedMemory(name)


def test_what_a_killed_launch_left_is_replaced(context: Context) -> None:
    left = blocks.create("poolwise-test-left", 100)
    try:
        anew = blocks.create("poolwise-test-left", 5000)
        assert anew.size >= 5000
        anew.close()
        anew.unlink()
    finally:
        left.close()


def test_too_little_shared_memory_is_unsupported_and_no_crash(
    context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(blocks, "free_bytes", lambda: 64 * 1024 * 1024)

    with pytest.raises(Unsupported, match=r"needs 116 MiB .* 64 MiB left"):
        make("ipc", context, payload_kib=1024, via="shared_memory").prepare(100, 1)
    make("ipc", context, payload_kib=1024).prepare(100, 1)


SCRIPT = """
import sys
from experiments.launch.base import Context
from tests.experiments.launch.tasks.driving import make, processes
if __name__ == "__main__":
    task = make("ipc", Context(sys.argv[1]), payload_kib=2, via="shared_memory")
    for said, seen in processes(task, 8, 1, sys.argv[2]):
        assert said == seen
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.parametrize("start_method", ["fork", "forkserver", "spawn"])
def test_no_start_method_leaves_a_block_or_a_warning(tmp_path: Path, start_method: str) -> None:
    script = tmp_path / "script.py"
    script.write_text(SCRIPT)
    done = subprocess.run(
        [sys.executable, str(script), str(tmp_path), start_method],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=60,
    )

    assert (done.returncode, done.stderr) == (0, "")
    with pytest.raises(FileNotFoundError):
        SharedMemory(f"poolwise-{zlib.crc32(str(tmp_path).encode()):08x}")


@pytest.mark.parametrize("guard", ["lock", "semaphore"])
def test_a_guard_keeps_every_update(guard: str, context: Context) -> None:
    for run in (threads, processes):
        task = make("locked_counter", context, guard=guard)
        assert run(task, 4, 2000)[-1] == 8000
        assert task.after_batch()["lost_updates"] == 0


def test_without_a_guard_lost_updates_are_counted_and_not_wrong(context: Context) -> None:
    task = make("locked_counter", context, guard="none")
    answers = processes(task, 4, 2000)

    assert len(answers) == 4
    assert 0 <= task.after_batch()["lost_updates"] < 8000


def test_a_lost_update_under_a_guard_is_a_wrong_answer(context: Context) -> None:
    task = make("locked_counter", context)
    task.make_items(2, 10)
    _, counter = task.share(thread_kit())
    counter.value = 20
    right = task.answer([1, 2])
    counter.value = 19

    assert task.answer([1, 2]) != right
    assert task.after_batch()["lost_updates"] == 1


@pytest.mark.parametrize(
    ("run", "seen"), [(sequential, 4), (threads, 4), (native, 4), (processes, 0)]
)
def test_the_main_program_sees_what_workers_write_only_where_they_share_its_memory(
    run: Callable[[Task, int, int], list[Any]], seen: int, context: Context
) -> None:
    task = make("locked_counter", context, guard="none")
    for _ in range(2):
        run(task, 4, 20)
        counts = task.after_batch()
        assert (counts["object_writes"], counts["seen_writes"]) == (4, seen)
        task.before_batch()
        assert task.after_batch()["seen_writes"] == 0


def test_every_batch_counts_from_0(context: Context) -> None:
    task = make("locked_counter", context)
    items = task.make_items(2, 10)
    task.start_worker(task.share(thread_kit()))
    for _ in range(2):
        task.before_batch()
        for item in items:
            task.run(item)
        assert task.after_batch()["lost_updates"] == 0


def test_coroutines_take_turns_at_the_guard(context: Context) -> None:
    """Another task that holds the guard stops them; updates go on when it lets go."""
    task = make("locked_counter", context)

    async def main() -> None:
        items = task.make_items(1, 10)
        guard, counter = shared = task.share(async_kit())
        task.start_worker(shared)
        async with guard:
            running = asyncio.ensure_future(task.arun(items[0]))
            await asyncio.sleep(0)
            assert counter.value == 0
        await running
        assert counter.value == 10

    asyncio.run(main())
