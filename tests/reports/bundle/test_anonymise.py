"""What an anonymised bundle may not tell, and what stays as it was."""

from __future__ import annotations

import csv
import html
import io
import json
import shutil
from dataclasses import replace
from pathlib import Path

import pypdf
import pytest

from experiments import schema
from reports import decision, render
from reports.bundle import anonymise
from reports.bundle.__main__ import main
from reports.bundle.identifying import Identity, machine_word
from reports.bundle.opening import BundleError, opened
from reports.bundle.write import write_anonymised
from reports.decision_check import data_hash
from reports.load import Results, load
from tests.reports import synthetic
from tests.reports.conftest import finish

HOST, ALICE = "zephyr17", "alicew"
HOME = f"/home/{ALICE}/secret project"
REASON = (
    f'ValueError: File "{HOME}/jobs.py", line 3, on {HOST}: see /srv/{ALICE}-data/x.csv, '
    f"http://{ALICE}:pw@db.example.org/x and file:///opt/private/ledger"
)
HIDDEN = (HOST, ALICE, "secret", "/srv", "x.csv", "example.org", "pw@", "private", "ledger")


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Results:
    """A run whose files tell a host, a user and paths wherever they can."""
    folder = tmp_path_factory.mktemp("told") / HOST
    scene = synthetic.cpu_scene(f"{ALICE}_jobs:work", flags=(REASON,), summary=REASON)
    broken = replace(scene.truths[1], status="crashed", reason=REASON)
    scene = replace(scene, truths=(scene.truths[0], broken, *scene.truths[2:]))
    python = {**synthetic.MACHINE["interpreters"][0], "executable": f"{HOME}/.venv/bin/python"}
    synthetic.write(folder, [scene], hostname=f"{HOST}.lan", interpreters=[python])
    plan = json.loads((folder / "plan.json").read_text())
    own = {"call": "jobs:work", "path": HOME}
    plan["settings"] = {**plan.get("settings", {}), "machine": HOST, "results": f"{HOME}/results"}
    plan["settings"]["tasks"] = [
        {"task": scene.task, "key": "tasks.x", "own": own, "params": {}, "checked": []}
    ]
    (folder / "plan.json").write_text(json.dumps(plan))
    results = finish(folder)
    page = render.html(results)
    schema.write_atomically(folder / "report.html", page)
    if not render.pdf_problem():
        render.write_pdf(page, folder / "report.pdf")
    decision.write(results)
    return load(folder)


@pytest.fixture(scope="module")
def hidden(told: Results, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Its anonymised bundle, opened."""
    before = {path: path.read_bytes() for path in told.folder.rglob("*") if path.is_file()}
    path = write_anonymised(told)
    bundle = opened(path, tmp_path_factory.mktemp("hidden") / "into")
    path.unlink()

    assert bundle.anonymised
    assert bundle.machine == machine_word(told)
    assert {path: path.read_bytes() for path in told.folder.rglob("*") if path.is_file()} == before
    return bundle.folder


def test_no_file_tells_host_user_or_paths(told: Results, hidden: Path) -> None:
    assert all(word in (told.folder / "plan.json").read_text() for word in HIDDEN)
    for path in hidden.iterdir():
        if path.suffix != ".pdf":
            text = path.read_text(encoding="utf-8")
            for word in (*HIDDEN, str(told.folder)):
                assert word not in html.unescape(text), path.name


@pytest.mark.skipif(bool(render.pdf_problem()), reason="no PDF can be made here")
def test_nor_does_the_pdf(hidden: Path) -> None:
    data = (hidden / "report.pdf").read_bytes()
    reader = pypdf.PdfReader(io.BytesIO(data))
    text = "".join(page.extract_text() for page in reader.pages) + str(reader.metadata)

    assert "machine-" in text
    assert not [word for word in HIDDEN if word in text or word.encode() in data]


def test_the_same_words_stand_for_it_everywhere(told: Results, hidden: Path) -> None:
    machine = json.loads((hidden / "machine.json").read_text())
    plan = json.loads((hidden / "plan.json").read_text())
    [own] = plan["settings"]["tasks"]
    launches = load(hidden).table(schema.LAUNCHES)

    assert machine["machine"] == machine["hostname"] == machine_word(told)
    assert set(launches["machine"]) == {machine["machine"]}
    assert own["task"] == plan["blocks"][0]["task"] == "user_jobs:work"
    assert set(launches["task"]) == {"user_jobs:work"}
    assert own["own"]["path"].startswith("path-")
    reason = launches["reason"][launches["status"] == "crashed"].iloc[0]
    assert reason.startswith('ValueError: File "path-')
    assert f"line 3, on {machine['machine']}: see path-" in reason


def test_numbers_stay_as_they_were(told: Results, hidden: Path) -> None:
    for table in schema.TABLES.values():
        before, after = told.table(table), load(hidden).table(table)
        for column in table.columns:
            if column.kind != "text":
                assert before[column.name].equals(after[column.name])


def test_its_decision_record_names_the_hash_of_its_own_data(hidden: Path) -> None:
    assert data_hash(hidden) in (hidden / "decision.md").read_text()


def test_two_of_the_same_run_are_the_same(told: Results) -> None:
    first = write_anonymised(told).read_bytes()
    assert write_anonymised(told).read_bytes() == first
    (told.folder / "bundle.zip").unlink()


def test_what_is_left_is_never_written(
    told: Results, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(Identity, "replaced", lambda self, text: text)

    assert main([str(told.folder), "--anonymise"]) == 1
    assert "so the bundle isn't anonymous" in capsys.readouterr().err
    assert not (told.folder / "bundle.zip").exists()


@pytest.mark.parametrize(
    ("text", "left"),
    [
        (f"ran on {HOST}, fine", "ran on machine-8cf69d, fine"),
        (f"ran on {HOST.upper()}.lan", "ran on machine-8cf69d"),
        (f"{ALICE}_jobs", "user_jobs"),
        (f"{ALICE}s", f"{ALICE}s"),
        ("CPU / wall, items/s, 3/4, a/b/c", "CPU / wall, items/s, 3/4, a/b/c"),
        ("/proc/self/stat and /dev/shm/x", "/proc/self/stat and /dev/shm/x"),
        ("PATH=/a/b:/c/d", "PATH=path-1:path-2"),
        ("~/x/y and C:\\Users\\Bo\\x", "path-1 and path-2"),
        ("host=db.lan user=bo dbname=x", "host=server user=user dbname=x"),
        ("http://127.0.0.1:80/x", "http://127.0.0.1:80/x"),
        ("tcp://10.0.0.7:8786", "tcp://server"),
        (f"in {HOME}/a.py and {HOME}/a.py", "in path-1 and path-1"),
    ],
)
def test_words_in_texts(told: Results, text: str, left: str) -> None:
    word = machine_word(told)

    assert Identity(told).replaced(text) == left.replace("machine-8cf69d", word)


def test_a_name_that_is_one_of_poolwises_own_words_is_replaced_as_a_name_only(
    run: Results, tmp_path: Path
) -> None:
    """The host is called bench: so are a folder and a command of Poolwise."""
    folder = tmp_path / "bench"
    shutil.copytree(run.folder, folder)
    identity = Identity(run)
    (tmp_path / "copy").mkdir()
    made = anonymise.copied(load(folder), identity, tmp_path / "copy")

    assert identity.replaced("make bench") == "make bench"
    assert made.name == identity.machine
    assert f"on {identity.machine}" in (made.folder / "report.html").read_text(encoding="utf-8")
    assert "on bench" not in (made.folder / "report.html").read_text(encoding="utf-8")


def test_tables_are_written_as_the_contract_writes_them(told: Results, hidden: Path) -> None:
    for table in schema.TABLES.values():
        text = (hidden / f"{table.name}.csv").read_text(encoding="utf-8")
        rows = list(csv.reader(io.StringIO(text, newline="")))
        assert rows[0] == table.names
        assert len(rows) == len(told.table(table)) + 1


def test_a_bundle_that_is_refused_says_so(told: Results) -> None:
    identity = Identity(told)
    with pytest.raises(BundleError, match=r"decision\.md would still tell 'zephyr17'"):
        anonymise.check({"decision.md": f"on {HOST}".encode()}, identity, Path("b.zip"))
