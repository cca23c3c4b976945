"""Check that earlier verdicts hold: `python -m reports.check BASELINE` (see command.py)."""

import sys
import traceback

#: whatever else happens: an uncaught error would exit with 1, which says that a choice has flipped
CANT_TELL = 2

if __name__ == "__main__":
    try:
        from reports.check.command import main

        status = main()
    except Exception:
        traceback.print_exc()
        print("error: the check broke, so nothing can be told (see above)", file=sys.stderr)
        status = CANT_TELL
    sys.exit(status)
