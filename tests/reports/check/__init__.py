"""Checks of earlier verdicts."""
