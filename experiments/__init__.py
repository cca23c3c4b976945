"""Everything that plans and measures; see experiments/launch for the part inside the measured interpreter."""
