"""Starts a launch: `python -m experiments.launch`, the spec on standard input (see __init__.py).

The version gate comes before any other import of ours, in syntax that old interpreters can parse.
"""

import sys

OLDEST = (3, 9)

if sys.version_info < OLDEST:
    sys.stderr.write(
        "experiments.launch needs Python %d.%d or newer; this is %s (%s)\n"
        % (OLDEST + (sys.version.split()[0], sys.executable))
    )
    sys.exit(2)

# Under `spawn`, workers skip a main module named `*.__main__`; the guard covers every other way.
if __name__ == "__main__":
    from experiments.launch.entry import main

    sys.exit(main())
