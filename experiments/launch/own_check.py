"""Looks at a function of the user's before it is measured: one launch, a few items, one event.

Nothing is timed here but for orientation. A slow function runs once, or twice where its first call
could have been slow alone: what that leaves out is told.
"""

from __future__ import annotations

import inspect
import time
import traceback
from typing import Any, Callable, Dict, List, Mapping, Tuple

from experiments.launch.blame import found, own_files, told
from experiments.launch.canonical import short_form
from experiments.launch.events import Events
from experiments.launch.naming import missing_module
from experiments.launch.own_cost import Calls, Cost, timed
from experiments.launch.own_objects import comparable, refuse_changed, unpicklable
from experiments.launch.spec import Spec
from experiments.launch.user_code import (
    ROLES,
    UserCodeError,
    accepted,
    is_coroutine_function,
    items_of,
    put_first,
    run_on,
    spread,
)

#: items are tried until this much time has passed, so that all of it stays under 5 seconds
TRY_SECONDS = 0.8
#: at most so many, evenly spread: one could be an unusual one
TRIED_ITEMS = 20
#: a function that takes longer isn't called for an item again, whatever can't be checked then
SLOW_SECONDS = 1.5
#: after a first call up to this long there is another: that one may have imported something. As a
#: share of the launch's time limit, and at most: a function of 30 s an item is called once
ANOTHER_SHARE, ANOTHER_SECONDS = 1 / 4, 6.0
#: of a list of items, so many are compared and pickled
SAMPLED_ITEMS = 200
#: CPU seconds over wall seconds from which work is CPU-bound: the same half as in task `mixed`
CPU_SHARE = 0.5


def check(spec: Spec, events: Events) -> None:
    """Emit "checked": what was found, or {"problem", "role"} with what is wrong."""
    own, given = spec.params["own"], spec.params["params"]
    put_first(own.get("path"))
    another = min(ANOTHER_SECONDS, ANOTHER_SHARE * spec.params["limit_seconds"])
    looked = _Check(own, given, events, another)
    tried = spec.params["tried"]
    try:
        facts = looked.again(tried) if tried else looked.facts()
    except UserCodeError as error:
        facts = {"problem": str(error), "role": error.role}
    files = own_files(own[role] for role in ROLES if own.get(role))
    events.emit("checked", **{"problem": "", "role": "", "files": files, **facts})


class _Check:
    """One definition with one value for each of its parameters."""

    def __init__(
        self, own: Mapping[str, Any], given: Mapping[str, Any], events: Events, another: float
    ) -> None:
        self._own, self._given, self._events, self._another = own, given, events, another
        self._functions: Dict[str, Any] = {}
        self._notes: List[str] = []

    def facts(self) -> Dict[str, Any]:
        """Everything that was found out. Raises UserCodeError at the first thing that is wrong."""
        self._find()
        self._check_kinds()
        items = self._items()
        sampled = [short_form(item) for item in _sampled(items)]
        self._run_role("setup")
        tried = self._tried(items)
        self._run_role("teardown")
        return {**tried, "items": len(items), "sampled": sampled, "notes": self._notes}

    def again(self, count: int) -> Dict[str, Any]:
        """Items and the answers of so many of them, to be compared with another process's."""
        self._find()
        items = self._made_items()
        sampled = [short_form(item) for item in _sampled(items)]
        self._run_role("setup")
        self._events.phase("second process")
        results: List[Any] = []
        began = time.perf_counter()
        for item in spread(items, min(TRIED_ITEMS, len(items)))[:count]:
            results.append(self._called(item)[0])
            if time.perf_counter() - began > TRY_SECONDS:
                break
        self._run_role("teardown")
        return {"items": len(items), "sampled": sampled, "answers": self._answers(results)}

    def _find(self) -> None:
        for role in ROLES:
            if self._own.get(role):
                self._events.phase("import of {}".format(self._own[role]))
                self._functions[role] = found(role, self._own[role])

    def _check_kinds(self) -> None:
        for role, function in self._functions.items():
            if role != "items" and not callable(function):
                raise UserCodeError(
                    role, "is of type {}, not a function".format(type(function).__name__)
                )
            if role == "acall" and not is_coroutine_function(function):
                raise UserCodeError(role, "is no coroutine function: define it with async def")
            if role != "acall" and is_coroutine_function(function):
                raise UserCodeError(
                    role,
                    "is a coroutine function: {}name a plain function here".format(
                        "name it as acall, and " if role == "call" else ""
                    ),
                )
        taken = [
            accepted(self._functions[role], self._given)
            for role in ("call", "acall", "items", "setup", "teardown")
            if callable(self._functions.get(role))
        ]
        for name in self._given:
            if not any(name in one for one in taken):
                raise UserCodeError(
                    "params.{}".format(name),
                    "no function takes it: {} has no argument of that name".format(
                        self._own["call"]
                    ),
                )

    def _made_items(self) -> List[Any]:
        self._events.phase("items")
        made: List[Any] = _guarded("items", lambda: items_of(self._functions["items"], self._given))
        return made

    def _items(self) -> List[Any]:
        first, again = self._made_items(), self._made_items()
        if len(first) != len(again):
            raise UserCodeError(
                "items",
                "gives {} items the first time and {} the second: all approaches need the same "
                "ones".format(len(first), len(again)),
            )
        for pair in zip(_sampled(first), _sampled(again)):
            one, other = (short_form(item) for item in pair)
            if one != other:
                raise UserCodeError(
                    "items",
                    "gives other items the second time ({}, then {}): fix the seed, or make the "
                    "list once".format(one, other),
                )
        return first

    def _run_role(self, role: str) -> None:
        if role in self._functions:
            self._events.phase(role)
            function = self._functions[role]
            _guarded(role, lambda: function(**accepted(function, self._given)))

    def _tried(self, items: List[Any]) -> Dict[str, Any]:
        """Run some items, then the same again, and see what they cost and whether they travel."""
        self._events.phase("first item")
        some = spread(items, min(TRIED_ITEMS, len(items)))
        calls = Calls()
        results = self._first_time(some, calls)
        some = some[: len(results)]
        alone = len(items) == 1 and calls.fresh[0].wall <= self._another
        if alone or calls.usual().seconds <= SLOW_SECONDS:
            self._events.phase("second time")
            self._check_again(some, results, calls)
        elif self._own.get("check") != "none":
            self._notes.append("its answer was not made twice before measuring: it takes too long")
        cost = calls.usual()
        self._check_loop(some[: len(calls.again)], results, cost.seconds > SLOW_SECONDS)
        self._notes.extend(calls.notes())
        reason = unpicklable(_sampled(items), results)
        if reason and "same" in self._functions:
            raise UserCodeError("same", "can't compare them: {}".format(reason))
        share = cost.cpu / cost.seconds if cost.seconds > 0 else 1.0
        return {
            "item_seconds": cost.seconds,
            "tried_items": len(results),
            "cpu_share": share,
            "kind": "cpu" if share >= CPU_SHARE else "waiting",
            "unpicklable": reason,
            "answers": self._answers(results),
        }

    def _answers(self, results: List[Any]) -> List[str]:
        """What other processes' are compared with; the conductor can't compare by `same`."""
        compared = self._own.get("check") != "none" and not self._own.get("same")
        return [short_form(one) for one in results] if compared else []

    def _first_time(self, items: List[Any], calls: Calls) -> List[Any]:
        """Results of as many items as fit into TRY_SECONDS without what the first call did once.

        Two at least; one where that took long.
        """
        results: List[Any] = []
        began = time.perf_counter()
        for item in items:
            result, cost = self._called(item)
            results.append(result)
            calls.fresh.append(cost)
            if len(results) == 1 and cost.wall <= self._another:
                continue
            if time.perf_counter() - began - calls.warm_up_seconds() > TRY_SECONDS:
                break
        return results

    def _called(self, item: Any) -> Tuple[Any, Cost]:
        function, taken = self._functions["call"], accepted(self._functions["call"], self._given)
        before = comparable(item)
        result, cost = timed(lambda: _guarded("call", lambda: function(item, **taken)))
        if inspect.isawaitable(result):
            getattr(result, "close", lambda: None)()
            raise UserCodeError(
                "call", "returns a coroutine: name the function as acall, and a plain one here"
            )
        if hasattr(result, "__next__"):
            raise UserCodeError(
                "call",
                "returns a {}, so its work is not done yet: return a list".format(
                    type(result).__name__
                ),
            )
        refuse_changed("call", before, item)
        return result, cost

    def _check_again(self, items: List[Any], results: List[Any], calls: Calls) -> None:
        """The same items again, as many as fit into TRY_SECONDS, and one at least."""
        began = time.perf_counter()
        for item, first in zip(items, results):
            result, cost = self._called(item)
            calls.again.append(cost)
            self._compare("call", first, result, "the second time")
            if time.perf_counter() - began > TRY_SECONDS:
                break

    def _check_loop(self, items: List[Any], results: List[Any], slow: bool) -> None:
        """Whether acall gives the same answers as call."""
        function = self._functions.get("acall")
        if function is None:
            return
        if slow:
            self._notes.append("acall was not tried before measuring: an item takes too long")
            return
        libraries = self._own.get("async_libraries", ["asyncio"])
        there = [name for name in libraries if missing_module([name]) is None]
        if not there:
            self._notes.append("acall was not tried before measuring: there is no trio here")
            return
        self._events.phase("acall")
        taken = accepted(function, self._given)

        async def some() -> List[Any]:
            return [await function(item, **taken) for item in items]

        before = [comparable(item) for item in items]
        got = _guarded("acall", lambda: run_on(there[0], some))
        for item, form in zip(items, before):
            refuse_changed("acall", form, item)
        for first, one in zip(results, got):
            self._compare("acall", first, one, "as a coroutine")

    def _compare(self, role: str, first: Any, got: Any, when: str) -> None:
        if self._own.get("check") == "none":
            return
        if "same" in self._functions:
            alike = _guarded("same", lambda: bool(self._functions["same"](first, got)))
        else:
            alike = short_form(first) == short_form(got)
        if not alike:
            raise UserCodeError(
                role,
                "gives {} for an item, and {} {}: where answers differ by nature set check: none, "
                "or name a function in same".format(short_form(first), short_form(got), when),
            )


def _sampled(items: List[Any]) -> List[Any]:
    return spread(items, min(SAMPLED_ITEMS, len(items)))


def _guarded(role: str, call: Callable[[], Any]) -> Any:
    try:
        return call()
    except UserCodeError:
        raise
    except (Exception, SystemExit) as error:  # measured code may raise anything
        traceback.print_exc()
        raise UserCodeError(role, "raises {}".format(told(error))) from error
