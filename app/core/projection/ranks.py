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


class Threshold(NamedTuple):
    """`provinces` of the year had at least `score` (exact), ours counted where it did: "13 tỉnh từ 90 trở lên"."""

    score: int
    provinces: int


class Interval(NamedTuple):
    best: int
    worst: int


def rank_interval(
    score: int,
    known: Sequence[Standing],
    province_count: int,
    *,
    thresholds: Sequence[Threshold] = (),
    own: Standing | None = None,
) -> Interval:
    """The best and the worst rank that our province could hold with `score` among `province_count` provinces, if all
    others kept the scores of that year and only we moved from our place `own` (our exact score, our rank).

    A rank is 1 + the number of provinces ahead. Of the year's ranking each known province tells how many were ahead of
    it, each threshold how many reached it; taking ourselves away from there leaves others only. Then
    - everybody down to a known province that is surely above `score` is ahead of us,
    - at most everybody above a known province that is surely below `score` is ahead of us,
    - all who reached a threshold are ahead of us below it, and at most they are ahead of us from it on,
    - ahead of our own published score are exactly `own.rank` − 1 others: as many or fewer above it, as many or more
      below it.
    "Surely", because printed scores are rounded: one that we reach only within its rounding tells nothing. The same for
    entries with our own rank: they are ourselves. Without `own` we may or may not have been among those counted.
    A higher score never has a worse interval. Nothing known: (1, province_count).

    InvalidInput: see `check_standings`.
    """
    check_standings(known, province_count, thresholds=thresholds, own=own)
    others = [one for one in known if own is None or one.rank != own.rank]
    at_least = [
        0,
        *(one.rank - (1 if own is None else _ahead_of(own, one)) for one in others if one.least > score),
        *(one.provinces - (1 if own is None else _reached(own, one)) for one in thresholds if score < one.score),
        *([] if own is None or score > own.score else [own.rank - 1]),
    ]
    at_most = [
        province_count - 1,
        *(one.rank - 1 - _ahead_of(own, one) for one in others if one.most < score),
        *(one.provinces - _reached(own, one) for one in thresholds if score >= one.score),
        *([] if own is None or score < own.score else [own.rank - 1]),
    ]
    return Interval(1 + max(at_least), 1 + min(at_most))


def _ahead_of(own: Standing | None, one: Standing) -> int:
    """1 when we are surely among those who stood ahead of `one`."""
    return 1 if own is not None and own.rank < one.rank else 0


def _reached(own: Standing | None, threshold: Threshold) -> int:
    """1 when we are surely among those who reached the threshold."""
    return 1 if own is not None and own.score >= threshold.score else 0


def check_standings(
    known: Iterable[Standing],
    province_count: int,
    *,
    thresholds: Iterable[Threshold] = (),
    own: Standing | None = None,
) -> None:
    """InvalidInput when ranks or counts lie outside the number of provinces, when a better or equal rank has a surely
    lower score, or when a rank and the number of provinces that reached a threshold exclude each other: nothing true
    can be said from such figures. `own` is our exact score; the others are as printed."""
    spans = [_Span(one.rank, one.least, one.most) for one in known]
    if own is not None:
        spans.append(_Span(own.rank, own.score, own.score))
    if any(not 1 <= one.rank <= province_count for one in spans):
        raise InvalidInput(f"Hạng của mốc so sánh phải từ 1 đến {province_count}; hãy kiểm tra lại nguồn.")
    _check_order(spans)
    _check_thresholds(sorted(thresholds), spans, province_count)


class _Span(NamedTuple):
    rank: int
    least: int
    most: int


def _check_order(spans: Iterable[_Span]) -> None:
    lowest: int | None = None
    for rank, group in groupby(sorted(spans), key=itemgetter(0)):
        members = list(group)
        least_of_group = min(one.most for one in members)
        lowest = least_of_group if lowest is None else min(lowest, least_of_group)
        if any(one.least > lowest for one in members):
            raise InvalidInput(f"Hạng {rank} có điểm cao hơn một hạng đứng trên hoặc bằng; hãy kiểm tra lại nguồn.")


def _check_thresholds(thresholds: Sequence[Threshold], spans: Iterable[_Span], province_count: int) -> None:
    counts = [province_count, *(one.provinces for one in thresholds), 0]
    if counts != sorted(counts, reverse=True):
        raise InvalidInput("Số tỉnh đạt ngưỡng cao hơn không thể nhiều hơn; hãy kiểm tra lại nguồn.")
    for threshold in thresholds:
        for one in spans:
            above = one.least >= threshold.score and one.rank > threshold.provinces
            if above or (one.most < threshold.score and one.rank <= threshold.provinces):
                raise InvalidInput(
                    f"Hạng {one.rank} không khớp với số tỉnh đạt ngưỡng ({threshold.provinces}); "
                    "hãy kiểm tra lại nguồn."
                )
