"""anyio: native coroutines in a task group, on asyncio's loop or on trio's."""

from __future__ import annotations

from typing import Any, Dict, Optional

from experiments.launch.base import Task
from experiments.launch.executors.loops import Loop
from experiments.launch.executors.processes import check_option
from experiments.launch.naming import missing_module


class Anyio(Loop):
    """A batch is a task group with `workers` tasks."""

    name = "anyio"
    requires = ("anyio",)
    defaults = {"backend": "asyncio"}
    levels = {"backend": ("asyncio", "trio")}
    _portal: Any = None

    @classmethod
    def library(cls, options: Dict[str, Any]) -> str:
        """That of the backend: anyio itself runs on both."""
        return str(options["backend"])

    @classmethod
    def unsupported(cls, task: Task, options: Dict[str, Any]) -> Optional[str]:
        """Where the backend is missing, or not the one that the task's coroutines need."""
        check_option("backend", options["backend"], cls.levels["backend"])
        missing = missing_module([options["backend"]])
        if missing is not None:
            return f"anyio's backend {missing} is not installed"
        return super().unsupported(task, options)

    def start(self) -> None:
        """Start the loop's thread: anyio's portal keeps it."""
        import anyio
        from anyio.from_thread import start_blocking_portal

        self._portal = start_blocking_portal(self.options["backend"])
        self.opened(self._portal.__enter__().call, anyio.create_task_group, anyio)

    def stop(self) -> None:
        """Close what the task opened on the loop, and the loop."""
        portal, self._portal = self._portal, None
        if portal is not None:
            self._on_loop(self.end)
            portal.__exit__(None, None, None)
