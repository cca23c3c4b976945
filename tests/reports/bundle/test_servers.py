"""Servers, their users, and paths that no text tells to be one, in an anonymised bundle."""

from __future__ import annotations

import html
import json
import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from experiments import schema
from reports import decision, render
from reports.bundle import anonymise
from reports.bundle.error import BundleError
from reports.bundle.identifying import Identity
from reports.bundle.opening import opened
from reports.bundle.servers import addresses, hosts, is_name
from reports.bundle.write import write_anonymised
from reports.load import Results, load
from tests.reports import synthetic
from tests.reports.conftest import finish

KEYWORDS = (
    "host=dbq7.acme.internal,dbq8.acme.internal hostaddr = 10.1.2.7 dbname=shopdb user='bo7x'"
)
URI = "postgresql://kim9@pg.acme.test:5433/shopdb?host=2001:db8::7"
HIDDEN = (
    "dbq7", "dbq8", "acme", "10.1.2.7", "bo7x", "kim9", "2001:db8", "2001-db8", "vault3",
    "10.9.8.7", "10.20.30.40", "alicesmith", "fileserver", "secretive", "sched1", "sched2",
    "merger",
)  # fmt: skip
REASON = (
    'connection to server at "10.20.30.40", port 5432 failed: FATAL: no password for user '
    "\"alicesmith\"; HTTPConnectionPool(host='vault3.acme.test', port=80): opencv 4.12.0.88 needs "
    r"\\fileserver\share\x.csv and ../secretive/x.csv"
)
#: what a block's name can't hold
AS_NAMED = str.maketrans("/:,", "---")
SERVERS = {"10.1.2.7", "10.20.30.40", "10.9.8.7", "2001:db8::7", "dbq7.acme.internal",
           "dbq8.acme.internal", "pg.acme.test", "sched1", "sched2",
           "vault3.acme.test"}  # fmt: skip


@dataclass(frozen=True)
class Named(synthetic.Scene):
    """A block whose name is made as the plan makes it."""

    @property
    def name(self) -> str:
        return super().name.replace(" ", "-").translate(AS_NAMED)


def scene(task: str, label: str, **params: Any) -> Named:
    dask = synthetic.pool("dask_bag", 2, 0.07)
    truths = (
        synthetic.sequential(0.1),
        synthetic.pool("threads", 2, 0.06),
        replace(dask, options={"scheduler": "distributed", "address": "tcp://sched1:8786"}),
        replace(synthetic.pool("asyncio", 2, 0.07), status="crashed", reason=REASON),
    )
    return Named(task, "waiting", 1, truths, params, label, rounds=3)


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> Results:
    """A run on servers of several kinds, and of a task of the user's in a folder below the root."""
    folder = tmp_path_factory.mktemp("asked") / "bench"
    packages = {"opencv-python": "4.12.0.88", "numpy": "2.4.6"}
    synthetic.write(folder, [
        scene("postgres_query", "dsn=dbq7.acme.internal,dbq8.acme.internal/shopdb", dsn=KEYWORDS),
        scene("postgres_query", "dsn=2001:db8::7/shopdb", dsn=URI),
        scene("postgres_query", "dsn=10.9.8.7:5433/shopdb", dsn="$WHERE"),
        scene("postgres_query", "dsn=local/shopdb", dsn="dbname=shopdb"),
        scene("ask", "host=sched1 port=1", host="sched1", port=1),
        scene("ask", "host=sched2 port=1", host="sched2", port=1),
    ], packages=packages, kernel="5.15.167.4-microsoft-standard")  # fmt: skip
    plan = json.loads((folder / "plan.json").read_text())
    own = {"call": "jobs:work", "path": "/acmemerger"}
    plan["settings"] = {**plan.get("settings", {}), "results": "/data", "machine": "bench"}
    plan["settings"]["tasks"] = [
        {"task": "ask", "key": "tasks.ask", "own": own, "params": {}, "checked": []}
    ]
    (folder / "plan.json").write_text(json.dumps(plan))
    results = finish(folder)
    schema.write_atomically(folder / "report.html", render.html(results))
    decision.write(results)
    return load(folder)


@pytest.fixture(scope="module")
def identity(asked: Results) -> Identity:
    return Identity(asked)


@pytest.fixture(scope="module")
def hidden(asked: Results, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = write_anonymised(asked)
    bundle = opened(path, tmp_path_factory.mktemp("hidden") / "into")
    path.unlink()
    return bundle.folder


def test_no_file_tells_a_server_its_user_or_a_folder(asked: Results, hidden: Path) -> None:
    before = "".join(one.read_text() for one in asked.folder.glob("*.*") if one.suffix != ".pdf")
    assert [word for word in HIDDEN if word not in before] == []
    for path in hidden.iterdir():
        if path.suffix != ".pdf":
            text = html.unescape(path.read_text(encoding="utf-8"))
            assert [word for word in HIDDEN if word in text] == [], path.name


def test_two_servers_stay_two(asked: Results, hidden: Path, identity: Identity) -> None:
    before, after = load(asked.folder), load(hidden)
    launches = after.table(schema.LAUNCHES)
    labels = [block.params_label for block in after.blocks]

    assert {name for name, word in identity.names.items() if "server" in word} == SERVERS
    assert len(set(labels)) == len(labels)
    assert labels[3] == "dsn=local/shopdb"
    assert labels[1] == f"dsn={identity.names['2001:db8::7']}/shopdb"
    assert labels[2] == f"dsn={identity.names['10.9.8.7']}:5433/shopdb"
    assert after.blocks[2].name == f"postgres_query-{labels[2]}-1c".translate(AS_NAMED)
    assert identity.names == Identity(asked).names
    assert set(launches["block"]) == {block.name for block in after.blocks}
    assert launches["launch_id"].nunique() == len(before.table(schema.LAUNCHES))
    assert launches["launch_id"].iloc[-1].endswith("-1c-r2-3")
    assert set(launches["params"]) == {block.params for block in after.blocks}


def test_paths_of_one_folder_are_replaced_where_a_path_is_meant(hidden: Path) -> None:
    plan = json.loads((hidden / "plan.json").read_text())
    config = json.loads((hidden / "config.json").read_text())

    assert re.fullmatch(r"path-\d+", plan["settings"]["tasks"][0]["own"]["path"])
    assert config["tasks"]["ask"]["path"] == plan["settings"]["tasks"][0]["own"]["path"]
    assert re.fullmatch(r"path-\d+", config["results"])


def test_versions_stay(hidden: Path) -> None:
    machine = json.loads((hidden / "machine.json").read_text())

    assert machine["packages"]["opencv-python"] == "4.12.0.88"
    assert machine["kernel"] == "5.15.167.4-microsoft-standard"
    assert "opencv 4.12.0.88 needs path-" in (hidden / "launches.csv").read_text()


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ('at "10.77.0.1", port 5432', 'at "server", port 5432'),
        ("from 10.77.0.1:53 to 127.0.0.1:80", "from server:53 to 127.0.0.1:80"),
        ("('fe80::12%eth0', 5432, 0) and ::1", "('server', 5432, 0) and ::1"),
        ('for user "carolb"', 'for user "user"'),
        ("for user \\\"carolb\\\" on host 'db'", "for user \\\"user\\\" on host 'server'"),
        ("Pool(host='dbx.corp', port=80)", "Pool(host='server', port=80)"),
        ('{"dsn": "user=carolb host=dbx"}', '{"dsn": "user=user host=server"}'),
        ("Failed to resolve 'dbx.corp'", "Failed to resolve 'server'"),
        ("connect to host dbx.corp:443 ssl", "connect to host server:443 ssl"),
        ("postgresql://c:pw@dbx,dby:1/shop?user=x", "postgresql://server,server/shop?user=user"),
        ("postgresql://c:pw@localhost:5/shop", "postgresql://localhost:5/shop"),
        ("see tcp://10.77.0.1:8786, then", "see tcp://server, then"),
        (r"\\nas\share\x.csv and ..\carol\x", "path-1 and path-2"),
        ("../carol/x.csv, ./y/z and //nas/share", "path-1, path-2 and path-3"),
        ("host=local, host=127.0.0.1 user=7", "host=local, host=127.0.0.1 user=7"),
        ("python 3.11.7, 4.1.2, 6.1.0-12, 1.2.3.4.5", "python 3.11.7, 4.1.2, 6.1.0-12, 1.2.3.4.5"),
        ("x==1.2.3.4, version 1.2.3.4, 300.1.2.3", "x==1.2.3.4, version 1.2.3.4, 300.1.2.3"),
        ("x[1::2], 22:40:13, a::b, aa:bb:cc:dd:ee", "x[1::2], 22:40:13, a::b, aa:bb:cc:dd:ee"),
        ("... / .../x, r'\\n', 1.5/2", "... / .../x, r'\\n', 1.5/2"),
    ],
)  # fmt: skip
def test_words_in_texts(run: Results, text: str, left: str) -> None:
    assert Identity(run).replaced(text) == left


@pytest.mark.parametrize(
    "told",
    ["on dbq7.acme.internal", "by BO7X", "10.66.1.1", "dsn=2001-db8--7-shopdb", "/acmemerger"],
)
def test_what_is_left_is_found(identity: Identity, told: str) -> None:
    with pytest.raises(BundleError, match=r"decision\.md would still tell"):
        anonymise.check({"decision.md": told.encode()}, identity, Path("b.zip"))


def test_blocks_that_would_become_one_are_not_packed(tmp_path: Path) -> None:
    """Names are looked for in small and large letters alike."""
    scenes = [scene("ask", f"user={name}", user=name) for name in ("dave7", "Dave7")]
    results = finish(synthetic.write(tmp_path / "bench", scenes))
    (tmp_path / "copy").mkdir()
    with pytest.raises(BundleError, match="blocks that differ only in a name"):
        anonymise.copied(results, Identity(results), tmp_path / "copy")


def test_servers_of_a_connection_string() -> None:
    assert list(hosts("a.b:1,[2001:db8::7]:2,c,2001:db8::8,")) == [
        ("a.b", "1"), ("2001:db8::7", "2"), ("c", ""), ("2001:db8::8", ""), ("", ""),
    ]  # fmt: skip
    assert not any(map(is_name, ("local", "localhost", "127.0.0.2", "::1", "0.0.0.0", "/tmp/x")))
    assert not any(map(is_name, ("", "12", "1e5", "nan")))
    assert list(addresses("1.2.3.4 ::ffff:10.0.0.7 2001:db8::1.")) == [
        "1.2.3.4", "10.0.0.7", "2001:db8::1",
    ]  # fmt: skip
