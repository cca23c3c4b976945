"""Speedup laws as pure functions: fitted, averaged, with honest ranges (see each module)."""
