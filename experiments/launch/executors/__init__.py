"""The ways of running items, by name. An executor's module is imported only when asked for.

A new executor is one file here and one line below.
"""

from __future__ import annotations

from typing import Dict, Type

from experiments.launch.base import Executor
from experiments.launch.naming import entry_value, load_class

EXECUTORS: Dict[str, str] = {
    "sequential": "experiments.launch.executors.sequential:Sequential",
    "threads": "experiments.launch.executors.threads:Threads",
    "processes": "experiments.launch.executors.processes:Processes",
    "asyncio": "experiments.launch.executors.event_loop:EventLoop",
    "asyncio_to_thread": "experiments.launch.executors.to_thread:ToThread",
    "multiprocessing_pool": "experiments.launch.executors.multiprocessing_pool:MultiprocessingPool",
    "interpreters": "experiments.launch.executors.interpreters:Interpreters",
    "process_per_item": "experiments.launch.executors.process_per_item:ProcessPerItem",
    # of other libraries, the simplest first
    "trio": "experiments.launch.executors.trio_loop:Trio",
    "anyio": "experiments.launch.executors.anyio_loop:Anyio",
    "gevent": "experiments.launch.executors.gevent_pool:Gevent",
    "joblib": "experiments.launch.executors.joblib_parallel:Joblib",
    "loky": "experiments.launch.executors.loky_pool:Loky",
    "dask": "experiments.launch.executors.dask_bag:Dask",
    "ray": "experiments.launch.executors.ray_actors:Ray",
    "mpi4py": "experiments.launch.executors.mpi_pool:Mpi4py",
}


def load(name: str) -> Type[Executor]:
    """A registered executor's class, or that of outside code named "package.module:ClassName".

    An entry point of an installed package is "name=package.module:ClassName".
    """
    if ":" not in name and name not in EXECUTORS:
        raise KeyError(f"unknown executor {name!r}; there are: {', '.join(EXECUTORS)}")
    found = load_class(EXECUTORS.get(name, entry_value(name)))
    if not (isinstance(found, type) and issubclass(found, Executor)):
        raise TypeError(f"executor {name!r} is not a subclass of experiments.launch.base.Executor")
    return found
