"""What all tests share: locks of their own, so that they and a real run leave each other alone."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile

LOCKS = tempfile.mkdtemp(prefix="poolwise-test-locks-")
os.environ["POOLWISE_LOCK_FOLDER"] = LOCKS  # before experiments.conductor.lock is imported
atexit.register(shutil.rmtree, LOCKS, ignore_errors=True)
