from __future__ import annotations

import sys
from pathlib import Path

import pytest

from experiments.bench.peak import PeakError, peak_of


def test_the_peak_is_the_commands_own_and_not_that_of_who_asks(tmp_path: Path) -> None:
    own = bytearray(200 * 2**20)  # touched: zeros that were only promised would be no memory
    own[:: 2**12] = b"x" * len(own[:: 2**12])

    small = peak_of([sys.executable, "-c", "pass"], tmp_path)
    large = peak_of([sys.executable, "-c", "x = b'x' * (100 * 2**20)"], tmp_path)

    assert small.mib < 100 <= large.mib < 200
    assert small.seconds > 0


def test_a_command_that_fails_says_why(tmp_path: Path) -> None:
    with pytest.raises(PeakError, match="no such task"):
        peak_of([sys.executable, "-c", "raise SystemExit('no such task')"], tmp_path)
