from __future__ import annotations

import asyncio
import socket
import threading
import zlib

import pytest

from experiments.launch.base import Context
from experiments.services.http_server import body_of

from .driving import make, native, sequential, threads


def test_the_answer_is_the_checksum_of_what_the_server_must_send(served: Context) -> None:
    answers = sequential(make("http_request", served, latency_ms=0), 3, 1)

    assert answers == [zlib.crc32(body_of(f"{served.seed}-{index}")) for index in range(3)]


@pytest.mark.parametrize("run", [sequential, threads, native])
def test_proxies_of_the_environment_are_ignored(
    run: type, served: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")

    assert len(run(make("http_request", served), 4, 1)) == 4


def test_a_refusal_of_the_server_is_an_error_and_no_answer(served: Context) -> None:
    task = make("http_request", served)

    with pytest.raises(RuntimeError, match="status 404"):
        task.run("/elsewhere")
    task.close()


class Counting(threading.Thread):
    """A server that counts connections and keeps them alive."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.listening = socket.create_server(("127.0.0.1", 0))
        self.connections = 0

    def run(self) -> None:
        while True:
            try:
                connection, _ = self.listening.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self.answer, args=(connection,), daemon=True).start()

    def answer(self, connection: socket.socket) -> None:
        with connection:
            while connection.recv(65536):
                connection.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok")


@pytest.fixture
def counting() -> Counting:
    server = Counting()
    server.start()
    return server


def _at(server: Counting) -> Context:
    host, port = server.listening.getsockname()
    return Context("", {"http": {"host": host, "port": port}})


def test_one_worker_keeps_one_connection(counting: Counting) -> None:
    sequential(make("http_request", _at(counting)), 10, 1)

    assert counting.connections == 1


def test_threads_have_at_most_one_connection_each(counting: Counting) -> None:
    threads(make("http_request", _at(counting)), 40, 1)

    assert 1 <= counting.connections <= 4


def test_coroutines_one_after_another_keep_one_connection(counting: Counting) -> None:
    task = make("http_request", _at(counting))

    async def main() -> None:
        task.start_worker(None)
        for item in task.make_items(10, 1):
            await task.arun(item)
        await task.aclose()

    asyncio.run(main())
    assert counting.connections == 1


def test_the_session_is_opened_when_the_loop_starts_and_only_there(counting: Counting) -> None:
    task = make("http_request", _at(counting))
    task.start_worker(None)
    assert task._session is None  # type: ignore[attr-defined]

    async def main() -> None:
        task.start_worker(None)
        assert task._session is not None  # type: ignore[attr-defined]
        await task.aclose()
        assert task._session is None  # type: ignore[attr-defined]

    asyncio.run(main())
