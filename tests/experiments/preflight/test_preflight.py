from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from experiments import host, preflight
from experiments.cluster.owner import owned
from experiments.cluster.submitting import Nodes
from experiments.conductor.lock import BusyError, acquire
from experiments.plan import make_plan
from experiments.schema import write_atomically
from experiments.settings import ConfigError, resolve
from tests.experiments.facts import SMALL
from tests.experiments.facts import host as node_facts

CONFIG = {**SMALL, "machine": "bench", "min_free_mib": 1}
RESULTS = Path("results/bench")
Said = Callable[[], str]


@pytest.fixture(autouse=True)
def working_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def locks(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of the locks that were taken."""
    taken: list[str] = []
    monkeypatch.setattr(preflight.lock, "acquire", taken.append)
    return taken


def prepare(**changes: Any) -> preflight.Run:
    how = {"given": {}, "cores": None, "dry": False, "errand": False}
    how |= {key: changes.pop(key) for key in list(changes) if key in how}
    return preflight.prepare({**CONFIG, **changes}, **how)


def refusal(**changes: Any) -> list[str]:
    """The lines that a refused run ends with."""
    with pytest.raises(SystemExit) as caught:
        prepare(**changes)
    assert isinstance(caught.value.code, str)  # so the exit status is 1
    lines = caught.value.code.splitlines()
    assert all(line.startswith("Poolwise: ") for line in lines)
    return lines


def measured(**changes: Any) -> dict[str, Any]:
    """Leave what a run that was cut off in its block leaves; returns its plan."""
    settings = resolve({**CONFIG, **changes})
    facts = host.probe("bench")
    plan = make_plan(settings, facts)
    for name, content in (("machine", facts), ("plan", plan)):
        write_atomically(RESULTS / f"{name}.json", json.dumps(content))
    journal(plan["blocks"][0], plan["code_digest"])
    return plan


def journal(block: dict[str, Any], code_digest: str) -> None:
    line = json.dumps({"journal": {"digest": block["digest"], "code_digest": code_digest}})
    write_atomically(RESULTS / "blocks" / block["block"] / "journal.jsonl", line + "\n")


# --- a run that may go on -------------------------------------------------------------------


def test_a_run_says_its_plan_and_takes_the_lock(
    locks: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    run = prepare()

    assert (run.machine, run.results, run.limit) == ("bench", "results/bench", None)
    assert "1 block, 3 approaches" in capsys.readouterr().err
    assert locks == ["run"]


def test_a_dry_run_says_its_plan_and_leaves_everything_alone(
    locks: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    prepare(dry=True)

    assert "1 block, 3 approaches" in capsys.readouterr().err
    assert locks == []
    assert not RESULTS.exists()


def test_an_errand_of_snakemakes_needs_nothing(
    locks: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    measured(seed=1)
    prepare(errand=True)

    assert capsys.readouterr().err == ""
    assert locks == []


@pytest.mark.usefixtures("locks")
def test_quiet_is_quiet(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("POOLWISE_QUIET", "1")
    prepare()

    assert capsys.readouterr().err == ""


@pytest.mark.usefixtures("locks")
def test_the_same_plan_goes_on_where_it_was_cut_off() -> None:
    measured()

    assert prepare().results == "results/bench"


def test_a_finished_run_needs_no_lock(locks: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    plan = measured()
    write_atomically(RESULTS / "blocks" / plan["blocks"][0]["block"] / "launches.csv", "")
    prepare()

    assert "1 of 1 blocks are measured already" in capsys.readouterr().err
    assert locks == []


@pytest.mark.usefixtures("locks")
def test_what_was_not_measured_yet_may_change() -> None:
    plan = measured()
    (RESULTS / "blocks" / plan["blocks"][0]["block"] / "journal.jsonl").unlink()

    assert prepare(seed=1).plan_digest != plan["digest"]


# --- a run that is refused ------------------------------------------------------------------


def test_every_problem_of_the_config_is_a_line() -> None:
    assert len(refusal(seed=-1, wrokers=1)) == 2


def test_results_of_another_plan_are_left_alone() -> None:
    measured(seed=1)
    (line,) = refusal()

    assert "results/bench: holds results of another plan (preset standard; 1 of its" in line
    assert "nothing was touched: move results/bench away, or write elsewhere" in line
    assert refusal(dry=True) == [line]


def test_results_of_another_machine_are_left_alone() -> None:
    measured()
    facts = {**json.loads((RESULTS / "machine.json").read_text()), "fingerprint": "beef"}
    (RESULTS / "machine.json").write_text(json.dumps(facts))
    (line,) = refusal()

    assert "holds results of another machine (fingerprint beef, this one is" in line


def test_a_block_begun_with_other_code_is_left_alone() -> None:
    journal(measured()["blocks"][0], "0ther")
    (line,) = refusal()

    assert "journal.jsonl: was begun with another version of the measured code" in line
    assert "move results/bench/blocks/math_python-1c away" in line


@pytest.mark.parametrize("name", ["machine.json", "plan.json"])
def test_a_damaged_file_is_named(name: str) -> None:
    measured()
    (RESULTS / name).write_text('{"blocks": [')
    (line,) = refusal()

    assert f"results/bench/{name}: damaged" in line


def test_a_nearly_full_disk_is_told_with_the_key_that_asks_for_more() -> None:
    (line,) = refusal(min_free_mib=1_000_000)

    assert "MiB free, config key 'min_free_mib' wants 1000000" in line


def test_a_second_run_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    def busy(name: str) -> int:
        raise BusyError(f"another run holds {name}")

    monkeypatch.setattr(preflight.lock, "acquire", busy)

    assert refusal() == ["Poolwise: another run holds run"]


def test_a_lock_folder_that_is_not_there_is_told(
    working_directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    locks = working_directory / "no_locks"
    monkeypatch.setattr(preflight.lock, "acquire", lambda name: acquire(name, locks))
    (line,) = refusal()

    assert line.startswith(f"Poolwise: {locks / 'poolwise-run.lock'}: can't make or open")
    assert line.endswith("or unset the variable POOLWISE_LOCK_FOLDER that names it")


def test_a_results_folder_that_cant_be_made_is_named(working_directory: Path) -> None:
    (working_directory / "results").write_text("a file in the way")

    assert "results" in refusal()[0]


# --- the config file ------------------------------------------------------------------------


def test_the_working_directorys_config_comes_before_the_projects(working_directory: Path) -> None:
    assert preflight.config_file(given=False) == str(preflight.settings.ROOT / "config.yaml")
    (working_directory / "config.yaml").write_text("seed: 1\n")

    assert preflight.config_file(given=False) == "config.yaml"
    assert preflight.config_file(given=True) is None


def test_a_config_that_cant_be_read_does_not_fall_back(working_directory: Path) -> None:
    (working_directory / "config.yaml").symlink_to("nowhere.yaml")
    with pytest.raises(SystemExit, match=r"Poolwise: config\.yaml: can't be read: No such file"):
        preflight.config_file(given=False)


# --- the decision record --------------------------------------------------------------------


def test_the_record_is_about_all_tasks_unless_some_are_named(locks: list[str]) -> None:
    assert prepare().decision == ()
    assert prepare(decision=["math_python"]).decision == ("math_python",)


def test_naming_other_tasks_for_the_record_changes_nothing_that_is_measured(
    locks: list[str],
) -> None:
    one, other = prepare(), prepare(decision=["math_python"])

    assert (one.plan_digest, one.settings) == (other.plan_digest, other.settings)


def test_a_record_about_what_is_not_measured_is_refused_with_what_is() -> None:
    (line,) = refusal(decision=["math_python", "mixed"])

    assert line == (
        "Poolwise: config key 'decision.1': task 'mixed' is not in the grid; it has math_python"
    )


def test_a_bundle_without_names_is_no_other_measurement(locks: list[str]) -> None:
    one, other = prepare(), prepare(anonymise=True)

    assert (one.anonymise, other.anonymise) == (False, True)
    assert (one.plan_digest, one.settings) == (other.plan_digest, other.settings)
    assert prepare(anonymise="true").anonymise
    (line,) = refusal(anonymise="maybe")
    assert line == "Poolwise: config key 'anonymise': must be true or false, got \"maybe\""


def test_numbers_in_lists_of_the_command_line_are_numbers(locks: list[str]) -> None:
    assert prepare(workers=["1", "3"], given={"workers": ["1", "3"]}).settings["workers"] == [1, 3]


def test_changed_code_of_a_function_asks_for_its_blocks_alone(
    working_directory: Path, locks: list[str]
) -> None:
    source = working_directory / "changing_jobs.py"
    source.write_text("ITEMS = [1]\ndef f(item): return item\n")
    tasks = {"mine": {"call": "changing_jobs:f", "items": "changing_jobs:ITEMS", "path": "."}}
    prepare(tasks=tasks)
    plan = make_plan(prepare(tasks=tasks).settings, host.probe("bench"))
    write_atomically(RESULTS / "plan.json", json.dumps(plan))
    journal(plan["blocks"][0], plan["code_digest"])
    prepare(tasks=tasks)

    source.write_text("ITEMS = [1]\ndef f(item): return -item\n")
    (line,) = refusal(tasks=tasks)

    assert "a task's code has changed since it was measured; nothing was touched" in line
    assert line.endswith(f"move away {RESULTS / 'blocks' / plan['blocks'][0]['block']}")
    assert locks


# --- config key again -----------------------------------------------------------------------


def test_again_keeps_a_complete_run_and_makes_room(
    locks: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    measured(seed=5)  # another plan: without `again` it would be in the way
    (RESULTS / "bundle.zip").touch()
    prepare(again="true")

    assert "The run before is kept in results/bench/history/unknown" in capsys.readouterr().err
    assert (RESULTS / "history" / "unknown" / "plan.json").exists()
    assert locks == ["run"]


@pytest.mark.parametrize("more", [{}, {"dry": True}, {"errand": True}])
def test_nothing_is_moved_where_the_run_is_not_complete_or_nothing_will_be_measured(
    more: dict[str, Any], locks: list[str]
) -> None:
    measured()
    if more:
        (RESULTS / "bundle.zip").touch()
    prepare(again=True, **more)

    assert (RESULTS / "plan.json").exists()
    assert not (RESULTS / "history").exists()


# --- on a cluster ---------------------------------------------------------------------------


@pytest.fixture
def cluster(monkeypatch: pytest.MonkeyPatch) -> Nodes:
    """Two-core nodes of a partition, as Slurm would describe them."""
    found = Nodes("slurm", "compute", 2, 60)
    monkeypatch.setattr(preflight.submitting, "nodes", lambda *_: found)
    monkeypatch.setattr(preflight.host, "probe", None)  # no host is probed here
    return found


def probed(**changes: Any) -> dict[str, Any]:
    """What a node leaves: machine.json and the plan made from it."""
    settings = {k: v for k, v in resolve({**CONFIG, **changes}).items() if k in PLANNED}
    facts = {**node_facts(), "machine": "bench", "fingerprint": "f00d", "asked": ASKED}
    plan = make_plan(settings, facts)
    for name, content in (("machine", facts), ("plan", plan)):
        write_atomically(RESULTS / f"{name}.json", json.dumps(content))
    return plan


ASKED = {"pythons": ["current"], "modules": []}
PLANNED = set(resolve(CONFIG)) - {"decision", "anonymise", "again", "bundles", "cluster"}


def test_before_a_node_was_probed_nothing_is_known(
    cluster: Nodes, locks: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    run = prepare(machine="auto", cluster={"nodes": 3, "blocks_per_job": 2})

    assert (run.machine, run.results, run.nodes) == ("compute", "results/compute", cluster)
    assert run.settings["chains"] == 3
    assert run.blocks_per_job == 2
    assert locks == []  # nothing is measured on this host
    assert (
        "on nodes of compute (slurm, 2 CPUs each): the plan is made once" in capsys.readouterr().err
    )


@pytest.mark.usefixtures("cluster")
def test_the_plan_is_said_once_a_node_has_made_it(capsys: pytest.CaptureFixture[str]) -> None:
    run = prepare()
    capsys.readouterr()
    probed()
    run.tell_once(main=False)
    assert capsys.readouterr().err == ""
    run.tell_once(main=True)
    run.tell_once(main=True)

    assert capsys.readouterr().err.count("1 block, 3 approaches") == 1


@pytest.mark.usefixtures("cluster")
def test_what_a_node_said_before_is_planned_with(capsys: pytest.CaptureFixture[str]) -> None:
    plan = probed()
    prepare()

    assert "1 block, 3 approaches" in capsys.readouterr().err
    assert json.loads((RESULTS / "plan.json").read_text()) == plan


@pytest.mark.usefixtures("cluster")
def test_a_plan_that_would_be_another_one_now_is_made_again() -> None:
    probed()
    prepare(workers=[4], dry=True)
    assert (RESULTS / "plan.json").exists()
    prepare(workers=[4])

    assert not (RESULTS / "plan.json").exists()


@pytest.mark.usefixtures("cluster")
def test_measured_blocks_of_another_plan_are_in_the_way_there_too() -> None:
    plan = probed()
    journal(plan["blocks"][0], plan["code_digest"])

    assert "holds results of another plan" in refusal(workers=[4])[0]
    assert (RESULTS / "plan.json").exists()


@pytest.mark.usefixtures("cluster")
def test_a_snakemake_inside_a_job_checks_nothing(
    locks: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    how: dict[str, Any] = {"given": {}, "cores": None, "dry": False, "errand": False}
    run = preflight.prepare(CONFIG, remote=True, **how)

    assert run.nodes is not None
    assert capsys.readouterr().err == ""
    assert not RESULTS.exists()


def test_what_slurm_can_not_do_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    def nodes(*_: Any) -> None:
        raise ConfigError("no partition 'x'")

    monkeypatch.setattr(preflight.submitting, "nodes", nodes)

    assert refusal() == ["Poolwise: no partition 'x'"]


def test_cluster_keys_mean_nothing_on_this_host(locks: list[str]) -> None:
    run = prepare(cluster={"nodes": 3})

    assert run.nodes is None
    assert "chains" not in run.settings
    assert "cluster" not in run.settings


@pytest.mark.usefixtures("cluster")
def test_two_runs_do_not_submit_jobs_into_one_folder() -> None:
    run = prepare()
    (line,) = refusal()

    assert run.owner is not None
    assert "results/bench/measuring.json: process" in line
    assert "is measuring into this folder" in line
    assert prepare(dry=True).owner is None


@pytest.mark.usefixtures("cluster")
def test_again_moves_nothing_under_another_run_and_leaves_its_own_hold() -> None:
    probed()
    (RESULTS / "bundle.zip").touch()
    with owned(RESULTS):
        (line,) = refusal(again=True)
        assert "is measuring into this folder" in line
        assert (RESULTS / "bundle.zip").exists()
    assert prepare(again=True).owner is not None

    assert (RESULTS / "history" / "unknown" / "bundle.zip").exists()
    assert [path.name for path in RESULTS.glob("**/measuring.json")] == ["measuring.json"]
    assert (RESULTS / "measuring.json").exists()
