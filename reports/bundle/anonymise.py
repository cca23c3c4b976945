"""A run's files without host name, user names, servers and paths: config key `anonymise`.

They are replaced in what was measured and in the tables made from it, alike everywhere; report and
decision record are then made again from those. Nothing is measured, and the folder stays as it is.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from experiments.schema import write_atomically
from reports import decision, figures, plot, render
from reports.bundle.contents import ENTRIES, Entry
from reports.bundle.error import BundleError, quoted
from reports.bundle.identifying import Identity
from reports.load import Block, Results, load

#: fields that are a name, whatever it is
_FIELDS = ("machine", "hostname")
#: fields that are a path, or several, even of a single folder
_PATHS = ("path", "executable", "results", "pythons", "folder")
#: what a task and an executor are given: in tables it is a text, which has to stay the same
_GIVEN = ("params", "options")


def copied(results: Results, identity: Identity, into: Path, named: Sequence[str] = ()) -> Results:
    """The run without what identifies, as a results folder below `into`.

    `named` are the tasks that the decision record is about; none: all. Raises ResultsError, and
    BundleError where two blocks can't be told apart without what identifies.
    """
    folder = into / identity.machine
    folder.mkdir()
    for entry in ENTRIES:
        source = results.folder / entry.name
        if entry.kind in ("json", "csv") and source.exists():
            write_atomically(folder / entry.name, _replaced(entry, source, identity))
    made = load(folder)
    _check_apart(results, made)
    _draw(results, made, identity)
    page = render.html(made)
    write_atomically(folder / "report.html", page)
    if (results.folder / "report.pdf").exists() and not render.pdf_problem():
        render.write_pdf(page, folder / "report.pdf")
    decision.write(made, [identity.replaced(task) for task in named])
    return made


def check(files: Mapping[str, bytes], identity: Identity, path: Path) -> None:
    """Raise BundleError where anything that identifies is left in a file.

    The PDF is the very page of report.html, printed, and its letters can't be searched.
    """
    for name, data in files.items():
        left = identity.left(data.decode("utf-8")) if not name.endswith(".pdf") else ""
        if left:
            raise BundleError(
                f"{path}: not written: {name} would still tell {quoted(left)}, so the bundle isn't "
                "anonymous; pack it with `anonymise: false`, or report this"
            )


def _check_apart(results: Results, made: Results) -> None:
    """Raise BundleError where two blocks have become one: their launches would be mixed."""
    before, after = ({block.name for block in _every_block(one)} for one in (results, made))
    if len(before) != len(after):
        raise BundleError(
            f"{results.folder}: not packed: blocks that differ only in a name that is left out "
            "would be one; pack it with `anonymise: false`"
        )


def _replaced(entry: Entry, path: Path, identity: Identity) -> str:
    text = path.read_text(encoding="utf-8")
    if entry.kind == "csv":
        return _table(text, identity)
    return json.dumps(_value(json.loads(text), identity), indent=1, ensure_ascii=False)


def _value(value: Any, identity: Identity, fields: bool = True) -> Any:
    """Any value; `fields`: whether the names of its fields say what they hold."""
    if isinstance(value, str):
        return identity.replaced(value)
    if isinstance(value, list):
        return [_value(inner, identity, fields) for inner in value]
    if isinstance(value, dict):
        return {
            identity.replaced(key): (
                _field(key, one, identity) if fields and key not in _GIVEN
                else _value(one, identity, fields=False)
            )
            for key, one in value.items()
        }  # fmt: skip
    return value


def _field(key: str, value: Any, identity: Identity) -> Any:
    # `auto` is the setting that takes the host's name, and no name itself
    if key in _FIELDS and isinstance(value, str) and value != "auto":
        return identity.machine
    if key in _PATHS and isinstance(value, str):
        return identity.path(value)
    if key in _PATHS and isinstance(value, list) and all(isinstance(one, str) for one in value):
        return [identity.path(one) for one in value]
    return _value(value, identity)


def _table(text: str, identity: Identity) -> str:
    header, *rows = csv.reader(io.StringIO(text, newline=""))
    made = io.StringIO()
    writer = csv.writer(made, lineterminator="\n")
    writer.writerow(header)
    for row in rows:
        named = zip(header, row, strict=True)
        writer.writerow([_field(column, cell, identity) for column, cell in named])
    return made.getvalue()


def _draw(results: Results, made: Results, identity: Identity) -> None:
    """The figures: drawn again only where the names within them or of their files changed."""
    source, target = (one.folder / figures.FOLDER for one in (results, made))
    texts = {path.name: path.read_text(encoding="utf-8") for path in sorted(source.glob("*.svg"))}
    named = [one for block in _every_block(results) for one in (block.name, block.subject)]
    if any(identity.replaced(one) != one for one in named) or any(
        identity.left(text) for one in texts.items() for text in one
    ):
        plot.main(made)
        return
    target.mkdir()
    for name, text in texts.items():
        write_atomically(target / name, text)


def _every_block(results: Results) -> Iterable[Block]:
    return (*results.blocks, *results.controls, *results.overheads, *results.searched)
