"""One node beside several, in words: where both were measured, which is faster and by how much."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from experiments.statistics.records import DECIDED
from reports import wording

Row = Mapping[str, Any]
#: places in the race that are proven worse than the leader
_BEATEN = ("slower", "dropped")


def nodes_of(row: Row) -> int:
    """The nodes of an approach, by its row; 1 in the files of versions that knew no others."""
    nodes = row.get("nodes")
    return int(nodes) if wording.known(nodes) and nodes else 1


def on_nodes(row: Row) -> str:
    """` on 2 nodes`, of what a verdict recommends; nothing on one."""
    nodes = nodes_of(row)
    return f" on {nodes} nodes" if nodes > 1 else ""


def told(verdict: Row, rows: Sequence[Row]) -> str:
    """What a steady verdict says of one node and several; `rows` are the block's in summary.csv.

    Nothing where approaches over several nodes didn't run, or where not time decides.
    """
    ran = [row for row in rows if row["status"] == "ok" and wording.known(row["seconds"])]
    several = [row for row in ran if nodes_of(row) > 1]
    one = [row for row in ran if nodes_of(row) == 1]
    if not several or not one or str(verdict["objective"]) != "seconds":
        return ""
    if str(verdict["verdict"]) not in DECIDED:
        return f"Whether several nodes pay is open: {_best(one)}, {_best(several)}."
    if nodes_of(verdict) > 1:
        return f"Several nodes pay here: {_best(one)}."
    if all(str(row["race"]) in _BEATEN for row in several):
        return f"One node beats several: {_best(several)}."
    return f"One node is enough: {_best(several)}."


def _best(rows: Sequence[Row]) -> str:
    """The fastest on 2 nodes, dask x4 (...), takes 20 ms a batch."""
    best = min(rows, key=lambda row: float(row["seconds"]))
    where = on_nodes(best) or " on one"
    return (
        f"the fastest{where}, {best['approach']}, takes {wording.seconds(best['seconds'])} a batch"
    )
