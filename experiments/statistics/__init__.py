"""The pure statistics: from noisy launches to verdicts. No input or output, no clock.

Used unchanged by the conductor (when to stop) and by the report (to decide again from the CSVs).
One number a launch and mode: the log of the median steady batch, or of start-up + cold batch +
teardown. Every round runs each approach still in the race once, so what the machine does to a
round cancels in the differences.
"""

from experiments.statistics.block import MODES, BlockRace, Round, replay
from experiments.statistics.intervals import centre_interval, paired_interval, quantile_interval
from experiments.statistics.latencies import latency_interval
from experiments.statistics.launches import launch_values, oneshot_value, steady_value
from experiments.statistics.records import Candidate, Interval, Judgement, RaceSettings

__all__ = [
    "MODES",
    "BlockRace",
    "Candidate",
    "Interval",
    "Judgement",
    "RaceSettings",
    "Round",
    "centre_interval",
    "latency_interval",
    "launch_values",
    "oneshot_value",
    "paired_interval",
    "quantile_interval",
    "replay",
    "steady_value",
]
