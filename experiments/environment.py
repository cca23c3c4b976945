"""The environment that launches, and those that are only asked what they are, are started in."""

from __future__ import annotations

import os
import random
from collections.abc import Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
BLAS_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS",
                  "VECLIB_MAXIMUM_THREADS", "NUMEXPR_NUM_THREADS")  # fmt: skip


def environment(params: Mapping[str, Any]) -> dict[str, str]:
    """The launch's environment: our root on the path, BLAS threads pinned, random padding.

    The padding has a random length because the size of the environment shifts the stack and with
    it the speed of some programs (Mytkowicz et al., "Producing Wrong Data Without Doing Anything
    Obviously Wrong!", ASPLOS 2009).
    """
    blas = str(params.get("blas_threads", 1))
    env = {**os.environ, **dict.fromkeys(BLAS_VARIABLES, blas)}
    env.pop("PYTHONDONTWRITEBYTECODE", None)  # else every launch compiles our modules again
    env.pop("PYTHONSAFEPATH", None)  # ours, for the rules; programs a task starts are the user's
    given = filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep))
    # absolute, because a launch does not run in the user's folder
    paths = [str(ROOT), *(str(Path(path).absolute()) for path in given)]
    env["PYTHONPATH"] = os.pathsep.join(paths)
    env["POOLWISE_PADDING"] = "x" * random.randrange(4096)
    return env
