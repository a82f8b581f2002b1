"""What stands below the totals: single criteria, subtotals, shares, printed arithmetic, names."""

from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction

from app.assessments.lint.checks import Check, points_check, rate_check, score_check, show, sum_check
from app.assessments.seedfile.reading import Route
from app.assessments.seedfile.schema import Agency, Seed, ShareItem, ShareList
from app.core.scoring import score_measurements
from app.text import fold


def check_shortfalls(seed: Seed) -> Iterator[Check]:
    for index, one in enumerate(seed.criteria):
        if one.short_printed is not None:
            yield score_check(
                "Cột “điểm chưa đạt” của từng tiêu chí",
                f"short:{one.code}",
                ("criteria", index, "short_printed"),
                f"Điểm chưa đạt của {one.code}",
                one.short_printed,
                one.max - one.score,
            )


def check_rules(seed: Seed) -> Iterator[Check]:
    """Loading has refused a rule that misses; here it is on the record that it hits."""
    for index, one in enumerate(seed.criteria):
        rule = one.parsed_rule
        inputs = rule.published_measurements
        if rule.executable and all(each.optional or each.name in inputs for each in rule.inputs):
            score = score_measurements(rule, one.max, inputs)
            what = f"Điểm theo công thức của {one.code}"
            route: Route = ("criteria", index, "score")
            yield points_check("Điểm tính theo công thức", f"rule:{one.code}", route, what, one.score, score)


def check_subtotals(seed: Seed) -> Iterator[Check]:
    family = "Dòng cộng của từng lĩnh vực trong các bảng"
    for index, one in enumerate(seed.subtotals):
        rows = [each for each in seed.criteria if each.kind == one.kind and each.field == one.field]
        most, score = sum(each.max for each in rows), sum(each.score for each in rows)
        for key, word, printed, points in (
            ("max", "tối đa", one.max, most),
            ("score", "đạt được", one.score, score),
            ("short", "chưa đạt", one.short, most - score),
        ):
            what = f"Điểm {word} ở mục {one.section}"
            route: Route = ("subtotals", index, key)
            yield score_check(family, f"subtotal-{key}:{one.section}", route, what, printed, points)


def check_shares(seed: Seed) -> Iterator[Check]:
    for index, entry in enumerate(seed.share_lists):
        yield from check_share_list(entry, ("share_lists", index))


def check_share_list(entry: ShareList, route: Route) -> Iterator[Check]:
    """A full list adds up to the printed total; an open or unsplit one may only stay below it."""
    known = [share.quantity for share in entry.shares if share.quantity is not None]
    total = sum(known)
    if entry.total is None:
        return
    whole = entry.complete and len(known) == len(entry.shares)
    agrees = total == entry.total if whole else total <= entry.total
    computed = show(total) if whole or not agrees else "không chia theo đơn vị"
    name, what = f"share-total:{entry.key}", f"{entry.what}, tổng theo từng đơn vị"
    yield Check("Phần của từng đơn vị", name, (*route, "total"), what, show(entry.total), computed, agrees)


def check_arithmetic(seed: Seed) -> Iterator[Check]:
    for index, one in enumerate(seed.printed_sums):
        route: Route = ("printed_sums", index, "printed")
        parts = [*one.plus, *(-part for part in one.minus)]
        yield sum_check("Tổng, hiệu báo cáo in", f"sum:{one.code}", route, one.label, one.printed, parts)
    for index, rate in enumerate(seed.printed_rates):
        exact = Fraction(rate.part * 100, rate.whole) if rate.whole else Fraction(0)
        what = f"{rate.label} ({show(rate.part)}/{show(rate.whole)})"
        where: Route = ("printed_rates", index, "printed")
        yield rate_check("Tỷ lệ báo cáo in", f"rate:{rate.code}", where, what, rate.printed, exact)


def check_related(seed: Seed) -> Iterator[Check]:
    groups = {one.code: one for one in seed.groups}
    for index, one in enumerate(seed.related_indexes):
        group = groups[one.group]
        inside = with_change(group.current.rate, group.change.rate if group.change else None)
        own = with_change(one.rate, one.change.rate if one.change else None)
        yield Check(
            "Chỉ số công bố riêng",
            f"related:{one.code}",
            ("related_indexes", index, "rate"),
            f"{one.name}, trong và ngoài chỉ số này",
            inside,
            own,
            inside == own,
        )


def with_change(rate: Decimal, change: Decimal | None) -> str:
    """ "82,40 (+0,58)"."""
    if change is None:
        return show(rate)
    return f"{show(rate)} ({'' if change < 0 else '+'}{show(change)})"


def check_names(seed: Seed) -> Iterator[Check]:
    """The report's spelling of a unit against its name, and former names in what is asked from now on."""
    agencies = {one.code: one for one in seed.agencies}
    for index, entry in enumerate(seed.share_lists):
        for position, share in enumerate(entry.shares):
            route: Route = ("share_lists", index, "shares", position, "printed_as")
            yield from check_spelling(agencies[share.agency], share, route)
    for index, measure in enumerate(seed.measures):
        if measure.former_agency is not None:
            current = successor(seed, measure.former_agency)
            what = f"Tên cơ quan ở {measure.where}"
            place: Route = ("measures", index, "former_agency")
            name = f"former-name:{measure.code}"
            yield Check("Tên cơ quan", name, place, what, measure.former_agency, current, False)


def check_spelling(agency: Agency, share: ShareItem, route: Route) -> Iterator[Check]:
    """Only names that differ in nothing but accents or case are two spellings of one name."""
    printed = share.printed_as or ""
    if not printed or not fold(agency.name).endswith(fold(printed)):
        return
    proper = agency.name[-len(printed) :]
    same = proper.casefold() == printed.casefold()
    what = f"Tên in của {agency.code} ở {share.code}"
    yield Check("Tên cơ quan", f"spelling:{share.code}", route, what, printed, printed if same else proper, same)


def successor(seed: Seed, former: str) -> str:
    for agency in seed.agencies:
        if any(one.name == former for one in agency.former_names):
            return agency.name
    return "chưa rõ cơ quan kế thừa"
