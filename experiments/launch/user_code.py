"""Finds what a user's names lead to ("package.module:function"), and calls it as it asks to be."""

from __future__ import annotations

import asyncio
import importlib
import inspect
import itertools
import sys
from typing import Any, Callable, Dict, List, Mapping, Optional

#: a list of items longer than this is no list of jobs: making it would take longer than measuring
MOST_ITEMS = 100_000
#: roles of the functions in a definition, in the order in which they are looked up
ROLES = ("call", "items", "acall", "setup", "teardown", "same")


class UserCodeError(Exception):
    """What is wrong with a definition: `role` names its key, the message says what to do."""

    def __init__(self, role: str, message: str) -> None:
        super().__init__(message)
        self.role = role


def put_first(path: Optional[str]) -> None:
    """The user's folder first on sys.path, where it stands already too."""
    if path and (not sys.path or sys.path[0] != path):
        sys.path.insert(0, path)


def named(name: str) -> Any:
    """What "package.module:attribute.of.it" names. Raises what importing raises, AttributeError."""
    module_name, _, attributes = name.partition(":")
    found: Any = importlib.import_module(module_name)
    for attribute in attributes.split("."):
        found = getattr(found, attribute)
    return found


def accepted(function: Callable[..., Any], params: Mapping[str, Any]) -> Dict[str, Any]:
    """Those of the parameters that a function takes by name; all where that can't be known."""
    try:
        known = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):  # written in C
        return dict(params)
    if any(one.kind is one.VAR_KEYWORD for one in known):
        return dict(params)
    by_name = {
        one.name for one in known if one.kind in (one.KEYWORD_ONLY, one.POSITIONAL_OR_KEYWORD)
    }
    return {name: value for name, value in params.items() if name in by_name}


def is_coroutine_function(function: Any) -> bool:
    """Whether calling it gives a coroutine; also of an object that is called."""
    return inspect.iscoroutinefunction(function) or inspect.iscoroutinefunction(
        type(function).__call__ if callable(function) else None
    )


def run_on(library: str, function: Callable[[], Any]) -> Any:
    """What a coroutine function gives, run to its end on a loop of asyncio or trio."""
    if library == "trio":
        return importlib.import_module("trio").run(function)
    return asyncio.run(function())


def items_of(source: Any, params: Mapping[str, Any]) -> List[Any]:
    """The items that a function makes, or that a list holds. Raises UserCodeError."""
    if callable(source):
        made = source(**accepted(source, params))
    elif hasattr(source, "__next__"):
        raise UserCodeError(
            "items",
            "is a {}, which is used up after one pass: name a list, or a function that makes it "
            "anew".format(type(source).__name__),
        )
    else:
        made = source
    return _listed(made)


def _listed(made: Any) -> List[Any]:
    kind = type(made).__name__
    if inspect.iscoroutine(made):
        made.close()
        raise UserCodeError("items", "is a coroutine function: name a plain one")
    if isinstance(made, (set, frozenset)):
        raise UserCodeError(
            "items", "gives a {}, which has another order in each process: sort it".format(kind)
        )
    if made is None or isinstance(made, (str, bytes, Mapping)) or not hasattr(made, "__iter__"):
        raise UserCodeError("items", "gives a {}, not a list of items".format(kind))
    found = list(itertools.islice(made, MOST_ITEMS + 1))
    if len(found) > MOST_ITEMS:
        many = "{:,}".format(len(made)) if hasattr(made, "__len__") else "more"
        raise UserCodeError(
            "items",
            "gives {} items, at most {:,} can be measured: give a part of them, such as "
            "list(itertools.islice(items, 1000))".format(many, MOST_ITEMS),
        )
    if not found:
        raise UserCodeError("items", "gives no item: there is nothing to measure")
    return found


def spread(items: List[Any], count: int) -> List[Any]:
    """`count` of the items, evenly spread over the list, or the list over and over."""
    if count >= len(items):
        return [items[place % len(items)] for place in range(count)]
    return [items[place * len(items) // count] for place in range(count)]
