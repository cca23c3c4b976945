"""The page of a comparison against the same standards as a report's, with few machines and many."""

from __future__ import annotations

from pathlib import Path

import pytest

from reports.compare import page
from tests.reports.compare.conftest import compared, measured
from tests.reports.compare.test_compare import ON_PROCESSES, ON_THREADS
from tests.reports.web.conftest import DESKTOP, PHONE, Open
from tests.reports.web.test_standards import ALL_LAID_OUT, complaints, violations

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture(scope="module", params=[2, 8])
def written(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Comparisons of two machines and of eight, the last of which has two runs."""
    folder = tmp_path_factory.mktemp("compared")
    paths = [
        measured(folder / f"m{n}", [ON_THREADS if n % 2 else ON_PROCESSES], seed=n)
        for n in range(request.param)
    ]
    paths.append(measured(folder / "again", [ON_THREADS], seed=99, fingerprint=paths[-1].name))
    page.write(compared(*paths), folder / "out")
    return folder / "out" / page.HTML


def test_the_html_checker_has_no_complaint(written: Path) -> None:
    assert complaints(written) == []


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [DESKTOP, PHONE])
def test_no_rule_of_accessibility_is_broken(
    written: Path, open_page: Open, theme: str, width: int
) -> None:
    opened = open_page(written.read_text(), color_scheme=theme, width=width)
    assert violations(opened) == {}


def test_nothing_is_wider_than_a_phone(written: Path, open_page: Open) -> None:
    opened = open_page(written.read_text(), PHONE)
    opened.add_style_tag(content=ALL_LAID_OUT)
    assert opened.evaluate("document.documentElement.scrollWidth") <= PHONE
