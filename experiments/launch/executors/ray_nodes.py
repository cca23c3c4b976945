"""ray over several nodes: its head is in the launch, and every other node joins it.

What listens on a cluster's network wants this launch's token, as on one node.
"""

from __future__ import annotations

import sys
import time
from typing import Optional

from experiments.launch import nodes
from experiments.launch.base import Elsewhere
from experiments.launch.cores import Taken
from experiments.launch.keeper import ADDRESS
from experiments.launch.keepers import Keepers

requires = ("ray",)
#: how often it is seen whether all nodes have joined, and whether one of them has ended
LOOK_SECONDS = 0.02


class Others:
    """The nodes of a job beside the launch's own; `address` is that of this one for them."""

    def __init__(self, count: int, folder: str) -> None:
        self._count, self._folder = count, folder
        self._allocation = nodes.allocation(count)
        self._keepers = Keepers(self._allocation, self._allocation.others, folder)
        self.address = self._keepers.address

    def join(self, cpus: int, store_bytes: int) -> None:
        """Have every node join the cluster that has begun here, and wait until all have."""
        import ray

        head = ray.get_runtime_context().gcs_address
        command = [
            sys.executable, "-m", "experiments.launch.executors.raylet", "--head", head,
            "--address", ADDRESS, "--cpus", str(cpus), "--store", str(store_bytes),
            "--folder", self._folder,
        ]  # fmt: skip
        self._keepers.meet()
        self._keepers.start({name: [command] for name in self._allocation.others})
        while sum(bool(node["Alive"]) for node in ray.nodes()) < self._count:
            self._keepers.check()
            time.sleep(LOOK_SECONDS)

    def elsewhere(self) -> Elsewhere:
        """What the other nodes have used; this one's processes are below the launch."""
        return self._keepers.elsewhere()

    def taken_at_end(self) -> Optional[Taken]:
        """What others took of those nodes."""
        return self._keepers.taken_at_end()

    def stop(self) -> None:
        """End all on the other nodes."""
        self._keepers.stop()
