"""Runs in the project's environment: rounds, race, journal, starting and ending launches."""
