"""Whose code is it? Finds a user's functions, and tells their errors with the user's own line."""

from __future__ import annotations

import os
import sys
import sysconfig
import traceback
from typing import Any, Iterable, List, Set

from experiments.launch.events import reason_of
from experiments.launch.user_code import UserCodeError, named

#: the project's own code, beside which a user's may lie
OWN_FOLDER = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


def found(role: str, name: str) -> Any:
    """What a name leads to. Raises UserCodeError."""
    module_name = name.partition(":")[0]
    try:
        return named(name)
    except ModuleNotFoundError as error:
        if error.name and (module_name + ".").startswith(error.name + "."):
            lost = "no module {}{}".format(error.name, _ours(module_name))
            message = "can't be found: there is {}; name the folder it lies in as path"
            raise UserCodeError(role, message.format(lost)) from error
        raise UserCodeError(role, "can't be imported: {}".format(told(error))) from error
    except AttributeError as error:
        if error.__traceback__ is not None and _frames(error):
            raise UserCodeError(role, "can't be imported: {}".format(told(error))) from error
        message = "can't be found: module {} has no {}".format(*name.split(":"))
        raise UserCodeError(role, message) from error
    except (Exception, SystemExit) as error:
        raise UserCodeError(role, "can't be imported: {}".format(told(error))) from error


def _ours(module_name: str) -> str:
    taken = module_name.partition(".")[0] == "experiments"
    return " (the name experiments is Poolwise's own)" if taken else ""


def told(error: BaseException) -> str:
    """An exception and the user's line that raised it."""
    frames = _frames(error)
    if not frames:
        return reason_of(error)
    path = os.sep.join(frames[-1].filename.split(os.sep)[-2:])
    return "{} ({}, line {})".format(reason_of(error), path, frames[-1].lineno)


def _frames(error: BaseException) -> List[traceback.FrameSummary]:
    """The part of the traceback that lies in the user's files."""
    return [one for one in traceback.extract_tb(error.__traceback__) if _is_users(one.filename)]


def own_files(names: Iterable[str]) -> List[str]:
    """Files that the functions of these names were imported from.

    First those of modules from neither the library, packages nor Poolwise, then, where a name leads
    into an installed package, those of this package: it may be the user's, and be edited there.
    """
    packages = {name.partition(":")[0].partition(".")[0] for name in names}
    users: Set[str] = set()
    installed: Set[str] = set()
    for name, module in list(sys.modules.items()):
        path = getattr(module, "__file__", None)
        if path and _is_users(path):
            users.add(path)
        elif path and name.partition(".")[0] in packages and _is_installed(path):
            installed.add(path)
    return [*sorted(users), *sorted(installed)]


def _is_installed(path: str) -> bool:
    return bool(
        {"site-packages", "dist-packages"}.intersection(os.path.abspath(path).split(os.sep))
    )


def _is_users(path: str) -> bool:
    full = os.path.abspath(path)
    if path.startswith("<") or _is_installed(path):
        return False
    library = {sysconfig.get_path(name) for name in ("stdlib", "platstdlib")}
    folders = [OWN_FOLDER, *(one for one in library if one)]
    return not any(full.startswith(os.path.abspath(one) + os.sep) for one in folders)
