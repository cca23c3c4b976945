from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path

import psutil
import pytest

from experiments.services import service as services
from experiments.services.http_server import body_of
from experiments.services.service import Service, ServiceError, start, tree_cpu_seconds


@pytest.fixture(scope="module")
def server() -> Iterator[Service]:
    with start("http") as service:
        yield service


def _get(server: Service, path: str) -> tuple[int, bytes]:
    connection = HTTPConnection(server.host, server.port, timeout=10)
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        return response.status, response.read()
    finally:
        connection.close()


def test_an_item_gets_its_own_kibibyte(server: Service) -> None:
    status, body = _get(server, "/item/1-2?latency_ms=0.5")

    assert (status, len(body)) == (200, 1024)
    assert body == body_of("1-2") != body_of("1-3")


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/", 404),
        ("/other/1", 404),
        ("/item/1", 200),
        ("/item/1?latency_ms=soon", 400),
        ("/item/1?latency_ms=-1", 400),
        ("/item/1?latency_ms=nan", 400),
        ("/item/1?latency_ms=1e9", 400),
    ],
)
def test_bad_requests_are_refused(server: Service, path: str, status: int) -> None:
    assert _get(server, path)[0] == status


def test_an_answer_never_comes_before_its_latency(server: Service) -> None:
    for latency_ms in (0.4, 1.0, 1.7):
        begin = time.perf_counter()
        _get(server, f"/item/1?latency_ms={latency_ms}")
        assert time.perf_counter() - begin >= latency_ms / 1000


async def _ask(server: Service, latency_ms: float) -> float:
    reader, writer = await asyncio.open_connection(server.host, server.port)
    begin = time.perf_counter()
    writer.write(f"GET /item/1?latency_ms={latency_ms} HTTP/1.1\r\nhost: x\r\n\r\n".encode())
    await reader.readuntil(b"\r\n\r\n")
    took = time.perf_counter() - begin
    writer.close()
    return took


def test_latencies_of_many_requests_overlap_and_none_is_cut_short(server: Service) -> None:
    async def main() -> tuple[float, list[float]]:
        begin = time.perf_counter()
        each = await asyncio.gather(*[_ask(server, 300) for _ in range(50)])
        return time.perf_counter() - begin, each

    together, each = asyncio.run(main())
    assert min(each) >= 0.3
    assert together < 50 * 0.3 / 2


def test_it_listens_on_loopback_only(server: Service) -> None:
    listening = [c for c in psutil.Process(server.pid).net_connections() if c.status == "LISTEN"]

    assert [(c.laddr.ip, c.laddr.port) for c in listening] == [("127.0.0.1", server.port)]
    assert server.address() == {"host": "127.0.0.1", "port": server.port}


def test_its_cpu_time_grows_with_its_work(server: Service) -> None:
    before = server.cpu_seconds()
    for _ in range(20):
        _get(server, "/item/1")
    after = server.cpu_seconds()

    assert before is not None
    assert after is not None
    assert after > before > 0


def test_stop_ends_it_and_can_be_repeated() -> None:
    service = start("http")
    assert service.alive()
    service.stop()
    service.stop()

    assert not service.alive()
    assert service.cpu_seconds() is None
    with pytest.raises(OSError, match="refused"):
        socket.create_connection((service.host, service.port), timeout=1)


def test_an_idle_keep_alive_connection_does_not_delay_its_end() -> None:
    with start("http") as service:
        connection = HTTPConnection(service.host, service.port)
        connection.request("GET", "/item/1")
        connection.getresponse().read()
        service.process.send_signal(signal.SIGTERM)
        service.process.wait(services.STOP_LIMIT_SECONDS)
        connection.close()


def test_it_ends_when_its_standard_input_closes() -> None:
    with start("http") as service:
        assert service.process.stdin is not None
        service.process.stdin.close()

        assert service.process.wait(10) == 0


def test_it_ends_with_a_parent_that_was_killed() -> None:
    code = (
        "from experiments.services.service import start; import time\n"
        "print(start('http').pid, flush=True); time.sleep(60)"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, cwd=services.ROOT, text=True
    )
    assert parent.stdout is not None
    server = psutil.Process(int(parent.stdout.readline()))
    parent.kill()
    parent.communicate()

    assert psutil.wait_procs([server], timeout=10)[1] == []


def test_it_leads_a_session_of_its_own(server: Service) -> None:
    assert os.getsid(server.pid) == server.pid


@pytest.mark.skipif(not hasattr(os, "sched_getaffinity"), reason="no CPU affinity here")
def test_it_runs_on_the_cpus_it_is_given() -> None:
    cpu = max(os.sched_getaffinity(0))
    with start("http", cpus=[cpu]) as service:
        assert os.sched_getaffinity(service.pid) == {cpu}


def test_an_unknown_service_is_refused_with_the_known_ones() -> None:
    with pytest.raises(ServiceError, match="service 'ftp' is unknown; known: http"):
        start("ftp")


def test_a_service_that_ends_at_once_is_an_error_that_names_its_log(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setitem(services.SERVICES, "broken", "experiments.services.nowhere")
    log = tmp_path / "service.log"

    with pytest.raises(ServiceError, match=r"'broken' did not start .*exit status 1.*service\.log"):
        start("broken", log=log)
    assert "nowhere" in log.read_text()


def test_a_service_that_stays_silent_is_ended_after_the_limit(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "silent.py").write_text("import time; time.sleep(60)")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setitem(services.SERVICES, "silent", "silent")

    with pytest.raises(ServiceError, match=r"did not start \(silent for 0.3 s\)"):
        start("silent", limit_seconds=0.3)


BUSY_CHILD = """
import time
while time.process_time() < 0.2:
    pass
print(1, flush=True)
time.sleep(60)
"""


def test_cpu_time_counts_children_too() -> None:
    parent = f"import subprocess, sys; subprocess.call([sys.executable, '-c', {BUSY_CHILD!r}])"
    process = subprocess.Popen(
        [sys.executable, "-c", parent], stdout=subprocess.PIPE, start_new_session=True
    )
    try:
        assert process.stdout is not None
        process.stdout.readline()
        seconds = tree_cpu_seconds(process.pid)
        assert seconds is not None
        assert seconds >= 0.2
    finally:
        services.stop_group(process)
