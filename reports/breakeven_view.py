"""The report's section on break-even points: records of ready texts."""

from __future__ import annotations

from dataclasses import dataclass

from markupsafe import Markup

from experiments.statistics.objectives import SECONDS
from reports import breakeven_words as words
from reports import figures, wording
from reports.breakeven import Found, found
from reports.breakeven_lines import lines
from reports.load import Results


@dataclass(frozen=True)
class SearchView:
    """One search: its answer, the figure, a line a value, and how it was found."""

    title: str
    anchor: str
    answer: str
    figure: Markup | None
    header: str
    values: tuple[tuple[str, str, str], ...]
    cost: str
    doubt: str


def views(results: Results) -> list[SearchView]:
    """A view of every search, in the config's order."""
    return [_view(results, one, place) for place, one in enumerate(found(results))]


def end(results: Results) -> str:
    """Why the searches ended, in a sentence; empty without searches."""
    return f"The searches ended: {results.search_end}." if results.search_end else ""


def answer(one: Found) -> str:
    """All that a search found, in words."""
    if not one.flips:
        return words.no_change(one.search, one.points)
    return words.changes(one.search, one.flips)


def _view(results: Results, one: Found, place: int) -> SearchView:
    search = one.search
    said = answer(one)
    return SearchView(
        title=f"{wording.short(search.subject)}: {words.axis_label(search.vary)}",
        anchor=f"breakeven-{place}",
        answer=said,
        figure=_figure(results, one, place, said),
        header=words.axis_label(search.vary),
        values=tuple(_line(one, number) for number in range(len(one.points))),
        cost=_cost(one),
        doubt=_doubt(one),
    )


def _figure(results: Results, one: Found, place: int, said: str) -> Markup | None:
    path = figures.breakeven_path(results.folder, one.search.name)
    if lines(one).empty:
        return None
    label = f"Time against the fastest along {words.axis_label(one.search.vary)}. {said}"
    return figures.inline(path, f"b{place}", label)


def _line(one: Found, number: int) -> tuple[str, str, str]:
    """A measured value, what is recommended there, and on what evidence."""
    point, block = one.points[number], one.blocks[number]
    judged = block.judgements["steady"]
    told = words.name(point.family) if point.family else "not decided"
    rounds = wording.count(judged.rounds, "round")
    return f"{point.value:.4g}", told, f"{judged.pick or 'nothing'}, {judged.verdict}, {rounds}"


def _cost(one: Found) -> str:
    count = wording.count(len(one.points), "value")
    launches = wording.count(one.launches, "launch", "launches")
    sweep = wording.count(len(one.search.axis.uniform()), "value")
    told = f"Measured at {count} with {launches}; a sweep as fine has {sweep}."
    objective = one.blocks[0].block.objective if one.blocks else SECONDS
    return told if objective.is_time else f"Decided on {objective.noun}. {told}"


def _doubt(one: Found) -> str:
    return " ".join(filter(None, [words.hidden(flip) for flip in one.flips]))
