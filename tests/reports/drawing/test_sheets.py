from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Iterator
from itertools import combinations, pairwise

import matplotlib as mpl
import pytest
from matplotlib.figure import Figure
from matplotlib.text import Text
from matplotlib.transforms import Bbox

from reports import plot
from reports.drawing import heatmap, multiples, panels, speedup, svg
from reports.drawing.data import Panel
from tests.reports.drawing import scenes

NASTY = scenes.nasty()


@pytest.fixture(autouse=True)
def style() -> Iterator[None]:
    with mpl.rc_context(plot.STYLE):
        yield


def drawn(group: list[Panel]) -> dict[str, Figure]:
    """Every kind of figure that a task of these panels has."""
    look, limits = scenes.look_of(*group), speedup.shared_limits(group)
    made = {"multiples": multiples.draw(group, look, limits)}
    if heatmap.drawable(group):
        made["heatmap"] = heatmap.draw(group, look)
    for one in group:
        made[f"speedup {one.block.cores}"] = speedup.draw(one, look, limits)
        if panels.measures(one):
            made[f"panels {one.block.cores}"] = panels.draw(one, look)
    return made


def labels(figure: Figure) -> list[tuple[Text, Bbox]]:
    """Texts with their places on the sheet, in points."""
    found = [artist for artist in figure.get_children() if isinstance(artist, Text)]
    return [(text, text.get_window_extent()) for text in found if text.get_text()]


@pytest.mark.filterwarnings("ignore:Glyph")
@pytest.mark.parametrize("name", NASTY)
def test_no_text_is_clipped_or_lies_on_another(name: str) -> None:
    for kind, figure in drawn(NASTY[name]).items():
        width, height = figure.get_size_inches() * 72
        for text, box in labels(figure):
            where = f"{kind}: {text.get_text()!r} at {box.extents}"
            assert 0 <= box.x0 < box.x1 <= width, where
            assert 0 <= box.y0 < box.y1 <= height, where
        for (one, box), (other, second) in combinations(labels(figure), 2):
            both = f"{kind}: {one.get_text()!r} and {other.get_text()!r}"
            assert not box.padded(-1.0).overlaps(second.padded(-1.0)), both


@pytest.mark.filterwarnings("ignore:Glyph")
@pytest.mark.parametrize("name", NASTY)
def test_the_legend_lies_below_all_else(name: str) -> None:
    for kind, figure in drawn(NASTY[name]).items():
        legend = [box.y1 for text, box in labels(figure) if text.get_gid() == "legend"]
        others = [box.y0 for text, box in labels(figure) if text.get_gid() != "legend"]
        assert max(legend) <= min(others) + 1, kind


@pytest.mark.filterwarnings("ignore:Glyph")
@pytest.mark.parametrize("name", NASTY)
def test_a_legend_names_each_thing_once(name: str) -> None:
    for kind, figure in drawn(NASTY[name]).items():
        told = [text.get_text() for text, _ in labels(figure) if text.get_gid() == "legend"]
        if name != "hostile names":  # whose ends, which differ, are cut off
            assert len(set(told)) == len(told), kind


@pytest.mark.filterwarnings("ignore:Glyph")
@pytest.mark.parametrize("name", NASTY)
def test_the_svg_is_well_formed_and_the_same_twice(name: str) -> None:
    first, second = (
        {kind: svg.of(figure) for kind, figure in drawn(NASTY[name]).items()} for _ in range(2)
    )
    assert first == second
    for kind, text in first.items():
        root = ET.fromstring(text)
        assert "clip-path" not in text, kind
        assert {one.tag.rpartition("}")[2] for one in root.iter()} <= {
            "svg",
            "rect",
            "path",
            "text",
        }


def test_hostile_names_are_texts_without_mathtext() -> None:
    (figure,) = (f for kind, f in drawn(NASTY["hostile names"]).items() if "speedup" in kind)
    told = "".join(ET.fromstring(svg.of(figure)).itertext())
    assert "<b>$x^2$</b>" in told
    assert "\u202e" not in told


def test_a_measure_without_a_value_has_no_panel() -> None:
    (one,) = NASTY["one approach"]
    assert [m.title for m in panels.measures(one)] == ["peak memory", "longest freeze"]
    (timed, _) = NASTY["1024 workers"]
    assert panels.measures(timed)[0].title.startswith("latency")


def test_curves_of_an_executor_share_its_colour_and_differ_in_marker_and_dashes() -> None:
    names = [
        ("processes (fork)", "processes"),
        ("threads", "threads"),
        ("processes (spawn)", "processes"),
    ]
    made = scenes.look_of(scenes.panel([scenes.curve(name, {1: 1.0}) for name, _ in names]))
    fork, spawn = made["processes (fork)"], made["processes (spawn)"]
    assert fork.colour == spawn.colour != made["threads"].colour
    assert fork.marker != spawn.marker
    assert fork.dashes != spawn.dashes


def test_an_executor_keeps_its_colour_whatever_else_ran() -> None:
    alone = scenes.look_of(scenes.panel([scenes.curve("asyncio", {1: 1.0})]))
    crowd = scenes.look_of(*NASTY["many curves"], scenes.panel([scenes.curve("asyncio", {1: 1.0})]))
    assert alone["asyncio"].colour == crowd["asyncio"].colour


def test_a_cell_shows_the_fastest_of_its_workers_and_the_recommended_in_its_place() -> None:
    slow, fast = (
        scenes.curve("threads", {2: 1.5, 4: 1.9}),
        scenes.curve("processes", {2: 1.6, 4: 1.8}),
    )
    plain = heatmap.cells([scenes.panel([slow, fast])])
    assert [(c.workers, c.curve, c.speedup) for c in plain] == [
        (2, "processes", 1.6),
        (4, "threads", 1.9),
    ]
    picked = heatmap.cells([scenes.panel([slow, fast], pick=("threads", 2))])
    assert [(c.curve, c.recommended) for c in picked] == [("threads", True), ("threads", False)]


def test_a_heat_map_needs_two_core_counts() -> None:
    one = scenes.panel([scenes.curve("threads", {2: 1.5})], 1)
    assert not heatmap.drawable([one])
    assert heatmap.drawable([one, scenes.panel([scenes.curve("threads", {2: 1.5})], 2)])


def test_of_many_worker_counts_the_ends_and_the_recommended_stay() -> None:
    curve = scenes.curve("threads", {n: 1 + n / 9 for n in range(1, 40)})
    made = heatmap.cells([scenes.panel([curve], pick=("threads", 17))])
    shown = heatmap.shown_columns(made)
    assert {1, 17, 39} <= set(shown)
    assert len(shown) == heatmap.COLUMNS
    assert all(left < right for left, right in pairwise(shown))


def test_a_figure_is_few_elements() -> None:
    """A PDF's maker draws each of them, and each letter, by itself."""
    (*_, largest) = NASTY["128 cores"]
    figure = speedup.draw(largest, scenes.look_of(largest), speedup.shared_limits([largest]))
    root = ET.fromstring(svg.of(figure))
    assert len(list(root.iter())) < 60
    assert sum(len(text) for text in root.itertext()) < 300
    assert len(svg.of(figure)) < 10_000
