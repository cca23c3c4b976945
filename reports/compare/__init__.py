"""Results of several machines, or of several runs of one, beside each other."""
