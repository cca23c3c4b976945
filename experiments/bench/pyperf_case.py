"""One approach as a user of pyperf would time it: steady batches through a pool that lives on.

python -m experiments.bench.pyperf_case --executor threads --workers 2 --items 20 --scale 900 -o X
"""

from __future__ import annotations

import argparse

import pyperf

from experiments.bench.bare import Case, bare
from experiments.launch import tasks
from experiments.launch.base import Context, TaskRef

TASK = "math_python"
_OPTIONS = ("executor", "workers", "start_method", "items", "scale", "seed")


def _pass_on(command: list[str], args: argparse.Namespace) -> None:
    """Give pyperf's worker processes the same options."""
    for name in _OPTIONS:
        command += [f"--{name.replace('_', '-')}", str(getattr(args, name))]


def main() -> None:
    """Time one batch with pyperf's own calibration, warm-ups and number of processes."""
    program = ("-m", "experiments.bench.pyperf_case")
    runner = pyperf.Runner(add_cmdline_args=_pass_on, program_args=program)
    runner.argparser.add_argument("--executor", required=True)
    runner.argparser.add_argument("--start-method", default="fork")
    for name in ("workers", "items", "scale", "seed"):
        runner.argparser.add_argument(f"--{name}", type=int, default=1)
    args = runner.parse_args()

    options = {"start_method": args.start_method} if args.executor == "processes" else {}
    case = Case(args.executor, TASK, {}, args.workers, options)
    task_class = tasks.load(TASK)
    ref = TaskRef(TASK, dict(task_class.defaults), Context("", seed=args.seed))
    items = task_class(ref.params, ref.context).make_items(args.items, args.scale)
    run, stop = bare(case, ref)
    runner.bench_func("batch", run, items)
    stop()


if __name__ == "__main__":
    main()
