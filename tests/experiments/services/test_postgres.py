"""The PostgreSQL service: a cluster of our own, a schema on a given server; nothing is left."""

from __future__ import annotations

import contextlib
import os
import pwd
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from experiments.services import cluster as clusters
from experiments.services import service as services
from experiments.services.refusal import RefusedError
from experiments.services.service import Service, ServiceRefusedError
from tests.experiments.postgres import cluster, dsn_of, schemas, server_or_skip, wanted

SECRET = "hunter2"


@pytest.fixture(scope="module")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """Stands for a user's server where a test needs one."""
    with cluster(tmp_path_factory.mktemp("scratch"), connections=10) as service:
        yield service


def _family(service: Service) -> list[psutil.Process]:
    root = psutil.Process(service.pid)
    return [root, *root.children(recursive=True)]


def _segment(service: Service) -> str:
    """The id of the server's System V shared memory, from the file it keeps about itself."""
    return (Path(service.host) / "data" / "postmaster.pid").read_text().splitlines()[6].split()[1]


def _segments() -> list[str]:
    """The ids of all System V shared memory of this machine."""
    table = Path("/proc/sysvipc/shm")
    lines = table.read_text().splitlines()[1:] if table.exists() else []
    return [line.split()[1] for line in lines]


def test_a_cluster_listens_on_a_socket_in_its_own_folder_alone(postgres: Service) -> None:
    home = Path(postgres.host)

    assert home.stat().st_mode & 0o077 == 0
    assert (home / ".s.PGSQL.5432").is_socket()
    for process in _family(postgres):
        assert [c for c in process.net_connections("inet") if c.status == "LISTEN"] == []


def test_stopping_it_leaves_no_process_folder_or_shared_memory(tmp_path: Path) -> None:
    with cluster(tmp_path) as service:
        family, segment = _family(service), _segment(service)
        assert len(family) > 2
    assert not Path(service.host).exists()
    assert psutil.wait_procs(family, timeout=10)[1] == []
    assert [path.name for path in tmp_path.iterdir()] == ["log"]
    assert segment not in _segments()


PARENT = """
import json, sys, time
from pathlib import Path
from experiments.services.service import start
service = start("postgres", log=Path(sys.argv[2]), wanted=json.loads(sys.argv[1]))
print(service.pid, flush=True)
time.sleep(60)
"""


def _started_by_another(scratch: Path, dsn: str = "temporary") -> tuple[subprocess.Popen[str], int]:
    import json

    told = json.dumps(wanted(scratch, dsn))
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT, told, str(scratch / "log")],
        stdout=subprocess.PIPE, cwd=services.ROOT, text=True,
    )  # fmt: skip
    assert parent.stdout is not None
    return parent, int(parent.stdout.readline())


def _kill(parent: subprocess.Popen[str]) -> None:
    parent.kill()
    parent.communicate()


def test_it_ends_and_cleans_up_after_a_parent_that_was_killed(tmp_path: Path) -> None:
    server_or_skip()
    parent, pid = _started_by_another(tmp_path)
    family = [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]
    _kill(parent)

    assert psutil.wait_procs(family, timeout=10)[1] == []
    assert [path.name for path in tmp_path.iterdir()] == ["log"]


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="prctl is Linux's")
def test_a_server_ends_with_a_service_that_was_killed_and_the_next_one_clears_up(
    tmp_path: Path,
) -> None:
    with cluster(tmp_path) as service:
        family = _family(service)
        os.kill(service.pid, signal.SIGKILL)
        assert psutil.wait_procs(family, timeout=10)[1] == []
    left = Path(service.host)
    assert left.exists()
    with cluster(tmp_path) as another:
        assert Path(another.host).exists()
        assert not left.exists()


def test_a_server_that_dies_ends_the_service_and_leaves_nothing(tmp_path: Path) -> None:
    with cluster(tmp_path) as service:
        segment = _segment(service)
        os.kill(service.pids[0], signal.SIGKILL)
        service.process.wait(10)
        assert not service.alive()
    assert [path.name for path in tmp_path.iterdir()] == ["log"]
    assert segment not in _segments()


def test_a_folder_too_deep_for_a_socket_is_no_hindrance(tmp_path: Path) -> None:
    deep = tmp_path / ("a" * 60) / ("b c" * 20)
    deep.mkdir(parents=True)
    with cluster(deep) as service:
        home = Path(service.host)
        assert home.parent == Path(tempfile.gettempdir()).resolve()
    assert not home.exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root runs the server as another user")
def test_root_runs_the_server_as_another_user_in_a_folder_of_his(tmp_path: Path) -> None:
    (tmp_path / "closed").mkdir(0o700)
    with cluster(tmp_path / "closed") as service:
        server = psutil.Process(service.pids[0])
        assert server.username() in clusters.SERVER_USERS
        assert Path(service.host).owner() == server.username()
        assert not Path(service.host).is_relative_to(tmp_path)  # he could not get in there


def test_root_without_another_user_is_told_why(monkeypatch: pytest.MonkeyPatch) -> None:
    def nobody(name: str) -> pwd.struct_passwd:
        raise KeyError(name)

    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(pwd, "getpwnam", nobody)
    with pytest.raises(RefusedError, match="refuse to run as root, and there is no user postgres"):
        clusters.server_user()


def test_the_newest_version_is_found_where_path_has_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for version in ("9.6", "16", "15"):
        folder = tmp_path / "lib" / version / "bin"
        folder.mkdir(parents=True)
        for name in ("initdb", "postgres")[: 1 if version == "9.6" else 2]:
            (folder / name).touch(0o755)
    monkeypatch.setattr(clusters, "FOLDERS", (f"{tmp_path}/lib/*/bin",))
    monkeypatch.setenv("PATH", str(tmp_path))
    assert clusters.programs() == tmp_path / "lib" / "16" / "bin"
    monkeypatch.setenv("PATH", str(tmp_path / "lib" / "15" / "bin"))
    assert clusters.programs() == tmp_path / "lib" / "15" / "bin"


def test_no_programs_are_unsupported_with_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clusters, "programs", lambda: None)
    with (
        pytest.raises(RefusedError, match="apt-get install postgresql") as caught,
        clusters.running(tmp_path, 2),
    ):
        pass
    assert caught.value.status == "unsupported"
    assert list(tmp_path.iterdir()) == []


# --- a given server -------------------------------------------------------------------------------


def test_a_given_server_gets_one_schema_which_is_dropped(postgres: Service, tmp_path: Path) -> None:
    before = schemas(postgres)
    with cluster(tmp_path, dsn_of(postgres), connections=2) as service:
        (made,) = set(schemas(postgres)) - set(before)
        assert service.address() == {"server": f"{postgres.host}:5432/postgres", "schema": made}
        assert service.pids == postgres.pids  # it runs here: its CPU time is not foreign
    assert schemas(postgres) == before


def test_the_schema_is_dropped_after_a_parent_that_was_killed(
    postgres: Service, tmp_path: Path
) -> None:
    before = schemas(postgres)
    parent, pid = _started_by_another(tmp_path, dsn_of(postgres))
    service = psutil.Process(pid)
    assert schemas(postgres) != before
    _kill(parent)

    assert psutil.wait_procs([service], timeout=10)[1] == []
    assert schemas(postgres) == before


def test_a_server_without_enough_free_connections_is_left_alone(
    postgres: Service, tmp_path: Path
) -> None:
    before = schemas(postgres)
    with (
        pytest.raises(
            ServiceRefusedError, match="free connections; this block would take up to 64"
        ),
        cluster(tmp_path, dsn_of(postgres), connections=64),
    ):
        pass
    assert schemas(postgres) == before


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"dbname": "not_there"}, 'database "not_there" does not exist'),
        ({"user": "not_there"}, 'role "not_there" does not exist'),
        ({"host": "/not/there"}, "No such file or directory"),
        ({"host": "127.0.0.1", "port": "1"}, "Connection refused"),
        ({"not_an_option": "1"}, "the connection string can't be read"),
    ],
)
def test_a_server_that_cant_be_used_is_a_reason_without_the_password(
    postgres: Service, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    change: dict[str, str], says: str,
) -> None:  # fmt: skip
    monkeypatch.setenv("SHOP_DSN", dsn_of(postgres, password=SECRET, **change))
    with (
        pytest.raises(ServiceRefusedError) as caught,
        cluster(tmp_path, "$SHOP_DSN", connections=2),
    ):
        pass

    assert caught.value.status == "crashed"
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)
    assert (tmp_path / "log").read_text() == ""  # nothing was made, so nothing is undone
    assert SECRET not in str(caught.value)


def test_a_password_of_a_variable_lets_in_and_a_wrong_one_is_told_and_not_repeated(
    postgres: Service, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import psycopg

    rules = Path(postgres.host) / "data" / "pg_hba.conf"
    rules.write_text("local all keeper scram-sha-256\nlocal all all trust\n")
    with psycopg.connect(dsn_of(postgres), autocommit=True) as connection:
        connection.execute(f"CREATE ROLE keeper LOGIN PASSWORD '{SECRET}'".encode())
        connection.execute("GRANT CREATE ON DATABASE postgres TO keeper")
        connection.execute("SELECT pg_reload_conf()")
    before = schemas(postgres)
    monkeypatch.setenv("SHOP_DSN", dsn_of(postgres, user="keeper", password=SECRET))
    with cluster(tmp_path, "$SHOP_DSN", connections=2) as service:
        assert len(schemas(postgres)) == len(before) + 1
        assert SECRET not in str(service.said)
    assert schemas(postgres) == before
    monkeypatch.setenv("SHOP_DSN", dsn_of(postgres, user="keeper", password=SECRET + "x"))
    with (
        pytest.raises(ServiceRefusedError, match='password authentication failed for user "keeper"')
        as caught,
        cluster(tmp_path, "$SHOP_DSN", connections=2),
    ):  # fmt: skip
        pass
    assert SECRET not in str(caught.value) + (tmp_path / "log").read_text()


def test_a_user_who_may_not_make_a_schema_is_told_so(postgres: Service, tmp_path: Path) -> None:
    import psycopg

    with psycopg.connect(dsn_of(postgres), autocommit=True) as connection:
        connection.execute("CREATE ROLE guest LOGIN")
    with (
        pytest.raises(ServiceRefusedError, match="permission denied for database postgres"),
        cluster(tmp_path, dsn_of(postgres, user="guest"), connections=2),
    ):
        pass


def test_cpu_time_of_connections_that_are_gone_is_the_servers(postgres: Service) -> None:
    import psycopg

    from experiments.conductor.noise import family_cpu_seconds

    before = family_cpu_seconds(postgres.pids[0])
    with psycopg.connect(dsn_of(postgres)) as connection:
        end = time.monotonic() + 10
        busy = "SELECT count(*) FROM generate_series(1, 300000)"
        while family_cpu_seconds(postgres.pids[0]) < before + 0.2 and time.monotonic() < end:
            connection.execute(busy)
        backend = connection.info.backend_pid
    with contextlib.suppress(psutil.NoSuchProcess):
        psutil.Process(backend).wait(10)

    assert family_cpu_seconds(postgres.pids[0]) >= before + 0.15
