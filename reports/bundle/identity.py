"""Which run it was, when, and by which Poolwise."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from experiments import schema
from reports.decision_check import data_hash
from reports.load import Results

_PROJECT = Path(__file__).resolve().parents[2] / "pyproject.toml"
#: a run whose launches don't say when they were
UNDATED = "undated"
UNKNOWN = "unknown"
_DIGITS = 8
RUN_ID = re.compile(rf"(\d{{8}}T\d{{6}}Z|{UNDATED})-[0-9a-f]{{{_DIGITS}}}")


@dataclass(frozen=True)
class Identified:
    """A run's id, and when it started and ended, ISO 8601 to the second; empty: unknown."""

    run_id: str
    started_at: str
    ended_at: str


def identified(results: Results) -> Identified:
    """Which run it was; takes a look at every launch and every byte that was measured.

    Raises ResultsError where a table that was measured is missing or broken.
    """
    started, ended = times(results)
    day = f"{started:%Y%m%dT%H%M%SZ}" if started else UNDATED
    run = f"{day}-{data_hash(results.folder)[:_DIGITS]}"
    return Identified(run, written(started), written(ended))


def run_id(results: Results) -> str:
    """Start of the first launch and 8 digits of the data's hash: 20261125T224013Z-3fa91c02."""
    return identified(results).run_id


def times(results: Results) -> tuple[datetime | None, datetime | None]:
    """When the first launch started and the last one ended, in UTC; None: no launch says so."""
    table = results.table(schema.LAUNCHES)
    starts = [_moment(text) for text in table["started_at"]]
    lengths = table["launch_seconds"].fillna(0).clip(upper=86_400)
    ends = [_after(start, float(length)) for start, length in zip(starts, lengths, strict=True)]
    known = [start for start in starts if start]
    return min(known, default=None), max(filter(None, ends), default=None)


def _moment(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _after(start: datetime | None, seconds: float) -> datetime | None:
    try:
        return start + timedelta(seconds=seconds) if start else None
    except OverflowError:
        return None


def written(moment: datetime | None) -> str:
    """ISO 8601 to the second; empty if unknown."""
    return moment.isoformat(timespec="seconds") if moment else ""


def poolwise_version() -> str:
    """Version of this Poolwise."""
    try:
        return str(tomllib.loads(_PROJECT.read_text(encoding="utf-8"))["project"]["version"])
    except (OSError, ValueError, KeyError):
        return UNKNOWN
