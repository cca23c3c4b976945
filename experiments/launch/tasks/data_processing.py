"""Records in, totals out: parse CSV and JSON lines, group by region, aggregate."""

from __future__ import annotations

import csv
import io
import json
import random
from typing import Any, Dict, Iterator, List, Optional, Tuple

from ..base import Task
from . import checks

#: CSV rows and JSON lines in one unit of scale, about 10 microseconds of work together
RECORDS_PER_SCALE = 2
REGIONS = ("north", "east", "south", "west", "centre", "coast")
PRODUCTS = ("apple", "bread", "cheese", "dates", "eggs", "flour", "grapes", "honey")

Record = Tuple[str, str, int, int]
Item = Tuple[str, str]
Totals = List[List[Any]]


class DataProcessing(Task):
    """Every item is a CSV text and a JSON lines text; its answer is the totals by region.

    The texts grow with `scale`, so what processes pay for pickling them is the real price.
    """

    name = "data_processing"
    kind = "cpu"
    defaults = {"item_ms": 6.0}
    summary = "parses CSV and JSON records from text, groups them by region and adds them up"

    @classmethod
    def check_params(cls, params: Dict[str, Any]) -> Optional[str]:
        """See Task."""
        return checks.item_ms(params)

    def make_items(self, count: int, scale: int) -> List[Item]:
        """Items are (CSV text with a header, JSON lines text)."""
        records = scale * RECORDS_PER_SCALE
        return [self._texts(index, records) for index in range(count)]

    def _texts(self, index: int, records: int) -> Item:
        # Only `random()` is promised to give the same numbers in every Python version.
        draw = random.Random(f"data_processing {self.context.seed} {index}").random
        rows = [_record(draw()) for _ in range(records)]
        documents = [_record(draw()) for _ in range(records)]
        return _as_csv(rows), _as_json_lines(documents)

    def run(self, item: Item) -> Totals:
        """[region, records, units, cents, largest cents, products seen], sorted by region."""
        groups: Dict[str, List[Any]] = {}
        for text, parse in zip(item, (_parse_csv, _parse_json_lines)):
            for region, product, units, cents in parse(text):
                _add(groups.setdefault(region, [0, 0, 0, 0, set()]), product, units, cents)
        return [[key, *group[:4], len(group[4])] for key, group in sorted(groups.items())]


def _record(draw: float) -> Record:
    """A record from one uniform number; cents are whole, so that totals are exact."""
    number = int(draw * 2**40)
    region = REGIONS[number % len(REGIONS)]
    product = PRODUCTS[number // 7 % len(PRODUCTS)]
    return region, product, number // 64 % 20 + 1, number // 2048 % 100_000


def _as_csv(records: List[Record]) -> str:
    lines = ["region,product,units,cents"]
    lines += [f"{region},{product},{units},{cents}" for region, product, units, cents in records]
    return "\n".join(lines) + "\n"


def _as_json_lines(records: List[Record]) -> str:
    template = '{"region": "%s", "product": "%s", "units": %d, "cents": %d}\n'
    return "".join(template % record for record in records)


def _parse_csv(text: str) -> Iterator[Record]:
    for row in csv.DictReader(io.StringIO(text, newline="")):
        yield row["region"], row["product"], int(row["units"]), int(row["cents"])


def _parse_json_lines(text: str) -> Iterator[Record]:
    for line in text.splitlines():
        row = json.loads(line)
        yield row["region"], row["product"], row["units"], row["cents"]


def _add(group: List[Any], product: str, units: int, cents: int) -> None:
    group[0] += 1
    group[1] += units
    group[2] += units * cents
    group[3] = max(group[3], cents)
    group[4].add(product)
