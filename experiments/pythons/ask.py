"""Asks interpreters what they are: each in a child of its own, all at once, with a time limit."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from experiments.environment import ROOT, environment
from experiments.launch.probe import MARK, OLDEST
from experiments.pythons.find import NotFoundError, executable
from experiments.pythons.label import labelled
from experiments.settings import ConfigError

#: an answer takes tenths of a second; a cold disk or a file server may take some
LIMIT_SECONDS = 10.0
#: of what it prints is read: a program that is no Python may never stop
MOST_BYTES = 65536
#: characters of it that a message shows
MOST_SHOWN = 120
NEEDED = f"Python {OLDEST[0]}.{OLDEST[1]} or newer"


class NoAnswerError(RuntimeError):
    """Why a program can't be measured with, in words that follow its name."""


def interpreters(pythons: Sequence[str], modules: Sequence[str] = ()) -> list[dict[str, Any]]:
    """Facts of each entry of config key `pythons`, in its order, for machine.json.

    Each is asked which of `modules` it lacks. Raises ConfigError with a line for every entry that
    can't be used.
    """
    with ThreadPoolExecutor(len(pythons)) as pool:
        found = list(pool.map(lambda entry: _facts(entry, modules), pythons))
    problems = [
        f"config key 'pythons.{place}': {one}"
        for place, one in enumerate(found)
        if isinstance(one, str)
    ]
    facts = [one for one in found if not isinstance(one, str)]
    if not problems:
        problems = list(_twice(facts))
    if problems:
        raise ConfigError("\n".join(problems))
    return labelled(facts)


def _facts(entry: str, modules: Sequence[str]) -> dict[str, Any] | str:
    """What an entry leads to, or what is wrong with it."""
    try:
        program = executable(entry)
        return {"asked": entry, "executable": program, **_answer(program, modules)}
    except NotFoundError as error:
        return f"{error}; name a {NEEDED}, a virtual environment's folder, or current"
    except NoAnswerError as error:
        return f"{entry!r} {error}"


def _twice(facts: Sequence[Mapping[str, Any]]) -> list[str]:
    """An interpreter is the same one where its packages are, however it is reached."""
    seen: dict[tuple[str, str], int] = {}
    said = []
    for place, one in enumerate(facts):
        key = (os.path.realpath(one["prefix"]), os.path.realpath(one["executable"]))
        first = seen.setdefault(key, place)
        if first != place:
            said.append(
                f"config key 'pythons.{place}': {one['asked']!r} is the same interpreter as "
                f"pythons.{first}; name it once"
            )
    return said


def _answer(program: str, modules: Sequence[str]) -> dict[str, Any]:
    """What it says of itself. Raises NoAnswerError."""
    said, late = _printed(program, modules)
    told = next((line for line in said.splitlines() if line.startswith(MARK)), None)
    try:
        answer: dict[str, Any] = json.loads(told.removeprefix(MARK)) if told else {}
    except ValueError:
        answer = {}
    if "too_old" in answer:
        raise NoAnswerError(f"is Python {answer['too_old']}; measuring needs {NEEDED}")
    if answer:
        return answer
    if late:
        raise NoAnswerError(f"gave no answer in {LIMIT_SECONDS:g} s, so it was ended")
    raise NoAnswerError(f"is no {NEEDED}: asked what it is, it printed {_telling(said)!r}")


def _telling(said: str) -> str:
    """The line of an output that says what is wrong: the first one, of a traceback the last."""
    lines = [line for line in map(str.rstrip, said.splitlines()) if line]
    is_traceback = any(line.startswith(("Traceback ", '  File "')) for line in lines)
    line = (lines or ["nothing"])[-1 if is_traceback else 0]
    return " ".join(line.split())[:MOST_SHOWN]


def _printed(program: str, modules: Sequence[str]) -> tuple[str, bool]:
    """What it prints, and whether it had to be ended. Raises NoAnswerError."""
    late = threading.Event()
    try:
        process = subprocess.Popen(
            [program, "-m", "experiments.launch.probe", *modules],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            env=environment({}), start_new_session=True,
            cwd=ROOT,  # `-m` looks there first: nothing of ours has a library's name
        )  # fmt: skip
    except OSError as error:
        raise NoAnswerError(f"can't be started: {error.strerror}") from error
    limit = threading.Timer(LIMIT_SECONDS, _give_up, (process.pid, late))
    limit.start()
    with process:
        assert process.stdout is not None
        said = process.stdout.read(MOST_BYTES)
        limit.cancel()
        _end(process.pid)  # it has said all there is to say, or too much
    return said.decode(errors="replace"), late.is_set()


def _give_up(group: int, late: threading.Event) -> None:
    late.set()
    _end(group)


def _end(group: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, signal.SIGKILL)
