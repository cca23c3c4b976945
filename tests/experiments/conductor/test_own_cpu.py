"""CPU time of a launch is never taken for that of other programs, whoever started its workers."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

LAUNCH = """
import json, sys
from experiments.conductor import child
from experiments.conductor.reaper import Reaper
from experiments.launch import cores

child.adopt_orphans()
seen = []
cores.shares = lambda before, after, own: seen.append(own) or (None, None)
method, scratch = sys.argv[1:]
reaper = Reaper()
spec = {"launch_id": "", "mode": "measure", "task": "math_python", "params": {"item_ms": 6},
        "items": 16, "scale": 2000, "item_seconds": None, "executor": "processes",
        "options": {"start_method": method, "chunk": "default"}, "workers": 2, "cpus": None,
        "core_limit_seconds": None, "latencies": False,
        "batches": 2, "steady_seconds": 0.0, "most_batches": 2, "profile": True,
        "expected": None, "services": {}, "scratch": scratch, "seed": 1}
with open(scratch + "/log", "wb") as log:
    outcome = child.Launcher(sys.executable, log, reaper, 60.0).launch(spec)
reaper.close()
used = outcome.profile["cpu_user_seconds"] + outcome.profile["cpu_system_seconds"]
print(json.dumps([outcome.status, seen[0], used]))
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="orphans are adopted on Linux")
@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_the_workers_of_every_start_method_count_as_ours(method: str, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", LAUNCH, method, str(tmp_path)],
        capture_output=True, text=True, check=True, timeout=60,
    )  # fmt: skip

    status, own_seconds, a_batch_seconds = json.loads(done.stdout)

    assert status == "ok"
    assert own_seconds > 3.2 * a_batch_seconds  # cold, two steady ones and the profile batch


STRAY = """
import json, os, subprocess, sys, time
from experiments.conductor import child, noise

child.adopt_orphans()
kept = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
others = set(noise.children(os.getpid()))
burn = "import time\\nwhile time.process_time() < 0.4: pass\\ntime.sleep(60)"
# its parent ends at once, and it has a session of its own, as a server's processes do
subprocess.run(["sh", "-c", 'setsid "$0" -c "$1" &', sys.executable, burn], check=True)
while not set(noise.children(os.getpid())) - others:
    time.sleep(0.01)
(stray,) = set(noise.children(os.getpid())) - others
until = time.monotonic() + 20
while (noise.threads_cpu_seconds(stray) or 0) < 0.4 and time.monotonic() < until:
    time.sleep(0.01)
seconds = child._reap_strays(others, 0.1)
print(json.dumps([seconds, os.path.exists(f"/proc/{stray}"), kept.poll()]))
kept.kill()
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="orphans are adopted on Linux")
def test_what_a_launch_leaves_in_a_session_of_its_own_is_counted_and_ended() -> None:
    done = subprocess.run(
        [sys.executable, "-c", STRAY], capture_output=True, text=True, check=True, timeout=60
    )
    seconds, is_there, others_status = json.loads(done.stdout)

    assert seconds >= 0.39
    assert not is_there
    assert others_status is None  # a server of ours lives on
