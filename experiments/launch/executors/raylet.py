"""A node of a ray cluster beside its head: `python -m experiments.launch.executors.raylet`.

As `ray start --address`, which takes no loopback and no folder of a launch's own.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
import time
from types import FrameType
from typing import Optional

requires = ("ray",)
#: how often it is seen whether a process of the node has ended
LOOK_SECONDS = 0.5


def main() -> None:
    """Join the cluster, and stay until told to end or until a process of ray's ends."""
    parser = argparse.ArgumentParser(prog="python -m experiments.launch.executors.raylet")
    parser.add_argument("--head", required=True, help="address:port of the cluster's first node")
    parser.add_argument("--address", required=True, help="of this node")
    parser.add_argument("--cpus", type=int, required=True, help="actors that may run here")
    parser.add_argument("--store", type=int, required=True, help="bytes of the object store")
    parser.add_argument("--folder", required=True, help="for ray's files of this node")
    args = parser.parse_args()
    from ray._private import node, parameter

    # a socket's whole name may have 107 bytes: this one of the folder is short
    folder = os.path.join(args.folder, os.environ["SLURMD_NODENAME"])
    os.makedirs(folder, exist_ok=True)
    opened = os.open(folder, os.O_RDONLY)
    params = parameter.RayParams(
        gcs_address=args.head, num_cpus=args.cpus, num_gpus=0, object_store_memory=args.store,
        node_ip_address=args.address,
        temp_dir=f"/proc/{os.getpid()}/fd/{opened}", include_log_monitor=False,
        node_manager_port=0, min_worker_port=0, max_worker_port=0,
        dashboard_agent_listen_port=0,
    )  # fmt: skip
    joined = node.Node(params, head=False, shutdown_at_exit=True, spawn_reaper=True)
    signal.signal(signal.SIGTERM, _end)
    while not joined.dead_processes():
        time.sleep(LOOK_SECONDS)
    sys.exit("a process of ray has ended")


def _end(_: int, __: Optional[FrameType]) -> None:
    """Leave, which ends the node's processes."""
    sys.exit()


if __name__ == "__main__":
    main()
