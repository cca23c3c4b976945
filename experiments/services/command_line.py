"""What the program of every service is told on its command line."""

from __future__ import annotations

import argparse
import os


def obey(description: str | None) -> None:
    """Read the arguments, and bind this process and all that it starts to the CPUs they name."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--cpus", help="logical CPUs to run on, separated by commas")
    cpus = parser.parse_args().cpus
    if cpus and hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, [int(cpu) for cpu in cpus.split(",")])
