"""The settings of a run as a config file that measures the same again."""

from __future__ import annotations

import json

from reports.decision_check import as_given
from reports.load import Results

#: how the plan notes that most_processes came from the number of cores
_PER_CORE = "most_processes_per_core"


def config_text(results: Results) -> str:
    """All settings of the plan as JSON, which is YAML too: `snakemake --configfile config.json`."""
    settings = dict(results.plan.get("settings") or {})
    if settings.pop(_PER_CORE, False):
        settings["most_processes"] = "auto"
    settings.pop("chains", None)  # of the cluster that it ran on
    if settings.get("tasks"):
        settings["tasks"] = as_given(settings["tasks"])
    ordered = dict(sorted(settings.items()))  # not those within: tasks are measured in their order
    return json.dumps(ordered, indent=1, ensure_ascii=False) + "\n"
