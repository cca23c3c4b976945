"""Everything that plans and measures; `launch` is the half inside the measured interpreter."""
