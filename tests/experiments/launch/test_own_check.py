from __future__ import annotations

import itertools
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest

from experiments.launch import own_check
from experiments.launch.naming import missing_module
from experiments.launch.spec import Spec
from experiments.own import OTHERS
from experiments.own_checks import spec

_numbers = itertools.count()
SOURCE = """
    import asyncio, functools, random, threading, time

    ITEMS = [1, 2, 3]
    USED_UP = (item for item in ITEMS)
    NUMBER = 3
    calls = []

    class Owner:
        @staticmethod
        def square(item): return item * item

    def square(item): calls.append(item); return item * item
    def power(item, n=2): return item ** n
    def raises(item): raise ValueError("no\\nsuch thing")
    def leaves(item): raise SystemExit(2)
    def lock(item): return threading.Lock()
    def locks(): return [threading.Lock() for _ in range(3)]
    def keep(item): return 1
    def random_one(item): return random.random()
    def lazy(item): yield item
    def sleeps(item): time.sleep(0.02); return item
    def burns(item): return sum(range(200_000))
    def slow(item): calls.append(item); time.sleep(0.03); return item
    ONE = [1]
    def imports(item):
        if not calls:
            while time.process_time() < began + 0.3: pass
        calls.append(item); time.sleep(0.01); return item
    began = time.process_time()
    @functools.lru_cache(None)
    def remembers(item): time.sleep(0.02); return item
    def generated(n=5): yield from range(n)
    def nothing(): return []
    def fails(): raise RuntimeError("no database")
    def changing(): return [random.random()]
    def growing(): calls.append(0); return [0] * len(calls)
    def text(): return "abc"
    def unordered(): return {1, 2}
    def endless():
        while True: yield 1
    def rows(): return [[3, 1, 2]]
    def open_rows(): return [Row()]
    class Row:
        def __init__(self): self.lock, self.uses = threading.Lock(), 0
    def sorts(item): item.sort(); return item[0]
    def appends(item): item.append(0); return len(item)
    def uses(item): item.uses += 1; return 1
    async def asorts(item): item.sort(); return item[0]
    def least(item): return min(item)
    def begin(): calls.append("begin")
    def end(): calls.append("end")
    def near(one, other): return abs(one - other) < 2
    def awaits(item): return asquare(item)
    async def asquare(item): await asyncio.sleep(0); return item * item
    async def asame(item): return item
    async def on_trio(item):
        import trio
        await trio.sleep(0)
        return item * item
    async def afails(item): raise KeyError(item)
"""


class Told:
    """Keeps what is emitted."""

    def __init__(self) -> None:
        self.event: dict[str, Any] = {}
        self.phases: list[str] = []

    def phase(self, name: str) -> None:
        self.phases.append(name)

    def emit(self, event: str, **fields: Any) -> None:
        assert event == "checked"
        self.event = fields


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A module of the user's under a name not used before."""
    monkeypatch.setattr(sys, "path", [*sys.path])
    name = f"user_jobs_{next(_numbers)}"
    (tmp_path / f"{name}.py").write_text(textwrap.dedent(SOURCE))
    return name


def look(folder: Path, module: str, params: dict[str, Any] | None = None, **own: Any) -> Any:
    roles = {"call": "square", "items": "ITEMS", **own}
    definition = {
        role: name if ":" in name or role in OTHERS else f"{module}:{name}"
        for role, name in roles.items()
    }
    wanted = spec({**definition, "path": str(folder)}, params or {}, 60.0)
    told = Told()
    own_check.check(Spec(**{**wanted, "scratch": str(folder), "events": 0}), told)  # type: ignore[arg-type]
    return told


def test_what_is_found_of_a_good_one(tmp_path: Path, module: str) -> None:
    found = look(tmp_path, module, acall="asquare", setup="begin", teardown="end").event

    assert found["problem"] == ""
    assert found["items"] == 3
    assert found["answers"] == ["1", "4", "9"]
    assert found["unpicklable"] == ""
    assert str(tmp_path / f"{module}.py") in found["files"]
    assert sys.modules[module].calls == ["begin", 1, 2, 3, 1, 2, 3, "end"]


def test_a_named_package_is_the_users_though_it_is_installed(tmp_path: Path, module: str) -> None:
    installed = tmp_path / "site-packages"
    for name, source in {
        f"{module}_pkg/__init__.py": "",
        f"{module}_pkg/jobs.py": f"from . import rules\nimport {module}_other\nITEMS = [1]\n"
        "def square(item): return item * item\n",
        f"{module}_pkg/rules.py": "",
        f"{module}_pkg/unused.py": "",
        f"{module}_other.py": "",
    }.items():
        (installed / name).parent.mkdir(parents=True, exist_ok=True)
        (installed / name).write_text(source)
    files = look(installed, f"{module}_pkg.jobs").event["files"]

    names = [Path(one).name for one in files if one.startswith(str(installed))]
    assert names == ["__init__.py", "jobs.py", "rules.py"]


@pytest.mark.skipif(missing_module(["trio"]) is not None, reason="there is no trio")
@pytest.mark.parametrize(("library", "problem"), [("trio", ""), ("asyncio", "raises RuntimeError")])
def test_acall_is_tried_on_the_library_that_is_named_first(
    library: str, problem: str, tmp_path: Path, module: str
) -> None:
    found = look(tmp_path, module, acall="on_trio", async_libraries=[library]).event

    assert found["problem"].startswith(problem)
    assert bool(found["problem"]) == bool(problem)


def test_acall_is_not_tried_where_its_library_is_missing(
    tmp_path: Path, module: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(own_check, "missing_module", lambda names: names[0])

    found = look(tmp_path, module, acall="on_trio", async_libraries=["trio"]).event

    assert found["notes"] == ["acall was not tried before measuring: there is no trio here"]


@pytest.mark.parametrize(("call", "kind"), [("sleeps", "waiting"), ("burns", "cpu")])
def test_it_is_classed_by_its_share_of_cpu_time(
    call: str, kind: str, tmp_path: Path, module: str
) -> None:
    assert look(tmp_path, module, call=call).event["kind"] == kind


def test_a_method_and_parameters_work_too(tmp_path: Path, module: str) -> None:
    assert look(tmp_path, module, call="Owner.square").event["answers"] == ["1", "4", "9"]
    found = look(tmp_path, module, {"n": 3}, call="power", items="generated").event
    assert (found["items"], found["answers"]) == (3, ["0", "1", "8"])


def test_a_slow_one_is_called_once(
    tmp_path: Path, module: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(own_check, "TRY_SECONDS", 0.0)
    monkeypatch.setattr(own_check, "SLOW_SECONDS", 0.01)
    monkeypatch.setattr(own_check, "ANOTHER_SECONDS", 0.01)
    found = look(tmp_path, module, call="slow", acall="asame").event

    assert sys.modules[module].calls == [1]
    assert found["tried_items"] == 1
    assert found["item_seconds"] >= 0.02
    assert found["notes"] == [
        "its answer was not made twice before measuring: it takes too long",
        "acall was not tried before measuring: an item takes too long",
    ]


def test_one_that_may_be_slow_at_first_only_is_called_for_a_second_item(
    tmp_path: Path, module: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(own_check, "SLOW_SECONDS", 0.01)
    found = look(tmp_path, module, call="slow").event

    assert sys.modules[module].calls[:2] == [1, 2]
    assert found["notes"] == ["its answer was not made twice before measuring: it takes too long"]


@pytest.mark.parametrize("items", ["ITEMS", "ONE"])
def test_what_the_first_call_does_once_is_no_cost_of_an_item(
    items: str, tmp_path: Path, module: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(own_check, "SLOW_SECONDS", 0.1)
    found = look(tmp_path, module, call="imports", items=items).event

    assert found["kind"] == "waiting"
    assert found["item_seconds"] < 0.1
    assert [note.partition(" took ")[0] for note in found["notes"]] == ["its first call"]


def test_answers_that_are_remembered_are_told(tmp_path: Path, module: str) -> None:
    found = look(tmp_path, module, call="remembers").event

    assert found["item_seconds"] >= 0.02
    assert [note.partition(",")[0] for note in found["notes"]] == ["it remembers answers"]


@pytest.mark.parametrize(
    ("own", "what"), [({"call": "lock"}, "results"), ({"call": "keep", "items": "locks"}, "items")]
)
def test_what_cant_be_pickled_is_told(
    own: dict[str, str], what: str, tmp_path: Path, module: str
) -> None:
    found = look(tmp_path, module, **own).event

    assert found["problem"] == ""
    assert found["unpicklable"].startswith(f"its {what} can't be sent between processes: TypeError")


def test_an_item_that_all_share_as_it_cant_be_sent_may_change(tmp_path: Path, module: str) -> None:
    assert look(tmp_path, module, call="uses", items="open_rows").event["problem"] == ""


@pytest.mark.parametrize("own", [{"check": "none"}, {"same": "near"}])
def test_answers_may_differ_where_the_user_says_so(
    own: dict[str, str], tmp_path: Path, module: str
) -> None:
    assert look(tmp_path, module, call="random_one", **own).event["problem"] == ""


@pytest.mark.parametrize(
    ("own", "role", "says"),
    [
        ({"call": "sqare"}, "call", "can't be found: module user_jobs_"),
        ({"call": "nowhere.at_all:f"}, "call", "there is no module nowhere; name the folder"),
        ({"call": "experiments.mine:f"}, "call", "the name experiments is Poolwise's own"),
        ({"call": "NUMBER"}, "call", "is of type int, not a function"),
        ({"call": "raises"}, "call", "raises ValueError: no such thing (test_"),
        ({"call": "leaves"}, "call", "raises SystemExit: 2"),
        ({"call": "random_one"}, "call", "the second time: where answers differ by nature set"),
        ({"call": "lazy"}, "call", "returns a generator, so its work is not done yet"),
        ({"call": "asquare"}, "call", "is a coroutine function: name it as acall, and name a plai"),
        ({"call": "awaits"}, "call", "returns a coroutine: name the function as acall"),
        ({"items": "nothing"}, "items", "gives no item: there is nothing to measure"),
        ({"items": "USED_UP"}, "items", "is a generator, which is used up after one pass"),
        ({"items": "endless"}, "items", "gives more items, at most 100,000 can be measured"),
        ({"items": "changing"}, "items", "gives other items the second time (0."),
        ({"items": "growing"}, "items", "gives 1 items the first time and 2 the second"),
        ({"items": "text"}, "items", "gives a str, not a list of items"),
        ({"items": "NUMBER"}, "items", "gives a int, not a list of items"),
        ({"items": "unordered"}, "items", "gives a set, which has another order in each process"),
        ({"items": "fails"}, "items", "raises RuntimeError: no database"),
        ({"setup": "fails"}, "setup", "raises RuntimeError: no database"),
        ({"acall": "square"}, "acall", "is no coroutine function: define it with async def"),
        ({"acall": "asame"}, "acall", "gives 4 for an item, and 2 as a coroutine"),
        ({"acall": "afails"}, "acall", "raises KeyError: 1"),
        ({"call": "sorts", "items": "rows"}, "call", "changes its item ([3, 1, 2] -> [1, 2, 3]): "),
        ({"call": "appends", "items": "rows", "check": "none"}, "call", "have it work on a copy"),
        ({"call": "least", "acall": "asorts", "items": "rows"}, "acall", "changes its item ([3, "),
        ({"same": "near", "call": "lock"}, "same", "raises TypeError"),
    ],
)
def test_each_mistake_is_one_line_that_says_what_to_do(
    own: dict[str, str], role: str, says: str, tmp_path: Path, module: str
) -> None:
    found = look(tmp_path, module, **own).event

    assert found["role"] == role
    assert says in found["problem"]
    assert "\n" not in found["problem"]


def test_ten_million_items_are_refused_with_their_number(tmp_path: Path, module: str) -> None:
    (tmp_path / f"{module}.py").write_text(
        "def f(item): return item\ndef items(): return range(10_000_000)\n"
    )
    found = look(tmp_path, module, call="f", items="items").event

    assert found["problem"].startswith("gives 10,000,000 items, at most 100,000 can be measured")


def test_a_parameter_that_nothing_takes_is_named(tmp_path: Path, module: str) -> None:
    found = look(tmp_path, module, {"n": 1, "depth": 2}, call="power").event

    assert found["role"] == "params.depth"
    assert "no function takes it" in found["problem"]


@pytest.mark.parametrize("source", ["import nowhere_at_all", "def (", "raise OSError('disk')"])
def test_a_module_that_cant_be_imported_is_told_with_its_error(
    source: str, tmp_path: Path, module: str
) -> None:
    (tmp_path / f"{module}.py").write_text(source)
    found = look(tmp_path, module).event

    assert found["problem"].startswith("can't be imported: ")
    assert found["role"] == "call"
