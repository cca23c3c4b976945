"""The HTTP server that `http_request` talks to: `python -m experiments.services.http_server`.

uvicorn with uvloop and httptools runs a bare ASGI app in one process, on 127.0.0.1 and a free
port. `GET /item/<n>?latency_ms=<x>` waits x milliseconds (waits.py: kept to about 0.1 ms) and
answers 1024 bytes that depend on n. When it accepts connections it prints one JSON line
{"host", "port", "pid"}; it ends when its standard input closes, so it can't outlive the process
that started it, or on SIGTERM.
"""

from __future__ import annotations

import hashlib
import json
import os
import socket
import sys
import threading
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import parse_qs

import uvicorn

from . import command_line
from .waits import Waiter, best_waiter

HOST = "127.0.0.1"
#: longest latency a request may ask for
MOST_LATENCY_MS = 10_000.0
#: connections that may wait to be accepted: more than the largest number of workers
BACKLOG = 2048

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]


def body_of(item: str) -> bytes:
    """The 1024 bytes that answer a request for `item`: its SHA-256 in hexadecimal, 16 times."""
    return hashlib.sha256(item.encode()).hexdigest().encode() * 16


class App:
    """The ASGI app: one route, no framework."""

    def __init__(self) -> None:
        self._waiter: Waiter | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        status, body = await self._respond(scope["path"], scope["query_string"])
        headers = [(b"content-length", b"%d" % len(body)), (b"content-type", b"text/plain")]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    async def _respond(self, path: str, query: bytes) -> tuple[int, bytes]:
        if not path.startswith("/item/"):
            return 404, b"only /item/<n> is here\n"
        try:
            latency_ms = float(parse_qs(query.decode()).get("latency_ms", ["0"])[-1])
        except ValueError:
            latency_ms = -1.0
        if not 0 <= latency_ms <= MOST_LATENCY_MS:
            return 400, b"latency_ms must be a number from 0 to %d\n" % MOST_LATENCY_MS
        self._waiter = self._waiter or best_waiter()
        await self._waiter.wait(latency_ms / 1000)
        return 200, body_of(path[len("/item/") :])


class Announcing(uvicorn.Server):
    """A server that says where it listens once it really does."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, then print the JSON line."""
        await super().startup(sockets)
        host, port = (sockets or [])[0].getsockname()
        print(json.dumps({"host": host, "port": port, "pid": os.getpid()}), flush=True)


def end_with_stdin(server: uvicorn.Server) -> None:
    """Stop the server when standard input closes: its parent is gone."""
    while sys.stdin.buffer.read(65536):
        pass
    server.should_exit = True


def main() -> None:
    """Serve until standard input closes or SIGTERM comes."""
    command_line.obey(__doc__)
    listening = socket.create_server((HOST, 0), backlog=BACKLOG)
    config = uvicorn.Config(
        App(),
        loop="uvloop" if sys.platform != "win32" else "asyncio",
        http="httptools",
        ws="none",
        lifespan="off",
        access_log=False,
        log_level="warning",
        backlog=BACKLOG,
        # Idle keep-alive connections outlive the pauses between batches and launches.
        timeout_keep_alive=600,
        timeout_graceful_shutdown=1,
    )
    server = Announcing(config)
    threading.Thread(target=end_with_stdin, args=(server,), daemon=True).start()
    server.run(sockets=[listening])


if __name__ == "__main__":
    main()
