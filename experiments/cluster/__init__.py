"""Measuring on the nodes of a cluster: what Slurm says, what a job was granted, who measures what.

`submitting` is asked where `snakemake` was typed, `granted` and `node` where a block is measured.
"""
