"""Pure-Python integer arithmetic that never leaves the interpreter (and so holds a GIL)."""

from __future__ import annotations

#: multiplier and modulus of Park and Miller's "minimal standard" generator (CACM 31, 1988)
MULTIPLIER = 48271
MODULUS = 2**31 - 1


def churn(start: int, steps: int) -> int:
    """Advance the generator `steps` times from `start`; one step is about 50 ns of bytecode."""
    state = start
    for _ in range(steps):
        state = state * MULTIPLIER % MODULUS
    return state


def start_of(seed: int, index: int) -> int:
    """A start of its own for every item, never 0 (from which the generator can't move)."""
    return (seed * 1_000_003 + index * 7919 + 1) % (MODULUS - 1) + 1
