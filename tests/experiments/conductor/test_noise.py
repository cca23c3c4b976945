from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from experiments.conductor import noise

TICKS = os.sysconf("SC_CLK_TCK")


def test_the_seconds_of_a_process_grow_while_it_works() -> None:
    before = noise.threads_cpu_seconds(os.getpid())
    assert before is not None
    while noise.threads_cpu_seconds(os.getpid()) == before:
        pass

    assert 0 < before < (noise.threads_cpu_seconds(os.getpid()) or 0)
    assert noise.threads_cpu_seconds(2**22 + 1) is None


FAMILY = r"""
import subprocess, sys
busy = "import time\nwhile time.process_time() < 0.3: pass\n"
subprocess.run([sys.executable, "-c", busy])  # gone, but used by this family
stays = subprocess.Popen([sys.executable, "-c", busy + "print(1, flush=True)\ninput()"],
                         stdin=subprocess.PIPE, stdout=subprocess.PIPE)
stays.stdout.readline()
print(1, flush=True)
input()
"""


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="no /proc here")
def test_a_family_is_a_process_its_living_children_and_those_it_has_reaped() -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", FAMILY], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert process.stdout is not None
    process.stdout.readline()

    assert noise.family_cpu_seconds(process.pid) >= 0.6 - 2 / TICKS
    assert (noise.threads_cpu_seconds(process.pid) or 0.0) < 0.3
    process.communicate(b"\n")
    assert noise.family_cpu_seconds(process.pid) == 0.0
