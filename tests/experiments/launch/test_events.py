"""The launch's voice."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from experiments.launch.events import LONGEST_REASON, Events, reason_of, shorten


@pytest.fixture
def pipe() -> tuple[int, int]:
    return os.pipe()


def test_an_event_is_a_line_of_json(pipe: tuple[int, int]) -> None:
    reader, writer = pipe
    Events(writer).emit("wrong", reason="ä\nb")
    os.close(writer)

    with os.fdopen(reader) as lines:
        assert [json.loads(line) for line in lines] == [{"event": "wrong", "reason": "ä\nb"}]


def test_an_event_larger_than_a_pipe_arrives_whole(pipe: tuple[int, int]) -> None:
    reader, writer = pipe
    received: list[str] = []

    def read() -> None:
        with os.fdopen(reader) as lines:
            received.extend(lines)

    thread = threading.Thread(target=read)
    thread.start()
    Events(writer).emit("calibrated", expected=list(range(100_000)))
    os.close(writer)
    thread.join()

    assert json.loads(received[0])["expected"][-1] == 99_999


def test_programs_do_not_inherit_the_descriptor(pipe: tuple[int, int]) -> None:
    os.set_inheritable(pipe[1], True)
    Events(pipe[1])
    code = f"import os\ntry: os.fstat({pipe[1]})\nexcept OSError: print('closed')"
    done = subprocess.run(
        [sys.executable, "-c", code], close_fds=False, stdout=subprocess.PIPE, text=True, check=True
    )

    assert done.stdout == "closed\n"


def test_a_failure_tells_the_phase_it_happened_in(pipe: tuple[int, int]) -> None:
    reader, writer = pipe
    events = Events(writer)
    events.phase("cold")
    events.failed(ValueError("no"))
    os.close(writer)

    with os.fdopen(reader) as lines:
        assert json.loads(lines.readlines()[-1]) == {
            "event": "failed", "phase": "cold", "reason": "ValueError: no",
        }  # fmt: skip


def test_a_reason_is_one_line_of_bounded_length() -> None:
    assert reason_of(ValueError("two\n  lines")) == "ValueError: two lines"
    assert reason_of(KeyboardInterrupt()) == "KeyboardInterrupt"
    assert len(reason_of(ValueError("x" * 5000))) == LONGEST_REASON


def test_shortened_text_says_that_it_is() -> None:
    assert shorten("abcdefgh", 8) == "abcdefgh"
    assert shorten("abcdefghi", 8) == "abcde..."


def raised(call: Callable[[], object]) -> str:
    with pytest.raises(OSError) as caught:  # noqa: PT011
        call()
    return reason_of(caught.value)


def test_a_file_that_is_looked_for_in_the_launchs_folder_says_what_to_do(tmp_path: Path) -> None:
    advice = "'no.txt' - functions run in a folder of their own: use absolute paths, or paths rel"

    assert advice in raised(Path("no.txt").read_text)
    assert advice in raised(Path("no.txt").stat)
    assert raised((tmp_path / "no.txt").read_text).endswith("no.txt'")
    assert raised(lambda: subprocess.run(["no-such-program"])).endswith("'no-such-program'")
    assert "functions" not in reason_of(FileNotFoundError("no database"))
