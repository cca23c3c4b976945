"""A function of the user's, as it is: each item is one call of it.

No decorator, no subclass: config key `tasks` names the function and its items, and this task calls
the one for each of the others. Its parameters are {"own": the definition, "params": the user's}.
"""

from __future__ import annotations

import base64
import pickle
from typing import Any, Dict, List, Optional

from ..base import Context, Task
from ..canonical import short_form
from ..user_code import accepted, items_of, named, put_first, spread

#: results that `same` compares are kept, and sent to every launch: more would take it minutes
MOST_PICKLED_MIB = 256


class OwnFunction(Task):
    """Calls the user's function; its answers are compared by value, or as the user says."""

    name = "own"
    plain_answers = True
    exact_item = True  # the user's items are what they are
    summary = "a function of your own"

    def __init__(self, params: Dict[str, Any], context: Context) -> None:
        super().__init__(params, context)
        self._own, self._given = params["own"], params["params"]
        put_first(self._own.get("path"))
        self._call = named(self._own["call"])
        self._taken = accepted(self._call, self._given)
        self._is_set_up = False
        self._there: Optional[int] = None
        self.native_async = bool(self._own.get("acall"))
        if self.native_async:
            self.name = self._own["acall"]  # for messages: this is "own" for each of them
            self.async_libraries = tuple(self._own.get("async_libraries", ("asyncio",)))
            self.async_advice = "; if they run on {library} too, name it in async_libraries"
            self._acall = named(self._own["acall"])
            self._taken_async = accepted(self._acall, self._given)

    def make_items(self, count: int, scale: int) -> List[Any]:
        """The user's own: evenly spread where fewer are asked for, else over and over."""
        items = items_of(named(self._own["items"]), self._given)
        self._there = len(items)
        return spread(items, count)

    def distinct(self, count: int) -> int:
        """As many as the user has."""
        return count if self._there is None else min(count, self._there)

    def start_worker(self, shared: Any) -> None:
        """The user's setup, once in every process that runs items."""
        if self._own.get("setup"):
            self._called("setup")
        self._is_set_up = True

    def run(self, item: Any) -> Any:
        """One call."""
        return self._call(item, **self._taken)

    async def arun(self, item: Any) -> Any:
        """One call of the coroutine function."""
        return await self._acall(item, **self._taken_async)

    def answer(self, results: List[Any]) -> List[Any]:
        """By value; nothing where the user wants no check, all of it where `same` compares."""
        if self._own.get("same"):
            return _packed(results)
        if self._own.get("check") == "none":
            return [None] * len(results)
        return [short_form(one) for one in results]

    def same(self, expected: Any, got: Any) -> bool:
        """Whether two answers are, by the user's own word where there is one."""
        if not self._own.get("same") or expected == got:
            return bool(expected == got)
        return bool(named(self._own["same"])(_unpacked(expected), _unpacked(got)))

    def close(self) -> None:
        """The user's teardown, where setup has run."""
        if self._is_set_up and self._own.get("teardown"):
            self._called("teardown")
        self._is_set_up = False

    def _called(self, role: str) -> None:
        function = named(self._own[role])
        function(**accepted(function, self._given))


def _packed(results: List[Any]) -> List[str]:
    packed: List[str] = []
    left = MOST_PICKLED_MIB * 2**20
    for one in results:
        pickled = pickle.dumps(one)
        left -= len(pickled)
        if left < 0:
            raise ValueError(
                "same: the results of {} items are more than {} MiB, too much to be kept and "
                "compared: give fewer items, return less, or set check: none".format(
                    len(results), MOST_PICKLED_MIB
                )
            )
        packed.append(base64.b64encode(pickled).decode())
    return packed


def _unpacked(answer: str) -> Any:
    return pickle.loads(base64.b64decode(answer))
