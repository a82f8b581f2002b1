"""Which ranks a score could have had in its year: an interval, never a made-up rank."""

from collections.abc import Iterable, Sequence
from itertools import groupby
from operator import itemgetter
from typing import Final, NamedTuple

from app.errors import InvalidInput

_PRINTED: Final = 100
_HALF: Final = 50


class Standing(NamedTuple):
    """A province's published score (ten-thousandths) and rank of the year; 1 is best."""

    score: int
    rank: int

    @property
    def least(self) -> int:
        """Scores are printed with 2 decimals: 88.37 stands for 88.3650 and more."""
        return self.score - (_HALF if self.score % _PRINTED == 0 else 0)

    @property
    def most(self) -> int:
        return self.score + (_HALF if self.score % _PRINTED == 0 else 0)


class Interval(NamedTuple):
    best: int
    worst: int


def rank_interval(
    score: int, known: Sequence[Standing], province_count: int, *, own: Standing | None = None
) -> Interval:
    """The best and the worst rank that our province could hold with `score` among `province_count` provinces, if all
    others kept the scores of that year and only we moved from our place `own`.

    A rank is 1 + the number of provinces ahead. Of the year's ranking each known province tells how many were ahead of
    it; taking ourselves away from there (where we stood ahead of it) leaves others only. Then
    - everybody down to a known province that is surely above `score` is ahead of us,
    - at most everybody above a known province that is surely below `score` is ahead of us,
    - ahead of our own published score are exactly `own.rank` − 1 others: fewer or as many above it, more or as many
      below it.
    "Surely", because printed scores are rounded: one that we reach only within its rounding tells nothing. The same for
    entries with our own rank: they are ourselves. Without `own` we may or may not have stood ahead of anybody.
    A higher score never has a worse interval. Nothing known: (1, province_count).

    InvalidInput: see `check_standings`.
    """
    check_standings(known, province_count, own=own)
    others = [one for one in known if own is None or one.rank != own.rank]
    at_least = [0] + [_place(one, own) for one in others if one.least > score]
    at_most = [province_count - 1] + [one.rank - 1 - _behind_us(one, own) for one in others if one.most < score]
    if own is not None and score <= own.score:
        at_least.append(own.rank - 1)
    if own is not None and score >= own.score:
        at_most.append(own.rank - 1)
    return Interval(1 + max(at_least), 1 + min(at_most))


def _behind_us(one: Standing, own: Standing | None) -> int:
    return 1 if own is not None and own.rank < one.rank else 0


def _place(one: Standing, own: Standing | None) -> int:
    """How many others stand at or above `one`, itself included, at least."""
    return one.rank - (1 if own is None else _behind_us(one, own))


def check_standings(known: Iterable[Standing], province_count: int, *, own: Standing | None = None) -> None:
    """InvalidInput when ranks lie outside 1..province_count, or a better or equal rank has a surely lower score:
    nothing true can be said from such figures. `own` is our exact score; the others are as printed."""
    spans = [(one.rank, one.least, one.most) for one in known]
    if own is not None:
        spans.append((own.rank, own.score, own.score))
    if any(not 1 <= rank <= province_count for rank, _, _ in spans):
        raise InvalidInput(f"Hạng của mốc so sánh phải từ 1 đến {province_count}; hãy kiểm tra lại nguồn.")
    lowest = max((most for _, _, most in spans), default=0)
    for rank, group in groupby(sorted(spans), key=itemgetter(0)):
        members = list(group)
        lowest = min(lowest, *(most for _, _, most in members))
        if any(least > lowest for _, least, _ in members):
            raise InvalidInput(f"Hạng {rank} có điểm cao hơn một hạng đứng trên hoặc bằng; hãy kiểm tra lại nguồn.")
