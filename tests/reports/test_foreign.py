"""What a config would run that isn't Poolwise's own."""

from __future__ import annotations

from typing import Any

import pytest

from experiments import own
from reports.foreign import _CODE, foreign


def test_every_function_that_a_definition_may_name_is_looked_at() -> None:
    """A role that is added there and not here would run a stranger's code unasked."""
    assert set(_CODE) == set(own.NAMES)


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        ({"tasks": ["math_python", {"task": "ipc", "params": {"via": "pickle"}}]}, []),
        ({"tasks": ["auto"], "executors": ["threads", {"executor": "dask", "options": {}}]}, []),
        ({"tasks": "auto", "executors": "auto", "pythons": ["current"]}, []),
        ({"tasks": {"t": {"params": {}}}}, []),  # a built-in one, as a mapping has it
        (
            {"tasks": {"t": {"call": "subprocess:run", "items": "keyword:kwlist", "path": "./a"}}},
            ["subprocess:run, keyword:kwlist in ./a"],
        ),
        ({"tasks": {"t": {"same": "os:system"}}}, ["os:system"]),
        ({"tasks": ["a.b:Task", {"task": "c:D", "params": {}}]}, ["the task a.b:Task",
                                                                  "the task c:D"]),
        ({"tasks": [{"task": "postgres_query", "params": {"dsn": ["temporary", "host=x"]}}]},
         ["the server of host=x"]),
        ({"executors": ["a:B", {"executor": "dask", "options": {"address": "tcp://x:1"}}]},
         ["the executor a:B", "the cluster at tcp://x:1"]),
        ({"pythons": ["current", "/tmp/python"]}, ["the interpreter /tmp/python"]),
    ],
)  # fmt: skip
def test_all_that_is_not_its_own_is_named(config: dict[str, Any], expected: list[str]) -> None:
    assert foreign(config) == expected
