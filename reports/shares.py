"""How much of a loss is which part: shares with intervals, and the sentence that says them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from experiments.statistics.intervals import combined, scaled, share_interval
from experiments.statistics.records import Interval
from reports import wording

WORDS = {
    "startup": "starting and stopping the pool",
    "dispatch": "handing out items",
    "serialisation": "pickling",
}
#: what the overhead leaves: measured apart from each other these are not
_CAUSES = "contention for cores, caches or memory, uneven work or waiting"
_LOCKED = f"waiting for the GIL, {_CAUSES}"
#: a smaller share is not worth a number in a sentence
WORTH_SAYING = 0.005
#: a loss known no better than by half of itself has shares that say nothing
KNOWN_BY = 0.5
#: parts that come to this many times the loss are said to: less is rounding
BEYOND = 1.05


@dataclass(frozen=True)
class Loss:
    """Seconds a batch (or a single batch with its pool) and what is lost of them."""

    seconds: float
    ideal_seconds: float
    lost: Interval

    @property
    def is_known(self) -> bool:
        """Whether its parts are worth a sentence."""
        return self.lost.low > 0 and self.lost.low >= (1 - KNOWN_BY) * self.lost.estimate

    @property
    def share(self) -> Interval:
        """The loss as a share of the seconds."""
        return scaled(self.lost, 1 / self.seconds)


@dataclass(frozen=True)
class Shares:
    """Parts of a loss as shares of it: each and the rest within 0 and 1, together 1.

    `alone` is the sum of the parts as they cost without work, which may be above 1.
    """

    parts: Mapping[str, Interval]
    unexplained: Interval
    alone: float


def shares(parts: Mapping[str, Interval], lost: Interval) -> Shares | None:
    """Each part's share of a loss, and the rest; None where the loss is within noise.

    Parts are seconds, 0 or more. What comes to more than the loss is scaled down to it.
    """
    whole = combined(sum(part.estimate for part in parts.values()), *parts.values())
    together = share_interval(whole, lost)
    if lost.low <= 0 or together is None:
        return None
    fit = min(1.0, 1 / together.estimate) if together.estimate > 0 else 1.0
    each = {name: share_interval(part, lost) for name, part in parts.items()}
    told = {name: _within_one(scaled(one, fit)) for name, one in each.items() if one is not None}
    rest = Interval(1 - together.estimate, 1 - together.high, 1 - together.low)
    return Shares(told, _within_one(rest), together.estimate)


def _within_one(interval: Interval) -> Interval:
    ends = (interval.estimate, interval.low, interval.high)
    return Interval(*(min(1.0, max(0.0, end)) for end in ends))


def sentence(label: str, mode: str, loss: Loss, found: Shares, has_gil: bool = False) -> str:
    """84% (70 to 96%) of what processes x2 loses against the ideal (...) is pickling, ..."""
    start, batch = ("For a single batch, ", "") if mode == "oneshot" else ("", " a batch")
    lost, whole = wording.seconds(loss.lost.estimate), wording.seconds(loss.seconds)
    what = f"of what {label} loses against the ideal ({lost} of {whole}{batch}) is"
    parts = sorted(found.parts.items(), key=lambda part: -part[1].estimate)
    said = [(WORDS[name], share) for name, share in parts if share.estimate >= WORTH_SAYING]
    rest = _text(found.unexplained)
    if not said or found.unexplained.estimate > 0.5:
        causes = _LOCKED if has_gil else _CAUSES
        text = f"{start}{rest} {what} not explained by its overhead, which leaves {causes}"
        return f"{text}{_listed('; ', said, ' is')}."
    (first, share), *others = said
    text = f"{start}{_text(share)} {what} {first}{_listed(', ', others)}"
    if found.alone > BEYOND:
        return (
            f"{text}. Without work these would take {wording.times(found.alone)} as long as the "
            "loss: a part of them runs beside the work."
        )
    if found.unexplained.estimate < WORTH_SAYING:
        rest = f"at most {wording.percent(found.unexplained.high)}"
    return f"{text}; {rest} is not explained by its overhead."


def _listed(before: str, parts: list[tuple[str, Interval]], verb: str = "") -> str:
    """; 41% (33 to 50%) is pickling, 3.5% (2 to 5%) handing out items."""
    texts = [
        f"{_text(share)}{'' if number else verb} {name}"
        for number, (name, share) in enumerate(parts)
    ]
    return before + ", ".join(texts) if texts else ""


def _text(share: Interval) -> str:
    """84% (70 to 96%)."""
    digits = 0 if round(share.low * 100) != round(share.high * 100) else 1
    low, high = (f"{end * 100:.{digits}f}" for end in (share.low, share.high))
    interval = "" if low == high else f" ({low} to {high}%)"
    return f"{wording.percent(share.estimate)}{interval}"
