"""ray over several nodes: its head is in the launch, and every other node joins it.

What listens on a cluster's network wants this launch's token, as on one node.
"""

from __future__ import annotations

import sys
import time

from experiments.launch import nodes
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
        self.keepers = Keepers(self._allocation, self._allocation.others, folder)
        self.address = self.keepers.address

    def join(self, cpus: int, store_bytes: int) -> None:
        """Have every node join the cluster that has begun here, and wait until all have."""
        import ray

        head = ray.get_runtime_context().gcs_address
        command = [
            sys.executable, "-m", "experiments.launch.executors.raylet", "--head", head,
            "--address", ADDRESS, "--cpus", str(cpus), "--store", str(store_bytes),
            "--folder", self._folder,
        ]  # fmt: skip
        self.keepers.meet()
        self.keepers.start({name: [command] for name in self._allocation.others})
        while sum(bool(node["Alive"]) for node in ray.nodes()) < self._count:
            self.keepers.check()
            time.sleep(LOOK_SECONDS)

    def stop(self) -> None:
        """End all on the other nodes."""
        self.keepers.stop()
