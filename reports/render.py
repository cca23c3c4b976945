"""Render report.html and report.pdf from the tables and figures, with one set of templates."""

from __future__ import annotations

import argparse
import base64
import gc
import hashlib
import logging
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
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
    grid,
    interpreters_view,
    letters,
    method,
    missing,
    notes,
    running_costs,
    sentences,
    thumb,
    wording,
)
from reports.answers import Tables, answers
from reports.audit import Evidence, audit, tally
from reports.load import Results, ResultsError, load
from reports.subjects import subjects

TEMPLATES = Path(__file__).parent / "templates"
#: fixed, so that the same results give the same PDF to the last byte
PDF_IDENTIFIER = b"poolwise-report"
#: up to this long a page's PDF has tags, which tell a screen reader what is a heading, a table's
#: cell, a figure; they take a sixth more time and a tenth more memory, which hundreds of blocks
#: don't have to spare (the standard grid's page is below 3 MiB)
TAGGED_CHARACTERS = 4_000_000
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
    return environment().get_template("report.html.j2").render(context(results))


def environment() -> Environment:
    """What all pages are rendered with: everything a name may hold is escaped."""
    return Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=select_autoescape(default=True, default_for_string=True),
        undefined=StrictUndefined,
        finalize=_tame,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _tame(value: Any) -> Any:
    """What a template prints: text that can't upset the page's order (markup is our own)."""
    return (
        value if isinstance(value, Markup) or not isinstance(value, str) else wording.visible(value)
    )


def context(results: Results) -> dict[str, Any]:
    """Everything the templates print."""
    tables = Tables.of(results)
    searches = breakeven_view.views(results)
    rules = thumb.rules(results, tables)
    opening = [f"{rule.advice}: {rule.evidence}" for rule in rules]
    evidence = Evidence(results, tables, opening)
    script = (TEMPLATES / "report.js").read_text(encoding="utf-8")
    ruled = claims_view.groups(results, tables.claims)
    return {
        "title": f"Parallel Python on {results.name}",
        "subtitle": _subtitle(results),
        "short_machine": wording.short(results.name),
        "stylesheet": Markup((TEMPLATES / "report.css").read_text(encoding="utf-8")),
        "script": Markup(script),
        "policy": policy(script),
        "asked": method.asked(results),
        "rules": rules,
        "notes": notes.notes(results, tables.verdicts),
        "control": control.view(results),
        "limits": method.limits(results),
        "answers": answers(results, tables),
        "objectives": method.objectives(results),
        "weak": any(block.is_weak for block in results.blocks),
        "left_out": method.left_out(results),
        "single_batch": bool((tables.verdicts["mode"] == "oneshot").any()),
        "marks": _marks(results),
        "subjects": subjects(results, tables),
        "latencies": bool(tables.summary["latency_p99_ms"].notna().any()),
        "searches": searches,
        "search_end": breakeven_view.end(results),
        "moves": interpreters_view.moves(results, tables.interpreters),
        "claims": ruled,
        "claims_counted": claims_view.counted(ruled),
        "settings": method.settings(results),
        **_costs(results, tables),
        **_grid(evidence),
        **_audit(evidence),
        "running_costs": running_costs.view(results, tables.overheads),
        "plausibility": method.plausibility_rules(results),
        "ceiling": method.ceiling_lines(tables.ceiling),
        "machine_facts": method.machine_facts(results),
        "interpreters": method.interpreters(results),
        "packages": method.packages(results),
        "run_facts": method.run_facts(results),
    }


def policy(script: str) -> str:
    """Content security policy: no connection at all, and of scripts this one alone.

    Styles are inline, since those of an SVG file are attributes.
    """
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    return (
        f"default-src 'none'; script-src 'sha256-{digest}'; style-src 'unsafe-inline'; "
        "base-uri 'none'; form-action 'none'"
    )


def _marks(results: Results) -> list[tuple[str, str, str]]:
    """Each verdict with its mark and what it means here."""
    timed = all(block.objective.is_time for block in results.blocks)
    meanings = sentences.MEANINGS if timed else sentences.OTHER_MEANINGS
    return [(word, sentences.MARKS[word], meanings[word]) for word in schema.VERDICTS]


def _subtitle(results: Results) -> str:
    """Processor, usable cores, memory, system, interpreters."""
    host = results.machine
    cores = wording.count(host.get("usable_cores"), "usable core")
    parts = [wording.short(str(host["cpu_model"]))] if host.get("cpu_model") else []
    parts.append(cores)
    if wording.known(host.get("memory_mib")):
        parts.append(wording.memory(host["memory_mib"]))
    parts += [str(host[key]) for key in ("os", "virtualisation") if host.get(key)]
    parts += [wording.short(name) for name, _ in method.interpreters(results)]
    return ", ".join(parts)


def _costs(results: Results, tables: Tables) -> dict[str, Any]:
    costs = cost.block_costs(results, tables.summary, tables.launches)
    return {
        "saving": cost.saving(cost.total(costs.values())),
        "costs": cost.lines(results, costs),
        "fixed_rounds": FIXED_ROUNDS,
        "efficiency": method.efficiency(results),
        "stops": method.stops(results),
    }


def _grid(evidence: Evidence) -> dict[str, Any]:
    results, absent = evidence.results, evidence.missing
    return {
        "factors": grid.factors(results, evidence.tables.samples),
        "cells": missing.tally(results, absent),
        "missing": missing.lines(results, absent),
    }


def _audit(evidence: Evidence) -> dict[str, Any]:
    found = audit(evidence)
    return {"audit": found, "audit_tally": tally(found)}


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
    style = letters.style()
    with _no_garbage():
        weasyprint.HTML(string=page, url_fetcher=_refuse).write_pdf(
            part, pdf_identifier=PDF_IDENTIFIER, pdf_tags=len(page) <= TAGGED_CHARACTERS,
            stylesheets=[weasyprint.CSS(string=style)] if style else None,
        )  # fmt: skip
    part.replace(path)


@contextmanager
def _no_garbage() -> Iterator[None]:
    """A page's boxes live to the end: looking for garbage among them takes a fourth of the time."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def _refuse(url: str, *_: object, **__: object) -> dict[str, Any]:
    raise ValueError(f"a report loads nothing: {url}")


def main(argv: Sequence[str] | None = None) -> int:
    """Write the report; the exit status is 0 if what was asked for was written.

    Without --only, a missing PDF library leaves the PDF out, with one line on stderr; with
    `--only pdf` the report.html that is there is printed.
    """
    parser = argparse.ArgumentParser(description="Render the report: CSVs, figures -> HTML, PDF.")
    parser.add_argument("folder", metavar="DIR", type=Path, help="results folder of one machine")
    parser.add_argument("--only", choices=("html", "pdf"), help="write this one alone")
    options = parser.parse_args(argv)
    return command.attempt(lambda: _write(options.folder, options.only))


def _write(folder: Path, only: str | None) -> None:
    if only != "pdf":
        schema.write_atomically(folder / "report.html", html(load(folder)))
    if only == "html":
        return
    problem = pdf_problem()
    if problem and only is None:
        print(problem, file=sys.stderr)
        return
    write_pdf(_made(folder / "report.html"), folder / "report.pdf")


def _made(path: Path) -> str:
    """The page as it was written: the PDF is that very page, printed."""
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise ResultsError(
            f"{path}: can't be read: {error.strerror}; make it with "
            "`python -m reports.render DIR --only html`"
        ) from error


if __name__ == "__main__":
    sys.exit(main())
