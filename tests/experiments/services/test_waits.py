from __future__ import annotations

import asyncio
import random
import sys
import time
from collections.abc import Callable

import pytest
import uvloop

from experiments.services.waits import KernelWaiter, LoopWaiter, Waiter, best_waiter

linux = pytest.mark.skipif(sys.platform != "linux", reason="timerfd is Linux's")
WAITERS = [LoopWaiter, pytest.param(KernelWaiter, marks=linux)]


@pytest.mark.parametrize("run", [asyncio.run, uvloop.run], ids=["asyncio", "uvloop"])
@pytest.mark.parametrize("make", WAITERS)
def test_no_wait_is_cut_short_also_among_many(make: Callable[[], Waiter], run: type) -> None:
    draw = random.Random(5)

    async def main() -> None:
        waiter = make()

        async def one(seconds: float) -> None:
            for _ in range(5):
                begin = time.monotonic()
                await waiter.wait(seconds)
                assert time.monotonic() - begin >= seconds

        await asyncio.gather(*[one(draw.uniform(0, 0.01)) for _ in range(40)])
        waiter.close()

    run(main())


@pytest.mark.parametrize("make", WAITERS)
def test_shorter_waits_end_first_in_whatever_order_they_began(make: Callable[[], Waiter]) -> None:
    async def main() -> list[float]:
        waiter, ended = make(), []

        async def one(seconds: float) -> None:
            await waiter.wait(seconds)
            ended.append(seconds)

        await asyncio.gather(*map(one, [0.06, 0.02, 0.1, 0.0]))
        waiter.close()
        return ended

    assert asyncio.run(main()) == [0.0, 0.02, 0.06, 0.1]


@pytest.mark.parametrize("make", WAITERS)
def test_a_cancelled_wait_does_not_disturb_the_others(make: Callable[[], Waiter]) -> None:
    async def main() -> None:
        waiter = make()
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(waiter.wait(0.5), 0.005)
        await waiter.wait(0.6)
        waiter.close()

    asyncio.run(main())


@linux
def test_linux_gets_the_kernels_timer() -> None:
    async def main() -> None:
        waiter = best_waiter()
        assert isinstance(waiter, KernelWaiter)
        waiter.close()

    asyncio.run(main())


def test_elsewhere_the_loops_timer_has_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")

    assert isinstance(best_waiter(), LoopWaiter)
