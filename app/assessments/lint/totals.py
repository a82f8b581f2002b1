"""Totals of the index: the whole, its two kinds, four groups and eight fields, printed against exact."""

from collections.abc import Callable, Iterator
from decimal import Decimal
from fractions import Fraction

from app.assessments.lint.checks import (
    HUNDRED,
    Check,
    count_check,
    loose_rate_check,
    percent,
    points_check,
    rate_check,
    score_check,
    show,
    show_points,
    sum_check,
)
from app.assessments.seedfile.reading import Route
from app.assessments.seedfile.references import KIND_OF_GROUP
from app.assessments.seedfile.schema import Change, Criterion, FieldTotal, Figure, GroupTotal, KindTotal, Seed, Stated

Part = KindTotal | GroupTotal | FieldTotal
KIND_NAMES = {"appraised": "tự chấm", "survey": "điều tra xã hội học"}


def shortfall(criteria: list[Criterion], belongs: Callable[[Criterion], bool] = lambda _: True) -> int:
    return sum(one.max - one.score for one in criteria if belongs(one))


def kind_is(kind: str) -> Callable[[Criterion], bool]:
    return lambda one: one.kind == kind


def group_is(code: str) -> Callable[[Criterion], bool]:
    return lambda one: one.group == code


def field_is(number: int) -> Callable[[Criterion], bool]:
    return lambda one: one.field == number


def check_total(seed: Seed) -> Iterator[Check]:
    """100 less every shortfall is the published total."""
    published, exact = seed.assessment.published, HUNDRED - shortfall(seed.criteria)
    route: Route = ("assessment", "published")
    parts = " - ".join(show_points(shortfall(seed.criteria, kind_is(kind))) for kind in KIND_NAMES)
    yield points_check("Tổng điểm", "total", (*route, "exact"), f"100 - {parts}", published.exact, exact)
    yield score_check(
        "Tổng điểm đã làm tròn", "total-printed", (*route, "printed"), "Tổng điểm in", published.printed, exact
    )
    yield rate_check(
        "Tổng điểm đã làm tròn", "total-rate", (*route, "rate"), "Tỷ lệ in", published.rate, percent(exact, HUNDRED)
    )
    previous, change = seed.assessment.previous, seed.assessment.change
    if previous and change:
        current = Figure.model_construct(score=published.printed, rate=published.rate, rank=published.rank)
        yield from check_change("total", "Tổng điểm", ("assessment", "change"), current, previous, change)


def check_kinds(seed: Seed) -> Iterator[Check]:
    for index, one in enumerate(seed.kinds):
        route: Route = ("kinds", index)
        exact = one.max - shortfall(seed.criteria, kind_is(one.kind))
        room = sum(group.max for group in seed.groups if KIND_OF_GROUP[group.code] == one.kind)
        yield points_check(
            "Điểm tối đa", f"kind-max:{one.kind}", (*route, "max"), f"Các nhóm của {one.name}", one.max, room
        )
        yield from check_part("kind", one.kind, route, one, exact)
        if one.stated:
            yield from check_stated(seed, one.kind, (*route, "stated"), one.stated, exact, one.max - exact)
    yield from check_sums(seed, "kind", "kinds", seed.kinds)
    if seed.kinds:
        parts = [one.max - shortfall(seed.criteria, kind_is(one.kind)) for one in seed.kinds]
        what = " + ".join(show_points(part) for part in parts)
        exact = seed.assessment.published.exact
        yield points_check("Tổng điểm chính xác của các phần", "kind-exact-sum", ("kinds",), what, exact, sum(parts))


def check_groups(seed: Seed) -> Iterator[Check]:
    for index, one in enumerate(seed.groups):
        exact = one.max - shortfall(seed.criteria, group_is(one.code))
        yield from check_part("group", one.code, ("groups", index), one, exact)
    room = sum(one.max for one in seed.groups)
    yield points_check("Điểm tối đa", "group-max-sum", ("groups",), "Tổng điểm tối đa các nhóm", HUNDRED, room)
    yield from check_sums(seed, "group", "groups", seed.groups)


def check_fields(seed: Seed) -> Iterator[Check]:
    for index, one in enumerate(seed.fields):
        exact = one.max - shortfall(seed.criteria, field_is(one.number))
        yield from check_part("field", str(one.number), ("fields", index), one, exact)
        yield from check_room(seed, index, one)
    room = sum(one.max for one in seed.fields)
    yield points_check("Điểm tối đa", "field-max-sum", ("fields",), "Tổng điểm tối đa các lĩnh vực", HUNDRED, room)
    yield from check_sums(seed, "field", "fields", seed.fields)


def check_room(seed: Seed, index: int, one: FieldTotal) -> Iterator[Check]:
    """Unmet criteria fit into their field; groups that live in one field fill it."""
    route: Route = ("fields", index, "max")
    used = sum(each.max for each in seed.criteria if each.field == one.number)
    name, what = f"field-criteria-max:{one.number}", f"Điểm tối đa các tiêu chí của lĩnh vực {one.number}"
    yield Check("Điểm tối đa", name, route, what, show_points(one.max), show_points(used), used <= one.max)
    homes = [group.max for group in seed.groups if group.field == one.number]
    if homes:
        what = f"Các nhóm của lĩnh vực {one.number}"
        yield points_check("Điểm tối đa", f"field-groups-max:{one.number}", route, what, one.max, sum(homes))


def check_part(level: str, key: str, route: Route, part: Part, exact: int) -> Iterator[Check]:
    """Score and rate of this year against the exact score; of the year before against each other."""
    current, previous = part.current, part.previous
    score: Route = (*route, "current", "score")
    yield score_check(
        f"Điểm in của {LEVELS[level]}", f"{level}-score:{key}", score, f"{label(part)}, điểm", current.score, exact
    )
    yield rate_check(
        f"Tỷ lệ in của {LEVELS[level]}",
        f"{level}-rate:{key}",
        (*route, "current", "rate"),
        f"{label(part)}, tỷ lệ",
        current.rate,
        percent(exact, part.max),
    )
    if previous is None:
        return
    yield loose_rate_check(
        f"Tỷ lệ năm trước của {LEVELS[level]}",
        f"{level}-previous-rate:{key}",
        (*route, "previous", "rate"),
        f"{label(part)}, tỷ lệ năm trước",
        previous.rate,
        previous.score,
        part.max,
    )
    if part.change:
        subject: Route = (*route, "change")
        yield from check_change(f"{level}:{key}", label(part), subject, current, previous, part.change)


def label(part: Part) -> str:
    return f"Lĩnh vực {part.number}" if isinstance(part, FieldTotal) else part.name


LEVELS = {"kind": "hai phần điểm", "group": "các nhóm", "field": "các lĩnh vực"}


def check_change(
    key: str, name: str, route: Route, current: Figure, previous: Figure, change: Change
) -> Iterator[Check]:
    """Printed differences against the printed figures; a rank that falls in number is won."""
    level, _, rest = key.partition(":")
    after = f":{rest}" if rest else ""
    pairs: list[tuple[str, str, Decimal | None, Decimal]] = [
        ("score", "điểm", change.score, current.score - previous.score),
        ("rate", "tỷ lệ", change.rate, current.rate - previous.rate),
    ]
    for part, word, printed, computed in pairs:
        if printed is not None:
            what = f"{name}, mức tăng, giảm {word}"
            yield sum_check(
                "Mức tăng, giảm so với năm trước",
                f"{level}-change-{part}{after}",
                (*route, part),
                what,
                printed,
                [computed],
            )
    if change.rank is not None and current.rank is not None and previous.rank is not None:
        won = previous.rank - current.rank
        what = f"{name}, mức tăng, giảm thứ hạng"
        family = "Mức tăng, giảm thứ hạng"
        yield count_check(family, f"{level}-change-rank{after}", (*route, "rank"), what, change.rank, won)


def check_sums(
    seed: Seed, level: str, section: str, parts: list[KindTotal] | list[GroupTotal] | list[FieldTotal]
) -> Iterator[Check]:
    """Printed parts add up to the printed total; being rounded one by one, they may honestly miss it."""
    if not parts:
        return
    family = f"Tổng điểm in của {LEVELS[level]}"
    printed, scores = seed.assessment.published.printed, [one.current.score for one in parts]
    what = f"{family} ({' + '.join(show(score) for score in scores)})"
    yield sum_check(family, f"{level}-sum", (section,), what, printed, scores)
    before = [one.previous.score for one in parts if one.previous]
    if seed.assessment.previous and len(before) == len(parts):
        what = f"{family}, năm trước"
        yield sum_check(what, f"{level}-previous-sum", (section,), what, seed.assessment.previous.score, before)


def check_stated(seed: Seed, kind: str, route: Route, stated: Stated, exact: int, short: int) -> Iterator[Check]:
    name, family = KIND_NAMES[kind], "Số liệu trong lời của báo cáo"
    what = f"Điểm {name} đạt được theo lời báo cáo"
    yield score_check(family, f"stated-score:{kind}", (*route, "score"), what, stated.score, exact)
    what = f"Điểm {name} chưa đạt theo lời báo cáo"
    yield score_check(family, f"stated-short:{kind}", (*route, "short"), what, stated.short, short)
    criteria = [one for one in seed.criteria if one.kind == kind]
    zero = sum(one.score == 0 for one in criteria)
    low = sum(Fraction(one.score, one.max) < Fraction(4, 5) for one in criteria)
    counted = [
        ("criteria", "chưa đạt tối đa", stated.criteria, len(criteria)),
        ("zero", "không có điểm", stated.zero, zero),
        ("partial", "chỉ đạt một phần", stated.partial, len(criteria) - zero),
        ("below_80_percent", "đạt dưới 80%", stated.below_80_percent, low),
    ]
    for key, word, given, count in counted:
        if given is not None:
            what = f"Số tiêu chí {name} {word}"
            yield count_check("Số tiêu chí", f"stated-{key}:{kind}", (*route, key), what, given, count)
