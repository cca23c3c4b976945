"""python -m experiments.breakeven RESULTS --step N: the blocks that the searches measure next."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from experiments.breakeven.added import step_path
from experiments.breakeven.step import next_step
from experiments.schema import SchemaError, write_atomically


def main() -> None:
    """Write the file of one step; a damaged input is one line."""
    parser = argparse.ArgumentParser(prog="python -m experiments.breakeven")
    parser.add_argument("results", type=Path)
    parser.add_argument("--step", type=int, required=True)
    args = parser.parse_args()
    try:
        plan, host = (
            json.loads((args.results / name).read_text(encoding="utf-8"))
            for name in ("plan.json", "machine.json")
        )
        content = next_step(plan, host, args.results, args.step)
    except (OSError, ValueError, SchemaError) as error:
        sys.exit(f"Poolwise: break-even, step {args.step}: {error}")
    path = step_path(args.results, args.step)
    write_atomically(path, json.dumps(content, indent=1) + "\n")


if __name__ == "__main__":
    main()
