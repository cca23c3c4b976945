"""What the checks look at: the tables, and the launches' times computed from them anew."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import pandas as pd

from reports.answers import Tables
from reports.load import Results, canonical
from reports.missing import Missing, missing

_KEY = ["block", "interpreter", "executor", "executor_options", "workers"]
_TEXTS = [*_KEY[:-1], "approach"]
CELL = ["block", "mode", "approach"]


@dataclass(frozen=True)
class Evidence:
    """A run's results and tables, and the sentences that open its report.

    Every frame is of the blocks that answer a question; searches and overheads have their own
    sections.
    """

    results: Results
    tables: Tables
    headlines: Sequence[str] = field(default=())

    @cached_property
    def missing(self) -> list[Missing]:
        """Cells of the full grid without a result."""
        return missing(self.results, self.tables.summary)

    @cached_property
    def launches(self) -> pd.DataFrame:
        """Their launches, with the column approach."""
        launches = self.tables.launches
        launches = launches[launches["block"].isin([b.name for b in self.results.blocks])]
        options = launches["executor_options"]
        known = {text: canonical(str(text)) for text in options.unique()}
        keyed = launches.assign(executor_options=options.map(known).astype(object))
        return keyed.merge(self._plan, on=_KEY, how="left")

    @cached_property
    def _plan(self) -> pd.DataFrame:
        rows = [(b.name, *one.key, one.label) for b in self.results.blocks for one in b.approaches]
        plan = pd.DataFrame(rows, columns=[*_KEY, "approach"])
        return plan.astype({"workers": "Int64"} | dict.fromkeys(_TEXTS, object))

    @cached_property
    def cells(self) -> pd.DataFrame:
        """Rows of the summary that print seconds of an approach that worked."""
        summary = self.tables.summary
        return summary[summary["seconds"].notna() & (summary["status"] == "ok")]

    @cached_property
    def gains(self) -> pd.DataFrame:
        """Those of them with a speedup that isn't the sequential program's own."""
        cells = self.cells
        return cells[cells["speedup"].notna() & (cells["executor"] != "sequential")]

    @cached_property
    def baselines(self) -> pd.Series:
        """Seconds of the fastest sequential approach, by block and mode."""
        rows = self.tables.summary
        rows = rows[(rows["executor"] == "sequential") & rows["seconds"].notna()]
        return rows.groupby(["block", "mode"])["seconds"].min()

    @cached_property
    def counting(self) -> pd.DataFrame:
        """One launch an approach and round: the last undisturbed that worked, else the last."""
        ok = self.launches[self.launches["status"] == "ok"]
        calm = ~ok["disturbed"].astype("boolean").fillna(False).astype(bool)
        ordered = ok.assign(_calm=calm).sort_values("_calm", kind="stable")
        return ordered.drop_duplicates(["block", "approach", "round"], keep="last")

    @cached_property
    def values(self) -> pd.DataFrame:
        """Seconds a counting launch and mode: columns block, mode, approach, round, seconds."""
        launches, samples = self.counting, self.tables.samples
        cold = samples[(samples["phase"] == "cold") & (samples["batch"] == 0)]
        first = launches["launch_id"].map(cold.set_index("launch_id")["wall_seconds"])
        once = launches["startup_seconds"] + first + launches["teardown_seconds"]
        steady = launches["launch_id"].map(_steady(samples))
        multiple = launches["batch_multiple"].fillna(1).astype(float)
        base = launches[["block", "approach", "round"]]
        modes = {"steady": steady / multiple, "oneshot": once / multiple}
        made = pd.concat([base.assign(mode=m, seconds=s) for m, s in modes.items()])
        return made[made["seconds"].notna()]

    @cached_property
    def pairs(self) -> pd.DataFrame:
        """The values of approaches beside the sequential program's of the same round: columns of
        `values`, and base_seconds."""  # fmt: skip
        summary = self.tables.summary
        # the one of several sequential approaches that speedups refer to is 1x without a doubt
        own = (summary["executor"] == "sequential") & (summary["speedup_low"] == 1.0)
        reference = summary.loc[own, CELL].drop_duplicates(["block", "mode"])
        base = self.values.merge(reference, on=CELL)
        base = base.rename(columns={"seconds": "base_seconds"}).drop(columns="approach")
        return self.values.merge(base, on=["block", "mode", "round"])


def _steady(samples: pd.DataFrame) -> pd.Series:
    """Median of a launch's steady batches on calm cores, of all where none were, by launch."""
    steady = samples[samples["phase"] == "steady"]
    calm = steady["calm"].astype("boolean").fillna(True).astype(bool)
    alone = ~steady["launch_id"].isin(steady["launch_id"][calm])
    return steady[calm | alone].groupby("launch_id", sort=False)["wall_seconds"].median()


def names(rows: pd.DataFrame) -> list[str]:
    """Cells by name: block, approach, and the mode where it is that of a single batch."""
    once = np.where(rows["mode"] == "oneshot", " (single batch)", "")
    return [
        f"{block}: {approach}{mode}"
        for block, approach, mode in zip(rows["block"], rows["approach"], once, strict=True)
    ]
