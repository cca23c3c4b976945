"""ray: a pool of actors, a process each, on a cluster of this launch's own: on loopback, or over
the nodes of a job."""

from __future__ import annotations

import os
import secrets
from typing import Any, Callable, Dict, List, Optional

from experiments.launch import usage, worker
from experiments.launch.base import Elsewhere, OtherNodes
from experiments.launch.executors.library import LibraryPool, guarded
from experiments.launch.executors.on_disk import NoBarrier
from experiments.launch.executors.processes import WorkerDied
from experiments.launch.executors.ray_nodes import Others

#: results and items that lie in shared memory: far more than a batch holds
STORE_BYTES = 200 * 2**20
#: no usage reports, and a token of our own: ray's would be kept in the user's home
ENVIRONMENT = {"RAY_USAGE_STATS_ENABLED": "0", "RAY_AUTH_MODE": "token",
               "RAY_ENABLE_AUTO_CONNECT": "0"}  # fmt: skip


class Ray(LibraryPool):
    """Items through `ray.util.ActorPool.map`; an actor does one item at a time."""

    name = "ray"
    requires = ("ray",)
    defaults = {"nodes": 1}
    _others: Optional[Others] = None
    _unseen: Optional[float] = None

    @classmethod
    def over_nodes(cls, options: Dict[str, Any]) -> bool:
        """Always."""
        return True

    @classmethod
    def enter(cls) -> None:
        """Stay on loopback: elsewhere than on macOS and Windows ray takes the host's address."""
        os.environ.update(ENVIRONMENT, RAY_AUTH_TOKEN=secrets.token_hex(32))
        from ray._private import ray_constants

        ray_constants.ENABLE_RAY_CLUSTER = False

    def start(self) -> None:
        """Start ray and every actor; wait until each has imported the task."""
        import ray

        given, nodes = self.apart_arguments(NoBarrier()), self.options["nodes"]
        self._actors: List[Any] = []
        if nodes > 1:
            self._others = Others(nodes, str(self.folder))
        # ray's sockets lie there, and a socket's whole name may have 107 bytes: this one is short
        self._pool = opened = os.open(self.folder, os.O_RDONLY)
        each = self.workers // nodes
        ray.init(
            num_cpus=each, include_dashboard=False, object_store_memory=STORE_BYTES,
            log_to_driver=False, logging_level="warning",
            _temp_dir=f"/proc/{os.getpid()}/fd/{opened}",
            _node_ip_address=self._others.address if self._others else "127.0.0.1",
        )  # fmt: skip
        if self._others:  # each has CPUs for its share of the actors, so they are spread evenly
            self._others.join(each, STORE_BYTES)
        actor = ray.remote(num_cpus=1)(Actor)
        self._actors = [actor.remote() for _ in range(self.workers)]
        self._everywhere(worker.begin, *given)
        self.met(self._everywhere(worker.meet, 0))

    def elsewhere(self) -> Optional[Elsewhere]:
        """The actors on other nodes, with the processes that ray has there."""
        return self._others.keepers.elsewhere() if self._others else None

    def elsewhere_at_end(self) -> Optional[float]:
        """What ray's processes below its servers have used: those don't wait for them, and so what
        they used is counted nowhere once they have ended."""  # fmt: skip
        return self._unseen

    def other_nodes(self) -> Optional[OtherNodes]:
        """Where there are several."""
        return self._others.keepers if self._others else None

    def _everywhere(self, *call: Any) -> List[Any]:
        import ray

        return _got(lambda: ray.get([one.call.remote(*call) for one in self._actors]))

    def run(self, items: List[Any]) -> List[Any]:
        """Run all items through a pool of the actors."""
        from ray.util import ActorPool

        run, pool = worker.run_item, ActorPool(self._actors)
        return _got(lambda: list(pool.map(lambda actor, item: actor.call.remote(run, item), items)))

    def close_pool(self) -> None:
        """Have the actors close the task, and end all that ray has started for us."""
        import ray

        try:
            if self._actors:
                self._everywhere(worker.end)
        except WorkerDied:
            pass  # and has nothing left to close
        finally:
            if self._others:
                self._others.stop()
            me = os.getpid()
            below = [one for one in usage.descendants(me) if one.parent != me]
            self._unseen = sum(one.user_seconds + one.system_seconds for one in below)
            ray.shutdown()
            os.close(self._pool)


class Actor:
    """A worker."""

    def call(self, function: Callable[..., Any], *arguments: Any) -> Any:
        """Call a function there."""
        return function(*arguments)


def _got(call: Callable[[], List[Any]]) -> List[Any]:
    """Call, with the errors of items as they were raised."""
    from ray.exceptions import RayActorError, RayTaskError

    try:
        return guarded(call, RayActorError)
    except RayTaskError as error:
        raise error.cause from error
