"""Interpreters as an axis: finding, asking and naming them, and what each is measured with."""
