"""Payloads that travel to the workers and back: what it costs to hand data over.

`via: pickle` puts the bytes into the item and into the result: processes copy them through pipes,
threads pass a reference. `via: shared_memory` leaves them in a block that all workers see; the item
is a slot number and the result a checksum. The work on a payload (a substitution and a digest, in
C) takes about 1 ms for 512 KiB, so that between processes the transfer shows.

In shared memory it is done piece by piece. A copy of a whole payload, freed with each item, would
be given back to the system each time by the main thread's allocator and not by those of other
threads (glibc): one worker thread was 1.7 times as fast as the sequential program, by page faults.
"""

from __future__ import annotations

import hashlib
import random
import zlib
from multiprocessing.shared_memory import SharedMemory
from typing import Any, Dict, List, Optional, Tuple, Union

from ..base import Context, SharedKit, Task, Unsupported
from . import blocks, checks

#: payloads with contents of their own; items take turns, so memory doesn't grow with their number
DISTINCT = 16
#: well below what an allocator asks the system for by itself (128 KiB, man 3 mallopt)
PIECE_BYTES = 32 * 1024
#: a substitution of all 256 bytes (167 is odd, so no two become the same)
TABLE = bytes((167 * byte + 13) % 256 for byte in range(256))

Item = Union[bytes, int]


def transformed(payload: bytes) -> bytes:
    """Every byte substituted, and stamped with its digest: some work on every byte, in C."""
    changed = payload.translate(TABLE)
    stamp = hashlib.md5(changed, usedforsecurity=False).digest()
    return stamp + changed[len(stamp) :]


def transform(source: memoryview, target: memoryview) -> None:
    """The same from one place to another, without a copy of the whole."""
    digest = hashlib.md5(usedforsecurity=False)
    for start in range(0, len(source), PIECE_BYTES):
        changed = bytes(source[start : start + PIECE_BYTES]).translate(TABLE)
        digest.update(changed)
        target[start : start + len(changed)] = changed
    stamp = digest.digest()[: len(target)]
    target[: len(stamp)] = stamp


class Ipc(Task):
    """Every item is a payload to transform; its answer is the CRC-32 of what came back."""

    name = "ipc"
    kind = "cpu"
    defaults = {"payload_kib": 512, "via": "pickle"}
    summary = "sends payload_kib to a worker, transforms it and sends it back"

    def __init__(self, params: Dict[str, Any], context: Context) -> None:
        super().__init__(params, context)
        self._bytes: int = params["payload_kib"] * 1024
        self._slots = 0
        self._block: Optional[SharedMemory] = None
        self._owner = False

    @classmethod
    def check_params(cls, params: Dict[str, Any]) -> Optional[str]:
        """See Task."""
        return checks.whole(params, "payload_kib", 1, 65536) or checks.one_of(
            params, "via", ("pickle", "shared_memory")
        )

    @classmethod
    def bound_to_node(cls, params: Dict[str, Any]) -> Optional[str]:
        """See Task."""
        if params["via"] == "shared_memory":
            return "no other node sees this one's shared memory"
        return super().bound_to_node(params)

    def _shares(self) -> bool:
        return bool(self.params["via"] == "shared_memory")

    def prepare(self, count: int, scale: int) -> None:
        """Note the number of slots; raise Unsupported where shared memory is too small."""
        self._slots = count
        wanted, free = self._block_bytes(), blocks.free_bytes()
        if self._shares() and free is not None and wanted > free:
            raise Unsupported(
                f"ipc via=shared_memory needs {wanted >> 20} MiB of shared memory, "
                f"{blocks.LINUX_FOLDER} has {free >> 20} MiB left"
            )

    def _block_bytes(self) -> int:
        return (DISTINCT + self._slots) * self._bytes

    def make_items(self, count: int, scale: int) -> List[Any]:
        """Items are payloads (pickle) or slots of the block (shared_memory)."""
        if self._shares():
            return list(range(count))
        payloads = self._payloads()
        return [payloads[index % DISTINCT] for index in range(count)]

    def _payloads(self) -> List[bytes]:
        seed = self.context.seed
        return [random.Random(f"ipc {seed} {n}").randbytes(self._bytes) for n in range(DISTINCT)]

    def share(self, kit: SharedKit) -> Optional[str]:
        """The name of the block: DISTINCT payloads, then one slot an item for what comes out."""
        if not self._shares():
            return None
        self.close()
        # Named after the scratch folder, so that what a killed launch left is found and removed.
        name = f"poolwise-{zlib.crc32(self.context.scratch.encode()):08x}"
        self._block, self._owner = blocks.create(name, self._block_bytes()), True
        for index, payload in enumerate(self._payloads()):
            self._buffer()[slice(*self._bounds(index))] = payload
        return name

    def start_worker(self, shared: Any) -> None:
        """Attach the block (in the process that made it there is nothing to do)."""
        if shared is not None and self._block is None:
            self._block = blocks.attach(shared)

    def run(self, item: Item) -> Item:
        """The transformed payload (pickle), or the checksum of what lies in the item's slot now."""
        if isinstance(item, bytes):
            return transformed(item)
        buffer = self._buffer()
        source = buffer[slice(*self._bounds(item % DISTINCT))]
        target = buffer[slice(*self._bounds(DISTINCT + item))]
        transform(source, target)
        return zlib.crc32(target)

    def _buffer(self) -> memoryview:
        if self._block is None or self._block.buf is None:
            raise RuntimeError("ipc: start_worker(share(...)) must come before run")
        return self._block.buf

    def _bounds(self, slot: int) -> Tuple[int, int]:
        return slot * self._bytes, (slot + 1) * self._bytes

    def before_batch(self) -> None:
        """Spoil the slots, so that a result of the batch before can't pass for one of this."""
        for slot in range(self._slots if self._block is not None else 0):
            self._buffer()[self._bounds(DISTINCT + slot)[0]] ^= 0xFF

    def answer(self, results: List[Any]) -> List[Any]:
        """CRC-32 an item; shared_memory: [what the worker says, what the main process sees]."""
        if not self._shares():
            return [zlib.crc32(result) for result in results]
        return [[said, self._seen(slot)] for slot, said in enumerate(results)]

    def _seen(self, slot: int) -> int:
        return zlib.crc32(bytes(self._buffer()[slice(*self._bounds(DISTINCT + slot))]))

    def close(self) -> None:
        """Let go of the block; the process that made it removes it."""
        if self._block is not None:
            self._block.close()
            if self._owner:
                self._block.unlink()
        self._block, self._owner = None, False
