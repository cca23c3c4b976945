"""trio: native coroutines in a nursery, for tasks that don't need asyncio."""

from __future__ import annotations

import functools
import threading
from typing import Any, Dict, Optional

from experiments.launch.executors.loops import Loop


class Trio(Loop):
    """A batch is a nursery with `workers` tasks."""

    name = "trio"
    requires = ("trio",)
    _thread: Optional[threading.Thread] = None

    @classmethod
    def library(cls, options: Dict[str, Any]) -> str:
        """trio."""
        return "trio"

    def start(self) -> None:
        """Start the loop's thread and wait until it runs."""
        import trio

        ready = threading.Event()
        self._thread = threading.Thread(target=trio.run, args=(self._live, ready), daemon=True)
        self._thread.start()
        ready.wait()
        call = functools.partial(trio.from_thread.run, trio_token=self._token)
        self.opened(call, trio.open_nursery, trio)

    async def _live(self, ready: threading.Event) -> None:
        import trio

        self._token, self._over = trio.lowlevel.current_trio_token(), trio.Event()
        ready.set()
        await self._over.wait()

    def stop(self) -> None:
        """Close what the task opened on the loop, and the loop."""
        if self._thread is None or not self._thread.is_alive():
            return

        async def over() -> None:
            await self.end()
            self._over.set()

        self._on_loop(over)
        self._thread.join()
