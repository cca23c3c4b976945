"""Whose code is it? Finds a user's functions, and tells their errors with the user's own line."""

from __future__ import annotations

import os
import sys
import sysconfig
import traceback
from typing import Any, List

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


def own_files() -> List[str]:
    """Files of the modules that were imported from neither the library, packages nor Poolwise."""
    found = (getattr(module, "__file__", None) for module in list(sys.modules.values()))
    return sorted({path for path in found if path and _is_users(path)})


def _is_users(path: str) -> bool:
    full = os.path.abspath(path)
    parts = full.split(os.sep)
    if path.startswith("<") or "site-packages" in parts or "dist-packages" in parts:
        return False
    library = {sysconfig.get_path(name) for name in ("stdlib", "platstdlib")}
    folders = [OWN_FOLDER, *(one for one in library if one)]
    return not any(full.startswith(os.path.abspath(one) + os.sep) for one in folders)
