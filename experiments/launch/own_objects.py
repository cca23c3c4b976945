"""A user's items and results: whether they can travel between processes, and stay as they are."""

from __future__ import annotations

import pickle
from typing import Any, List

from experiments.launch.canonical import short_form
from experiments.launch.events import reason_of
from experiments.launch.user_code import UserCodeError


def comparable(item: Any) -> str:
    """What shows whether an item changes; empty where no process could be sent it as it was."""
    return "" if unpicklable([item], []) else short_form(item)


def refuse_changed(role: str, before: str, item: Any) -> None:
    """Raise UserCodeError where an item isn't what it was.

    A batch has the same items as the one before, but worker processes get them as they were.
    """
    after = short_form(item) if before else ""
    if after != before:
        raise UserCodeError(
            role,
            "changes its item ({} -> {}): have it work on a copy, as every batch has the same "
            "items".format(before, after),
        )


def unpicklable(items: List[Any], results: List[Any]) -> str:
    """Why items or results can't travel between processes; empty where they can."""
    for what, objects in (("items", items), ("results", results)):
        for one in objects:
            try:
                pickle.loads(pickle.dumps(one, pickle.HIGHEST_PROTOCOL))
            except Exception as error:  # a user's class may raise anything
                return "its {} can't be sent between processes: {}".format(what, reason_of(error))
    return ""
