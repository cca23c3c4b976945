"""From names to classes of code outside, and what a class says that it needs."""

from __future__ import annotations

import ast
import importlib
import importlib.util
from typing import Any, Iterable, Optional, Set, Tuple


def entry_value(name: str) -> str:
    """What an entry point "name=package.module:ClassName" leads to; any other name as it is."""
    return name.rpartition("=")[2]


def missing_package(name: str, error: ModuleNotFoundError) -> Optional[str]:
    """The module of an entry point that is missing here, as the error says; else None.

    The plan has found the package that it belongs to; this interpreter may lack it.
    """
    module = entry_value(name).partition(":")[0]
    own = error.name is not None and f"{module}.".startswith(f"{error.name}.")
    return error.name if own and "=" in name else None


def load_class(name: str) -> Any:
    """The class that "package.module:ClassName" names; its module is imported."""
    module_name, _, class_name = name.partition(":")
    module = importlib.import_module(module_name)
    try:
        return getattr(module, class_name)
    except AttributeError:
        raise ImportError(f"module {module_name} has no class {class_name!r}") from None


def missing_module(names: Iterable[str]) -> Optional[str]:
    """The first of some modules that can't be found here, without importing it."""
    return next((name for name in names if not _findable(name)), None)


def _findable(name: str) -> bool:
    try:
        return importlib.util.find_spec(name) is not None
    except (ImportError, ValueError):  # a parent package that is missing, or half a module
        return False


def missing_declared(error: ModuleNotFoundError) -> Optional[str]:
    """The declared requirement whose absence made a module's import fail, or None.

    A task whose module imports its requirement at the top can't be asked for `requires` where
    that is missing; the declaration is then read from the source of the module that failed.
    """
    traceback = error.__traceback__
    root = (error.name or "").partition(".")[0]
    while traceback is not None:
        if root and root in _declared(traceback.tb_frame.f_code.co_filename):
            return error.name
        traceback = traceback.tb_next
    return None


def _declared(path: str) -> Set[str]:
    """Top-level modules named by `requires` and `requires_async` of the classes in a file."""
    try:
        with open(path, encoding="utf-8") as file:
            tree = ast.parse(file.read())
    except (OSError, SyntaxError, ValueError):
        return set()
    return {
        node.value.partition(".")[0]
        for value in _assigned(tree, ("requires", "requires_async"))
        for node in ast.walk(value)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }


def _assigned(tree: ast.AST, names: Tuple[str, ...]) -> Iterable[ast.AST]:
    for node in ast.walk(tree):
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        if any(isinstance(target, ast.Name) and target.id in names for target in targets):
            value = getattr(node, "value", None)
            if value is not None:
                yield value
