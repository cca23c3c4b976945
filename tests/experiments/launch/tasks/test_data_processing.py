from __future__ import annotations

import csv
import json

from experiments.launch.base import Context

from .driving import make


def test_totals_of_a_text_written_by_hand(context: Context) -> None:
    table = "region,product,units,cents\nnorth,apple,2,100\nsouth,dates,1,70\nnorth,bread,3,10\n"
    lines = '{"region": "north", "product": "apple", "units": 1, "cents": 500}\n'

    assert make("data_processing", context).run((table, lines)) == [
        ["north", 3, 6, 730, 500, 2],
        ["south", 1, 1, 70, 70, 1],
    ]


def test_items_are_real_csv_and_json_lines(context: Context) -> None:
    table, lines = make("data_processing", context).make_items(1, 50)[0]

    rows = list(csv.DictReader(table.splitlines()))
    documents = [json.loads(line) for line in lines.splitlines()]
    assert len(rows) == len(documents) == 100
    assert list(rows[0]) == list(documents[0]) == ["region", "product", "units", "cents"]
    assert {row["region"] for row in rows} == {row["region"] for row in documents}
