"""No work at all: items come back as they went, so that only what an executor costs is left.

Internal: the blocks that take the overhead of executors apart (experiments/overheads.py) measure
it. An item is its number, stamped on `payload_kib` KiB of random bytes: processes pickle and copy
them there and back, threads hand over a reference.
"""

from __future__ import annotations

import random
import zlib
from typing import Any, Dict, List, Optional

from ..base import Task
from . import checks

#: bytes of an item's number: they tell items apart, whose payload is the same
STAMP = 8


class Overhead(Task):
    """Every item is given back; its answer is the CRC-32 of what came."""

    name = "overhead"
    kind = "cpu"
    defaults = {"payload_kib": 0}
    summary = "no work: items of payload_kib are given back as they came"
    native_async = True
    async_libraries = ("asyncio", "trio")

    @classmethod
    def check_params(cls, params: Dict[str, Any]) -> Optional[str]:
        """See Task."""
        return checks.whole(params, "payload_kib", 0, 65536)

    def make_items(self, count: int, scale: int) -> List[bytes]:
        """Items are bytes of their own each, so that no copy of one can pass for another."""
        seed = f"overhead {self.context.seed}"
        payload = random.Random(seed).getrandbits(8 * 1024 * self.params["payload_kib"] + 1)
        body = payload.to_bytes(1024 * self.params["payload_kib"] + 1, "little")
        return [index.to_bytes(STAMP, "little") + body for index in range(count)]

    def run(self, item: bytes) -> bytes:
        """The item."""
        return item

    async def arun(self, item: bytes) -> bytes:
        """The item."""
        return item

    def answer(self, results: List[bytes]) -> List[Any]:
        """CRC-32 of every result."""
        return [zlib.crc32(result) for result in results]
