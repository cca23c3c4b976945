from __future__ import annotations

import shutil
import subprocess

import pytest

from experiments.launch.base import Context, Unsupported
from experiments.launch.tasks.arithmetic import churn, start_of

from .driving import make, native, sequential

shell = pytest.mark.skipif(shutil.which("sh") is None, reason="no POSIX shell here")


@shell
@pytest.mark.parametrize("run", [sequential, native])
def test_a_job_prints_what_python_computes(run: type, context: Context) -> None:
    answers = run(make("subprocess_jobs", context, steps=50), 3, 1)

    assert answers == [churn(start_of(context.seed, index), 50) for index in range(3)]


@shell
@pytest.mark.parametrize("run", [sequential, native])
def test_a_job_that_fails_is_an_error_and_no_answer(
    run: type, context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    task = make("subprocess_jobs", context)
    monkeypatch.setattr(task, "make_items", lambda count, scale: [("/bin/sh", "-c", "exit 3")])

    with pytest.raises(subprocess.CalledProcessError, match="exit status 3"):
        run(task, 1, 1)


def test_no_shell_is_unsupported(context: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: None)

    with pytest.raises(Unsupported, match="no program 'sh'"):
        make("subprocess_jobs", context).prepare(1, 1)
