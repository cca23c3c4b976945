"""A headless Chromium that loads report pages from files, and nothing else from anywhere."""

from __future__ import annotations

import itertools
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from reports import render

CHROMIUMS = ("chromium", "chromium-headless-shell", "chromium-browser", "google-chrome")
#: runs as root in a container, and asks nobody for anything
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
DESKTOP, PHONE = 1280, 360

Open = Callable[..., Any]


def missing(what: str) -> None:
    """Skip with a reason, or fail where everything has to be there."""
    if os.environ.get("POOLWISE_BROWSER") == "required":
        pytest.fail(f"{what}, and POOLWISE_BROWSER=required")
    pytest.skip(what)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    """One browser for all tests."""
    found = next(filter(None, map(shutil.which, CHROMIUMS)), None)
    if found is None:
        missing("no Chromium here: apt-get install chromium")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=list(FLAGS))
        yield browser
        browser.close()


@pytest.fixture
def troubles() -> list[str]:
    """What pages logged and asked for beside themselves; a test takes out what it expects."""
    return []


@pytest.fixture
def open_page(chromium: Any, tmp_path: Path, troubles: list[str]) -> Iterator[Open]:
    """Opens HTML text as a file. What it logs and what it asks for beside itself fails the test."""
    contexts, numbers = [], itertools.count()

    def opened(text: str, width: int = DESKTOP, **options: Any) -> Any:
        file = tmp_path / f"page{next(numbers)}.html"
        file.write_text(text, encoding="utf-8")
        context = chromium.new_context(viewport={"width": width, "height": 900}, **options)
        contexts.append(context)
        page = context.new_page()
        page.on("request", lambda request: troubles.append(f"asks for {request.url}"))
        page.on("console", lambda message: troubles.append(f"logs {message.text}"))
        page.on("pageerror", lambda error: troubles.append(f"fails: {error}"))
        page.goto(file.as_uri())
        troubles.remove(f"asks for {file.as_uri()}")
        return page

    yield opened
    for context in contexts:
        context.close()
    assert troubles == []


@pytest.fixture(scope="session")
def page_with() -> Callable[[str], str]:
    """A small page of one's own that has the report's style, script and policy."""
    return lambda body: _shell(body)


def _shell(body: str) -> str:
    script = (render.TEMPLATES / "report.js").read_text(encoding="utf-8")
    style = (render.TEMPLATES / "report.css").read_text(encoding="utf-8")
    return (
        '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>t</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<meta http-equiv="Content-Security-Policy" content="{render.policy(script)}">'
        f"<style>{style}</style><script>{script}</script></head><body>"
        f'<a class="skip" href="#answer">Skip</a><main id="answer">{body}</main></body></html>'
    )
