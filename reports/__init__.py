"""Everything made from the CSVs: summary, laws, verdicts, claims, figures, report."""
