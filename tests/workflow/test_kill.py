"""A run that is killed loses the launch in flight at most, and leaves nothing running."""

from __future__ import annotations

import os
import signal
import subprocess

import pytest

from experiments.schema import LAUNCHES
from tests.workflow.conftest import MakeFolder
from tests.workflow.driving import TRACE, Folder, wait_until

pytestmark = pytest.mark.host

BLOCK = "http_request-1c"
ROUNDS = 6
NAMES = {"sequential", "threads", "processes"}


@pytest.fixture
def folder(make_folder: MakeFolder) -> Folder:
    tasks = ["http_request"]  # its server has to end as well
    return make_folder(tasks=tasks, executors=["threads", "processes"], looks=[ROUNDS])


def killed_in_the_middle(folder: Folder, victim: str) -> subprocess.Popen[str]:
    """Start a run and kill one of its processes after a few launches."""
    run = folder.start()
    assert wait_until(lambda: folder.launches_so_far(BLOCK) >= 4, 180)
    os.kill(folder.process(victim) if victim else run.pid, signal.SIGKILL)
    run.communicate(timeout=180)
    assert run.returncode != 0
    return run


@pytest.mark.parametrize("victim", ["experiments.conductor\0block", ""], ids=["conductor", "all"])
def test_a_rerun_goes_on_and_every_launch_is_there_once(folder: Folder, victim: str) -> None:
    killed_in_the_middle(folder, victim)
    assert folder.none_left()
    kept = folder.journal(BLOCK).read_text().splitlines()
    assert len(kept) > 4
    ended = folder.decide()

    assert ended.status == 0, ended.said
    assert TRACE not in ended.said
    rows = folder.table(LAUNCHES)
    assert folder.journal(BLOCK).read_text().splitlines()[: len(kept)] == kept
    found = sorted((row["round"], row["executor"]) for row in rows)
    assert found == sorted((n, name) for n in range(ROUNDS) for name in NAMES)
    assert folder.none_left()


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM], ids=["ctrl-c", "terminate"])
def test_an_interrupt_ends_everything_and_a_rerun_goes_on(
    folder: Folder, how: signal.Signals
) -> None:
    run = folder.start()
    assert wait_until(lambda: folder.launches_so_far(BLOCK) >= 2, 180)
    if how == signal.SIGINT:
        os.killpg(run.pid, how)  # as a terminal does
    else:
        run.terminate()
    _, said = run.communicate(timeout=180)

    assert run.returncode != 0
    assert TRACE not in said
    assert folder.none_left(20)
    assert folder.run("-n").status == 0
