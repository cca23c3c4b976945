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
    answer = task.answer(results)
    return answer if task.plain_answers else list(json.loads(json.dumps(answer)))


def expected_of(task: Task, results: List[Any]) -> List[Any]:
    """The answers that `check` wants: one of each distinct item."""
    return answers_of(task, results[: task.distinct(len(results))])


def check(task: Task, expected: List[Any], results: List[Any], where: str) -> None:
    """Raise WrongAnswer at the first item whose answer differs, or where some are missing.

    Items that come again are compared in turn, so that no more answers are held than expected ones.
    """
    distinct = max(1, task.distinct(len(results)))
    for first in range(0, max(1, len(results)), distinct):
        part = results[first : first + distinct]
        wanted = expected if first == 0 else expected[: len(part)]
        _check_part(task, wanted, answers_of(task, part), first, where)


def _check_part(task: Task, expected: List[Any], got: List[Any], first: int, where: str) -> None:
    if len(got) != len(expected):
        raise WrongAnswer(f"{where}: expected {len(expected)} answers, got {len(got)}")
    for index, (wanted, given) in enumerate(zip(expected, got), first):
        if not task.same(wanted, given):
            raise WrongAnswer(
                f"{where}: item {index}: expected {_short(wanted)}, got {_short(given)}"
            )


def _short(value: Any) -> str:
    return shorten(json.dumps(value), LONGEST_VALUE)
