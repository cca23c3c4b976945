"""Keep-alive requests to a real HTTP server on loopback that really waits `latency_ms`.

`run` uses the standard library's client with one connection a thread, `arun` aiohttp with one
session a loop. Proxy settings of the environment are not looked at by either. The server
(experiments/services/http_server.py) has a process of its own; its CPU share is recorded with
every launch, because on a machine with few cores it competes with what is measured.
"""

from __future__ import annotations

import asyncio
import http.client
import threading
import zlib
from typing import Any, Dict, List, Optional

from ..base import Context, Task
from . import checks

#: seconds; far above latency_ms at its largest, so only a dead server reaches it
TIMEOUT_SECONDS = 60.0


class HttpRequest(Task):
    """Every item is one GET; its answer is the CRC-32 of the 1024 bytes that came."""

    name = "http_request"
    kind = "waiting"
    requires_async = ("aiohttp",)
    services = ("http",)
    defaults = {"latency_ms": 1.0}
    summary = "one keep-alive GET to a loopback HTTP server that waits latency_ms, 1 KiB back"
    native_async = True

    def __init__(self, params: Dict[str, Any], context: Context) -> None:
        super().__init__(params, context)
        self._local = threading.local()
        self._connections: List[http.client.HTTPConnection] = []
        self._session: Any = None

    @classmethod
    def check_params(cls, params: Dict[str, Any]) -> Optional[str]:
        """See Task."""
        return checks.number(params, "latency_ms", 0, 10_000)

    def make_items(self, count: int, scale: int) -> List[str]:
        """Items are the paths to ask for."""
        latency_ms = self.params["latency_ms"]
        return [
            f"/item/{self.context.seed}-{index}?latency_ms={latency_ms}" for index in range(count)
        ]

    def start_worker(self, shared: Any) -> None:
        """On a loop, import its client and open the session: start-up, not part of a batch."""
        if _loop_runs():
            self._session = self._open_session()

    def run(self, item: str) -> int:
        """One GET on this thread's connection."""
        connection = self._connection()
        connection.request("GET", item)
        response = connection.getresponse()
        return _answer(item, response.status, response.read())

    def _connection(self) -> http.client.HTTPConnection:
        connection: Optional[http.client.HTTPConnection]
        connection = getattr(self._local, "connection", None)
        if connection is None:
            server = self.context.services["http"]
            connection = http.client.HTTPConnection(
                server["host"], server["port"], timeout=TIMEOUT_SECONDS
            )
            self._local.connection = connection
            self._connections.append(connection)
        return connection

    async def arun(self, item: str) -> int:
        """One GET on the loop's session."""
        if self._session is None:
            self._session = self._open_session()
        async with self._session.get(item) as response:
            return _answer(item, response.status, await response.read())

    def _open_session(self) -> Any:
        import aiohttp

        server = self.context.services["http"]
        return aiohttp.ClientSession(
            f"http://{server['host']}:{server['port']}",
            # The executor limits what is in flight; a second limit here would hide behind it.
            connector=aiohttp.TCPConnector(limit=0, limit_per_host=0),
            timeout=aiohttp.ClientTimeout(total=TIMEOUT_SECONDS),
            trust_env=False,
        )

    async def aclose(self) -> None:
        """Close the loop's session."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    def close(self) -> None:
        """Close the connections of all threads."""
        while self._connections:
            self._connections.pop().close()
        self._local = threading.local()


def _loop_runs() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


def _answer(item: str, status: int, body: bytes) -> int:
    if status != 200:
        raise RuntimeError(f"GET {item}: status {status}: {body[:200]!r}")
    return zlib.crc32(body)
