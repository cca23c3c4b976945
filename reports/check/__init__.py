"""Whether earlier verdicts still hold: what they claim is measured again, and judged."""
