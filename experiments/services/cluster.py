"""A temporary PostgreSQL cluster: made by initdb, reached through a socket, removed afterwards.

It listens on no network address: its socket lies in a folder that is its user's own, so nobody
else on the machine gets in, and nobody needs a password. The server's programs refuse to run as
root; there they run as another user, who owns the folder.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import pwd
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import psutil

from experiments.services.refusal import CRASHED, UNSUPPORTED, RefusedError

#: where packages put the programs if not on PATH: Debian, Red Hat, Homebrew, PostgreSQL's own
FOLDERS = (
    "/usr/lib/postgresql/*/bin",
    "/usr/pgsql-*/bin",
    "/opt/homebrew/opt/postgresql*/bin",
    "/usr/local/opt/postgresql*/bin",
    "/usr/local/pgsql*/bin",
    "/Library/PostgreSQL/*/bin",
)
NOT_FOUND = (
    "PostgreSQL's server programs (initdb, postgres) are neither on PATH nor in "
    "/usr/lib/postgresql/*/bin: install them (Debian, Ubuntu: apt-get install postgresql) or give "
    "the task parameter dsn"
)
#: who the server runs as where we are root, the first that there is
SERVER_USERS = ("postgres", "nobody")
SUPERUSER, DATABASE, PORT = "poolwise", "postgres", 5432
#: longest path of a socket on Linux and macOS (struct sockaddr_un), and the name within the folder
MOST_SOCKET_PATH, SOCKET_NAME = 103, f".s.PGSQL.{PORT}"
#: the name of a cluster's folder: this, the service's process id, what mkdtemp adds
HOME_PREFIX, RANDOM_LETTERS = "poolwise-cluster-", 8
#: a loaded machine takes about 5 s
INITDB_SECONDS, READY_SECONDS = 60.0, 25.0
#: after "immediate shutdown", before SIGKILL; the one who stops this service waits for 5 s
STOP_SECONDS = 2.5
GONE_SECONDS = 2.0
#: connections beside those of the workers: preparing, superusers' own
SPARE_CONNECTIONS = 10
SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    # All of the table stays in memory, and nothing has to outlive a loss of power.
    "shared_buffers": "64MB",
    "fsync": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    # Nothing of the server's own is to run beside the queries.
    "autovacuum": "off",
    "log_checkpoints": "off",
    # Files in the cluster's folder, not in /dev/shm: they go with it.
    "dynamic_shared_memory_type": "mmap",
}
_PR_SET_PDEATHSIG, _IPC_RMID = 1, 0
_PID_FILE, _STATUS_LINE, _SHARED_MEMORY_LINE = "postmaster.pid", 7, 6


def programs() -> Path | None:
    """The folder of initdb and postgres: that of PATH, else the newest version's."""
    found = shutil.which("initdb")
    folders = [Path(found).resolve().parent] if found else []
    known = [Path(path) for pattern in FOLDERS for path in Path("/").glob(pattern[1:])]
    folders += sorted(known, key=_version, reverse=True)
    return next(
        (one for one in folders if all(map(_runs, (one / "initdb", one / "postgres")))), None
    )


def _version(folder: Path) -> tuple[int, ...]:
    return tuple(map(int, re.findall(r"\d+", str(folder))))


def _runs(program: Path) -> bool:
    return program.is_file() and os.access(program, os.X_OK)


@contextlib.contextmanager
def running(
    scratch: Path, connections: int
) -> Iterator[tuple[dict[str, Any], subprocess.Popen[bytes]]]:
    """A server for so many workers: its address and its process. Raises RefusedError."""
    folder = programs()
    if folder is None:
        raise RefusedError(UNSUPPORTED, NOT_FOUND)
    user = server_user()
    home = make_home(scratch, user)
    process: subprocess.Popen[bytes] | None = None
    try:
        _initdb(folder / "initdb", home, user)
        process = _start(folder / "postgres", home, user, connections)
        _wait_until_ready(process, home)
        address = {"host": str(home), "port": PORT, "user": SUPERUSER, "dbname": DATABASE}
        yield address, process
    finally:
        if process:
            _stop(process, home)
        _remove(home)


def server_user() -> pwd.struct_passwd | None:
    """Who the server runs as; None: as we do. Raises RefusedError where root finds nobody."""
    if os.geteuid() != 0:
        return None
    for name in SERVER_USERS:
        with contextlib.suppress(KeyError):
            return pwd.getpwnam(name)
    raise RefusedError(
        UNSUPPORTED,
        "PostgreSQL's programs refuse to run as root, and there is no user "
        f"{' or '.join(SERVER_USERS)} to run them as: run Poolwise as another user",
    )


def make_home(scratch: Path, user: pwd.struct_passwd | None) -> Path:
    """The cluster's own new folder: in `scratch`, or among the system's temporary ones.

    The latter where `scratch` is too deep for a socket's path, or closed to the server's user.
    """
    scratch, temporary = scratch.resolve(), Path(tempfile.gettempdir()).resolve()
    prefix = f"{HOME_PREFIX}{os.getpid()}-"
    longest = scratch / f"{prefix}{'x' * RANDOM_LETTERS}" / SOCKET_NAME
    fits = len(os.fsencode(longest)) <= MOST_SOCKET_PATH
    reached = user is None or all(_open_to(folder, user) for folder in longest.parents[1:])
    for folder in (scratch, temporary):
        _clear_up(folder, user.pw_uid if user else os.geteuid())
    home = Path(tempfile.mkdtemp(prefix=prefix, dir=scratch if fits and reached else temporary))
    if user:
        os.chown(home, user.pw_uid, user.pw_gid)
    return home


def _clear_up(folder: Path, owner: int) -> None:
    """Remove what services left that were killed, and those alone."""
    for home in folder.glob(f"{HOME_PREFIX}*"):
        pid = home.name.removeprefix(HOME_PREFIX).partition("-")[0]
        with contextlib.suppress(OSError):
            if home.stat().st_uid == owner and pid.isdigit() and not psutil.pid_exists(int(pid)):
                _remove(home)


def _open_to(folder: Path, user: pwd.struct_passwd) -> bool:
    """Whether the user may pass through a folder."""
    seen = folder.stat()
    return bool(seen.st_mode & 0o001) or (seen.st_uid == user.pw_uid and bool(seen.st_mode & 0o100))


def _initdb(program: Path, home: Path, user: pwd.struct_passwd | None) -> None:
    command = [program, "-D", home / "data", "-U", SUPERUSER, "--auth=trust", "--no-sync",
               "--no-locale", "--encoding=UTF8"]  # fmt: skip
    how = {**_identity(user), "timeout": INITDB_SECONDS, "capture_output": True}
    try:
        done = subprocess.run(list(map(str, command)), stdin=subprocess.DEVNULL, **how)
    except subprocess.TimeoutExpired:
        raise RefusedError(CRASHED, f"initdb took more than {INITDB_SECONDS:g} s") from None
    except OSError as error:  # such as a container that lets nobody change the user
        raise RefusedError(UNSUPPORTED, f"{program} can't be run: {error.strerror}") from error
    if done.returncode:
        sys.stderr.buffer.write(done.stdout + done.stderr)
        said = done.stderr.decode(errors="replace").split("\n")
        raise RefusedError(CRASHED, f"initdb failed: {next(filter(None, said), done.returncode)}")


def _start(
    program: Path, home: Path, user: pwd.struct_passwd | None, connections: int
) -> subprocess.Popen[bytes]:
    settings = {**SETTINGS, "unix_socket_directories": str(home),
                "max_connections": str(connections + SPARE_CONNECTIONS)}  # fmt: skip
    options = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
    return subprocess.Popen(
        [str(program), "-D", str(home / "data"), "-p", str(PORT), *options],
        stdin=subprocess.DEVNULL, stdout=sys.stderr, stderr=sys.stderr,
        preexec_fn=_die_with_parent, **_identity(user),
    )  # fmt: skip


def _identity(user: pwd.struct_passwd | None) -> dict[str, Any]:
    """Options of subprocess: run as that user, in a folder that all may be in, with no settings
    of PostgreSQL's that are meant for other servers."""  # fmt: skip
    env = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
    how: dict[str, Any] = {"env": {**env, "LC_ALL": "C"}, "cwd": "/"}
    if user:
        how |= {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
    return how


def _die_with_parent() -> None:
    """Immediate shutdown when this service is killed (man 2 prctl): the server ends by itself."""
    if sys.platform.startswith("linux"):
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGQUIT)


def _wait_until_ready(process: subprocess.Popen[bytes], home: Path) -> None:
    end = time.monotonic() + READY_SECONDS
    while time.monotonic() < end:
        if process.poll() is not None:
            raise RefusedError(
                CRASHED, f"postgres ended with status {process.returncode}, see the log"
            )
        if _pid_line(home, _STATUS_LINE).strip() == "ready":
            return
        time.sleep(0.02)
    raise RefusedError(CRASHED, f"postgres was not ready after {READY_SECONDS:g} s")


def _pid_line(home: Path, number: int) -> str:
    """A line of the file that a running server keeps about itself (pidfile.h); "" without it."""
    try:
        lines = (home / "data" / _PID_FILE).read_text().splitlines()
    except OSError:
        return ""
    return lines[number] if len(lines) > number else ""


def _stop(process: subprocess.Popen[bytes], home: Path) -> None:
    """Immediate shutdown: the data are removed anyway."""
    if process.poll() is None:
        process.send_signal(signal.SIGQUIT)
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    _free_shared_memory(_pid_line(home, _SHARED_MEMORY_LINE).split())


def _free_shared_memory(key_and_id: Sequence[str]) -> None:
    """Remove the System V segment (56 bytes) of a server that was killed: it still has its file."""
    if len(key_and_id) == 2 and key_and_id[1].isdigit():
        ctypes.CDLL(None).shmctl(int(key_and_id[1]), _IPC_RMID, None)


def _remove(home: Path) -> None:
    """Delete the folder; the last processes of a killed server may still write into it."""
    end = time.monotonic() + GONE_SECONDS
    while home.exists() and time.monotonic() < end:
        shutil.rmtree(home, ignore_errors=True)
