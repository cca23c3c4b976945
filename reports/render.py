"""Render report.html and report.pdf from the tables and figures, with one set of templates."""

from __future__ import annotations

import argparse
import logging
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from markupsafe import Markup

from experiments import schema
from experiments.statistics.fixed import FIXED_ROUNDS
from reports import (
    breakeven_view,
    claims_view,
    command,
    control,
    cost,
    method,
    running_costs,
    sentences,
    wording,
)
from reports.answers import Tables, answers
from reports.headlines import headlines
from reports.load import Results, ResultsError, load
from reports.subjects import subjects

TEMPLATES = Path(__file__).parent / "templates"
#: fixed, so that the same results give the same PDF to the last byte
PDF_IDENTIFIER = b"poolwise-report"
_PANGO = (
    "apt-get install --no-install-recommends libpango-1.0-0 libpangoft2-1.0-0 "
    "libharfbuzz-subset0 (Fedora: dnf install pango; macOS: brew install pango)"
)


def pdf_problem() -> str | None:
    """Why no PDF can be made here, with the command that helps; None if it can."""
    try:
        import weasyprint  # noqa: F401
    except ImportError:
        return "no PDF: the package weasyprint is missing; pip install weasyprint"
    except OSError:
        return f"no PDF: the system libraries of WeasyPrint are missing; {_PANGO}"
    return None


def html(results: Results) -> str:
    """The whole report as one self-contained HTML page. Raises ResultsError on a missing input."""
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=select_autoescape(default=True, default_for_string=True),
        undefined=StrictUndefined,
        finalize=_tame,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("report.html.j2").render(context(results))


def _tame(value: Any) -> Any:
    """What a template prints: text that can't upset the page's order (markup is our own)."""
    return (
        value if isinstance(value, Markup) or not isinstance(value, str) else wording.visible(value)
    )


def context(results: Results) -> dict[str, Any]:
    """Everything the templates print."""
    tables = Tables.of(results)
    searches = breakeven_view.views(results)
    ruled = claims_view.groups(results, tables.claims)
    return {
        "title": f"Parallel Python on {results.name}",
        "subtitle": _subtitle(results),
        "short_machine": wording.short(results.name),
        "stylesheet": Markup((TEMPLATES / "report.css").read_text(encoding="utf-8")),
        "headlines": [
            *headlines(results, tables.verdicts),
            *breakeven_view.headlines(searches),
        ],
        "control": control.view(results),
        "limits": method.limits(results),
        "answers": answers(results, tables),
        "objectives": method.objectives(results),
        "weak": any(block.is_weak for block in results.blocks),
        "single_batch": bool((tables.verdicts["mode"] == "oneshot").any()),
        "marks": _marks(results),
        "subjects": subjects(results, tables),
        "latencies": bool(tables.summary["latency_p99_ms"].notna().any()),
        "searches": searches,
        "search_end": breakeven_view.end(results),
        "claims": ruled,
        "claims_counted": claims_view.counted(ruled),
        "settings": method.settings(results),
        **_costs(results, tables),
        "running_costs": running_costs.view(results, tables.overheads),
        "plausibility": method.plausibility_rules(results),
        "ceiling": method.ceiling_lines(tables.ceiling),
        "machine_facts": method.machine_facts(results),
        "interpreters": method.interpreters(results),
        "packages": method.packages(results),
        "run_facts": method.run_facts(results),
    }


def _marks(results: Results) -> list[tuple[str, str, str]]:
    """Each verdict with its mark and what it means here."""
    timed = all(block.objective.is_time for block in results.blocks)
    meanings = sentences.MEANINGS if timed else sentences.OTHER_MEANINGS
    return [(word, sentences.MARKS[word], meanings[word]) for word in schema.VERDICTS]


def _subtitle(results: Results) -> str:
    host = results.machine
    cores = wording.count(host.get("usable_cores"), "usable core")
    parts = [wording.short(str(host["cpu_model"]))] if host.get("cpu_model") else []
    tasks = len({block.subject for block in results.blocks})
    approaches = sum(len(block.approaches) for block in results.blocks)
    parts += [cores, wording.count(tasks, "task"), wording.count(len(results.blocks), "block")]
    return ", ".join([*parts, wording.count(approaches, "approach", "approaches")])


def _costs(results: Results, tables: Tables) -> dict[str, Any]:
    costs = cost.block_costs(results, tables.summary)
    return {
        "saving": cost.saving(cost.total(costs.values())),
        "costs": cost.lines(results, costs),
        "fixed_rounds": FIXED_ROUNDS,
        "efficiency": method.efficiency(results),
        "stops": method.stops(results),
    }


def write_pdf(page: str, path: Path) -> None:
    """Print the page as a PDF. Raises ResultsError with the command that helps if it can't."""
    problem = pdf_problem()
    if problem:
        raise ResultsError(problem)
    import weasyprint

    # a missing glyph or an unknown property is no business of who renders a report
    logging.getLogger("weasyprint").setLevel(logging.ERROR)
    part = path.with_name(path.name + ".part")
    # nothing is fetched: the page is self-contained, whatever a hostile name may hold
    weasyprint.HTML(string=page, url_fetcher=_refuse).write_pdf(part, pdf_identifier=PDF_IDENTIFIER)
    part.replace(path)


def _refuse(url: str, *_: object, **__: object) -> dict[str, Any]:
    raise ValueError(f"a report loads nothing: {url}")


def main(argv: Sequence[str] | None = None) -> int:
    """Write the report; the exit status is 0 if what was asked for was written.

    Without --only, a missing PDF library leaves the PDF out, with one line on stderr.
    """
    parser = argparse.ArgumentParser(description="Render the report: CSVs, figures -> HTML, PDF.")
    parser.add_argument("folder", metavar="DIR", type=Path, help="results folder of one machine")
    parser.add_argument("--only", choices=("html", "pdf"), help="write this one alone")
    options = parser.parse_args(argv)
    return command.attempt(lambda: _write(load(options.folder), options.only))


def _write(results: Results, only: str | None) -> None:
    page = html(results)
    if only != "pdf":
        schema.write_atomically(results.folder / "report.html", page)
    if only == "html":
        return
    problem = pdf_problem()
    if problem and only is None:
        print(problem, file=sys.stderr)
        return
    write_pdf(page, results.folder / "report.pdf")


if __name__ == "__main__":
    sys.exit(main())
