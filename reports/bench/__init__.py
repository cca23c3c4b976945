"""What fitting the laws costs, and how well it predicts published curves, beside others' fits."""
