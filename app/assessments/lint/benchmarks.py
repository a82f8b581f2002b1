"""Benchmarks against what was published, against the number of provinces, and against each other."""

from collections.abc import Iterator, Sequence

from app.assessments.lint.checks import HUNDRED, Check, show, show_points
from app.assessments.seedfile.reading import Route
from app.assessments.seedfile.schema import Benchmark, Seed
from app.core.projection import Standing, Threshold, check_standings
from app.core.scoring import POINT
from app.errors import InvalidInput

SINGLE = "Từng mốc so sánh"
TOGETHER = "Các mốc so sánh với nhau và với kết quả công bố"
Entry = tuple[int, Benchmark]


def check_benchmarks(seed: Seed) -> Iterator[Check]:
    """Of those that are possible by themselves, it is asked whether they can all be true at once."""
    entries = list(enumerate(seed.benchmarks))
    alone = {index: list(check_alone(seed, index, one)) for index, one in entries}
    for checks in alone.values():
        yield from checks
    sound = [(index, one) for index, one in entries if all(check.agrees for check in alone[index])]
    yield from check_own(seed, sound)
    yield from check_means(seed, sound)
    yield from check_contradictions(seed, sound)


def check_alone(seed: Seed, index: int, one: Benchmark) -> Iterator[Check]:
    route: Route = ("benchmarks", index)
    year, provinces = seed.assessment.year, seed.assessment.published.provinces
    refusal = f"không so được với kỳ đánh giá năm {year}; sửa năm, hoặc bỏ mốc này."
    what = f"Năm của mốc “{one.label}”"
    name = f"benchmark-year:{one.label}"
    yield Check(SINGLE, name, (*route, "year"), what, str(one.year), str(year), one.year == year, refusal)
    what = f"Điểm của mốc “{one.label}”"
    printed, fits = show_points(one.score), one.score <= HUNDRED
    refusal = "nhưng thang điểm chỉ từ 0 đến 100; xem lại nguồn và sửa điểm."
    yield Check(SINGLE, f"benchmark-score:{one.label}", (*route, "score"), what, printed, "0–100", fits, refusal)
    for key, word, least, value in (("rank", "Thứ hạng", 1, one.rank), ("provinces", "Số tỉnh", 0, one.provinces)):
        if value is not None:
            what = f"{word} của mốc “{one.label}”"
            refusal = f"nhưng chỉ có thể từ {least} đến {provinces} (assessment.published.provinces); xem lại nguồn."
            allowed, fits = f"{least}–{provinces}", least <= value <= provinces
            yield Check(
                SINGLE, f"benchmark-{key}:{one.label}", (*route, key), what, show(value), allowed, fits, refusal
            )


def check_own(seed: Seed, entries: Sequence[Entry]) -> Iterator[Check]:
    """What a source says of this very province is what was published."""
    published = seed.assessment.published
    printed = int(published.printed * POINT)
    for index, one in entries:
        if one.kind != "self":
            continue
        what = f"Điểm của mốc “{one.label}” so với điểm công bố"
        agrees, score = one.score in (printed, published.exact), show_points(one.score)
        route: Route = ("benchmarks", index, "score")
        computed = score if agrees else show(published.printed)
        yield Check(TOGETHER, f"benchmark-self-score:{one.label}", route, what, score, computed, agrees)
        if one.rank is not None and published.rank is not None:
            what = f"Thứ hạng của mốc “{one.label}” so với thứ hạng công bố"
            name, route = f"benchmark-self-rank:{one.label}", ("benchmarks", index, "rank")
            agrees = one.rank == published.rank
            yield Check(TOGETHER, name, route, what, show(one.rank), show(published.rank), agrees)


def check_means(seed: Seed, entries: Sequence[Entry]) -> Iterator[Check]:
    """No mean, not even a region's, lies outside the scores that it is the mean of."""
    provinces = seed.assessment.published.provinces
    ranked = [(one.rank, Standing(one.score, one.rank)) for _, one in entries if one.kind == "province" and one.rank]
    low = max(
        [
            *(one.score for _, one in entries if one.kind == "threshold" and one.provinces == provinces),
            *(each.least for rank, each in ranked if rank == provinces),
        ],
        default=0,
    )
    high = min([each.most for rank, each in ranked if rank == 1], default=HUNDRED)
    for index, one in entries:
        if one.kind == "mean":
            route: Route = ("benchmarks", index, "score")
            computed = f"từ {show_points(low)} đến {show_points(high)} theo các mốc khác"
            what = f"Giá trị trung bình của mốc “{one.label}”"
            agrees = low <= one.score <= high
            yield Check(TOGETHER, f"benchmark-mean:{one.label}", route, what, show_points(one.score), computed, agrees)


def check_contradictions(seed: Seed, entries: Sequence[Entry]) -> Iterator[Check]:
    """Ranks and thresholds one by one: the first that does not fit those before it is at fault, and counts no more."""
    known: list[Standing] = []
    thresholds: list[Threshold] = []
    for index, one in entries:
        standing = [Standing(one.score, one.rank)] if one.kind == "province" and one.rank is not None else []
        reached = [Threshold(one.score, one.provinces)] if one.kind == "threshold" and one.provinces is not None else []
        if not standing and not reached:
            continue
        conflict = conflict_of(seed, known + standing, thresholds + reached)
        if not conflict:
            known, thresholds = known + standing, thresholds + reached
        said = f"{show_points(one.score)} điểm, " + (f"hạng {one.rank}" if standing else f"{one.provinces} tỉnh đạt")
        what = f"Mốc “{one.label}” so với các mốc ghi trước và kết quả công bố"
        name, route = f"benchmark-standing:{one.label}", ("benchmarks", index, "score")
        yield Check(TOGETHER, name, route, what, said, f"mâu thuẫn: {conflict}" if conflict else said, not conflict)


def conflict_of(seed: Seed, known: Sequence[Standing], thresholds: Sequence[Threshold]) -> str:
    """Why these cannot all be true beside our own published place; empty where they can."""
    published = seed.assessment.published
    own = None if published.rank is None else Standing(published.exact, published.rank)
    try:
        check_standings(known, published.provinces, thresholds=thresholds, own=own)
    except InvalidInput as problem:
        return problem.detail.partition(";")[0]
    return ""
