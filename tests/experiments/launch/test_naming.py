"""Names of outside code, and what a module says that it needs."""

from __future__ import annotations

import importlib
from pathlib import Path

import pytest

from experiments.launch.naming import load_class, missing_declared, missing_module


def test_a_class_is_named_by_module_and_class() -> None:
    assert load_class("pathlib:Path") is Path


def test_a_class_that_is_not_there_is_told() -> None:
    with pytest.raises(ImportError, match="module pathlib has no class 'Road'"):
        load_class("pathlib:Road")


@pytest.mark.parametrize(
    ("names", "missing"),
    [
        ((), None),
        (("json", "xml.dom"), None),
        (("json", "surely_not_there", "nor_this"), "surely_not_there"),
        (("surely_not_there.below",), "surely_not_there.below"),
        (("json.surely_not_there",), "json.surely_not_there"),
    ],
)
def test_the_first_missing_module_is_found(names: tuple[str, ...], missing: str | None) -> None:
    assert missing_module(names) == missing


@pytest.mark.parametrize(
    ("declaration", "told"),
    [
        ("class Mine:\n    requires = ('surely_not_there',)", True),
        ("class Mine:\n    requires: tuple = ('surely_not_there.below',)", True),
        ("class Mine:\n    requires_async = ('json', 'surely_not_there')", True),
        ("class Mine:\n    requires = ('json',)", False),
        ("name = 'surely_not_there'", False),
    ],
)
def test_a_missing_module_is_a_requirement_only_where_it_is_declared(
    declaration: str, told: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "mine_of_test_naming.py").write_text(f"import surely_not_there\n{declaration}\n")
    monkeypatch.syspath_prepend(tmp_path)

    with pytest.raises(ModuleNotFoundError) as caught:
        importlib.import_module("mine_of_test_naming")

    assert missing_declared(caught.value) == ("surely_not_there" if told else None)
