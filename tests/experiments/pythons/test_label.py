from __future__ import annotations

from typing import Any

from experiments.pythons.label import labelled


def fact(version: str, asked: str = "current", prefix: str = "/usr", **more: Any) -> dict[str, Any]:
    usual = {"implementation": "CPython", "free_threaded": False, "executable": f"{prefix}/bin/py"}
    return {"version": version, "asked": asked, "prefix": prefix, **usual, **more}


def names(*facts: dict[str, Any]) -> list[tuple[str, str]]:
    return [(one["interpreter"], one["tag"]) for one in labelled(facts)]


def test_the_tag_is_the_shortest_that_tells_it_from_the_others() -> None:
    assert names(
        fact("3.11.7"), fact("3.13.1"), fact("3.13.1", free_threaded=True), fact("3.14.0")
    ) == [
        ("cpython-3.11.7", "3.11"),
        ("cpython-3.13.1", "3.13"),
        ("cpython-3.13.1t", "3.13t"),
        ("cpython-3.14.0", "3.14"),
    ]


def test_two_of_one_minor_version_have_the_whole_version_as_tag() -> None:
    assert [tag for _, tag in names(fact("3.11.7"), fact("3.11.9"), fact("3.12.0"))] == [
        "3.11.7",
        "3.11.9",
        "3.12",
    ]


def test_of_one_version_the_first_keeps_the_plain_label_and_the_others_say_which() -> None:
    found = names(
        fact("3.11.7"),
        fact("3.11.7", "/a/venv/bin/python", "/a/venv"),
        fact("3.11.7", "/b/venv/bin/python", "/b/venv"),
        fact("3.11.7", "python3.11", "/c"),
    )

    assert [label for label, _ in found] == [
        "cpython-3.11.7",
        "cpython-3.11.7 (venv)",
        "cpython-3.11.7 (/b/venv/bin/py)",
        "cpython-3.11.7 (python3.11)",
    ]
    assert len({tag for _, tag in found}) == 4


def test_others_than_cpython_are_named() -> None:
    assert names(fact("3.11.7"), fact("3.11.7", implementation="PyPy")) == [
        ("cpython-3.11.7", "3.11"),
        ("pypy-3.11.7", "pypy-3.11"),
    ]
