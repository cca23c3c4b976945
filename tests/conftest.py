"""What all tests share: locks of their own, so that they and a real run leave each other alone."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from collections.abc import Iterator

import hypothesis
import pytest

from tests.slurm import Cluster, cluster_or_skip

LOCKS = tempfile.mkdtemp(prefix="poolwise-test-locks-")
os.environ["POOLWISE_LOCK_FOLDER"] = LOCKS  # before experiments.conductor.lock is imported
atexit.register(shutil.rmtree, LOCKS, ignore_errors=True)
# how long an example takes is up to what else runs on the machine
hypothesis.settings.register_profile("poolwise", deadline=None)
hypothesis.settings.load_profile("poolwise")


@pytest.fixture(autouse=True)
def own_affinity() -> Iterator[None]:
    """A block that is measured in this process moves it off the measured cores."""
    before = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else None
    yield
    if before is not None and os.sched_getaffinity(0) != before:
        os.sched_setaffinity(0, before)


@pytest.fixture(scope="session")
def slurm() -> Iterator[Cluster]:
    """A Slurm cluster of two nodes with cores of their own: whoever uses it leaves it idle."""
    with cluster_or_skip() as cluster:
        yield cluster
