"""Checking a batch's results against the sequential answers, outside the timing."""

from __future__ import annotations

import json
from typing import Any, List

from experiments.launch.base import Task
from experiments.launch.events import shorten

LONGEST_VALUE = 80


class WrongAnswer(Exception):
    """A batch gave something else than the sequential run; the message says what."""


def answers_of(task: Task, results: List[Any]) -> List[Any]:
    """The task's answer after a trip through JSON, as `expected` has made it too."""
    return list(json.loads(json.dumps(task.answer(results))))


def check(task: Task, expected: List[Any], results: List[Any], where: str) -> None:
    """Raise WrongAnswer at the first item whose answer differs, or where some are missing."""
    got = answers_of(task, results)
    if len(got) != len(expected):
        raise WrongAnswer(f"{where}: expected {len(expected)} answers, got {len(got)}")
    for index, (wanted, given) in enumerate(zip(expected, got)):
        if not task.same(wanted, given):
            raise WrongAnswer(
                f"{where}: item {index}: expected {_short(wanted)}, got {_short(given)}"
            )


def _short(value: Any) -> str:
    return shorten(json.dumps(value), LONGEST_VALUE)
