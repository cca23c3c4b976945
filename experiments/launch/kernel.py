"""The built-in kernel of the machine's ceiling: independent pure-Python work on one core.

Started as `python -m experiments.launch.kernel '{"cpu": 0, "loops": 1000}'`: says "0 0" when it is
ready, runs when a line comes on standard input, then prints its start and end in seconds of the
monotonic clock, which all processes of a host share.
"""

import json
import os
import sys
import time


def work(loops: int) -> int:
    """A linear congruential generator: arithmetic on small integers that holds the GIL."""
    state = 1
    for _ in range(loops):
        state = (state * 1103515245 + 12345) % 2147483648
    return state


def main() -> None:
    """Wait for the word, run, say when."""
    spec = json.loads(sys.argv[1])
    if spec["cpu"] is not None:
        os.sched_setaffinity(0, [spec["cpu"]])
    work(1000)
    print("0 0", flush=True)
    if not sys.stdin.readline():
        return
    start = time.monotonic()
    work(spec["loops"])
    print(start, time.monotonic(), flush=True)


if __name__ == "__main__":
    main()
