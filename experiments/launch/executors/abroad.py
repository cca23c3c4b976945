"""What is run in the workers of a cluster that is not ours: they live on after the launch.

They are told where Poolwise lies, forget what they imported of the user's code before, and tell
what they have used, as the process tree of the launch doesn't show it.
"""

from __future__ import annotations

import os
import platform
import resource
import sys
import sysconfig
from pathlib import Path
from typing import Any, Dict, List, NamedTuple, Optional

from experiments.launch import usage
from experiments.launch.base import TaskRef
from experiments.launch.user_code import ROLES, put_first

#: the folder that `experiments` lies in; the workers need it at the same place
ROOT = str(Path(__file__).resolve().parents[3])
#: for a process that can't import anything of ours yet; last on its path: it hides nothing there
FIND = f"import sys; {ROOT!r} in sys.path or sys.path.append({ROOT!r})"
#: when this process imported the measured half, its code was of this age
CODE = max(file.stat().st_mtime for file in Path(__file__).resolve().parents[1].rglob("*.py"))


class Arrived(NamedTuple):
    """Where a worker is; `cpus` is None where the system doesn't tell."""

    host: str
    cpus: Optional[List[int]]
    python: str
    code: float


class Used(NamedTuple):
    """What a worker's process and its children have used so far; the memory is that of now."""

    host: str
    user_seconds: float
    system_seconds: float
    memory_mib: Optional[float]


def host() -> str:
    """One name for all processes of one machine, from its start to its end."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return platform.node()


def arrive(ref: TaskRef) -> Arrived:
    """Forget the user's modules: they may have been edited since an earlier launch."""
    own = ref.params.get("own", {})
    put_first(own.get("path"))
    for name in [name for name in list(sys.modules) if _is_users(name, own)]:
        sys.modules.pop(name, None)
    cpus = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else None
    return Arrived(host(), cpus, platform.python_version(), CODE)


def used() -> Used:
    """See Used."""
    own, ended = map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    user, system = own.ru_utime + ended.ru_utime, own.ru_stime + ended.ru_stime
    return Used(host(), user, system, usage.memory_mib())


def _is_users(name: str, own: Dict[str, Any]) -> bool:
    """Whether a module lies in the user's folder, or is of a package that the user named.

    What is installed keeps: an extension module can't be imported twice.
    """
    file = getattr(sys.modules.get(name), "__file__", None)
    if not file or not own:
        return False
    if own.get("path") and Path(own["path"]) in Path(file).parents:
        return True
    named = {own[key].replace(":", ".").partition(".")[0] for key in ROLES if own.get(key)}
    installed = [Path(sysconfig.get_path(kind)) for kind in ("stdlib", "purelib", "platlib")]
    return name.partition(".")[0] in named and not set(installed) & set(Path(file).parents)
