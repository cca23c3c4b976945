"""The letters of the PDF: which ones there are here, and whether they are wider than planned.

A bare system has DejaVu Sans alone, a tenth wider than the letters that the sheets are laid out
for: cells would run into their neighbours.
"""

from __future__ import annotations

import functools
import re
from pathlib import Path

#: the first of these that is installed is printed with (report.css names the same)
FAMILIES = (
    '"Source Sans 3", "Inter", "Noto Sans", "Liberation Sans", "Arial", "Helvetica", '
    '"DejaVu Sans Condensed", "DejaVu Sans", sans-serif'
)
#: thousandths of an em that a digit may take: 556 in Liberation Sans, 572 in DejaVu Sans Condensed
WIDEST_DIGIT = 600
#: smaller letters, for wide ones
STYLE = Path(__file__).parent / "templates" / "wide.css"
#: the widths in a font of a PDF (ISO 32000-1, 9.7.4.3): [first [width ...] ...]
_WIDTHS = re.compile(rb"/W \[\s*\d+ \[\s*(\d+)")


@functools.cache
def style() -> str | None:
    """The style sheet that fits the page to the letters found here, or None if they fit it."""
    import weasyprint

    digit = f"<p style='font-family: {FAMILIES}'>0</p>"
    found = _WIDTHS.search(weasyprint.HTML(string=digit).write_pdf(uncompressed_pdf=True))
    wide = found is not None and int(found[1]) > WIDEST_DIGIT
    return STYLE.read_text(encoding="utf-8") if wide else None
