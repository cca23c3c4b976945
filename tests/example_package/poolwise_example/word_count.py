"""Counting words of text, in pure Python."""

from __future__ import annotations

import random
from collections import Counter
from typing import Any, ClassVar

from experiments.launch.base import Task

WORDS = ("alpha", "beta", "gamma", "delta")


class WordCount(Task):
    """Every item is a text; its answer is how often each word stands in it."""

    name = "word_count"
    kind = "cpu"
    defaults: ClassVar = {"item_ms": 2.0}
    summary = "counts the words of a text"

    def make_items(self, count: int, scale: int) -> list[Any]:
        """Texts of 20 words for each unit of scale."""
        source = random.Random(self.context.seed)
        return [" ".join(source.choices(WORDS, k=20 * scale)) for _ in range(count)]

    def run(self, item: Any) -> Any:
        """Occurrences of each word."""
        found = Counter(item.split())
        return [found[word] for word in WORDS]
