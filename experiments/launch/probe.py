"""Says what this interpreter is: `python -m experiments.launch.probe MODULE...` (see about.py).

The version gate comes before any other import of ours, in syntax that old interpreters can parse.
"""

import json
import sys

OLDEST = (3, 9)
#: what the answer's line begins with: interpreters and modules may print lines of their own
MARK = "poolwise-python "

if __name__ == "__main__":
    if sys.version_info < OLDEST:
        answer = {"too_old": sys.version.split()[0]}
    else:
        from experiments.launch.about import about

        answer = about(sys.argv[1:])
    sys.stdout.write("\n" + MARK + json.dumps(answer) + "\n")
