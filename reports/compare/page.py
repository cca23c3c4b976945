"""Write a comparison's page: HTML with the report's style and script, printed as PDF too."""

from __future__ import annotations

import sys
from pathlib import Path

from markupsafe import Markup

from experiments import schema
from reports.compare import tables
from reports.compare.comparison import Comparison
from reports.compare.drawn import draw
from reports.compare.view import context
from reports.load import ResultsError
from reports.render import TEMPLATES, environment, pdf_problem, policy, write_pdf

HTML, PDF = "comparison.html", "comparison.pdf"
STYLES = ("report.css", "comparison.css")
#: a comparison is not written among the results of a machine
_RESULTS = "plan.json"


def write(comparison: Comparison, folder: Path) -> None:
    """Tables, figures, HTML and PDF; without the PDF's libraries one line on stderr says so."""
    if (folder / _RESULTS).exists():
        raise ResultsError(f"{folder}: holds the results of a machine; name another folder (--out)")
    folder.mkdir(parents=True, exist_ok=True)
    tables.write(comparison, folder)
    page = html(comparison, folder)
    schema.write_atomically(folder / HTML, page)
    problem = pdf_problem()
    if problem:
        print(problem, file=sys.stderr)
        return
    write_pdf(page, folder / PDF)


def html(comparison: Comparison, folder: Path) -> str:
    """The page, self-contained; its figures are also written into the folder."""
    script = _text("report.js")
    return (
        environment()
        .get_template("comparison.html.j2")
        .render(
            **context(comparison, draw(comparison, folder)),
            stylesheet=Markup("\n".join(_text(name) for name in STYLES)),
            script=Markup(script),
            policy=policy(script),
        )
    )


def _text(name: str) -> str:
    return (TEMPLATES / name).read_text(encoding="utf-8")
