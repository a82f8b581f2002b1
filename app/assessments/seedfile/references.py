"""What must hold between the parts of a seed, beyond the form of each: names that exist, codes that are unique, scores
within their maxima, rules that give the published score. Sums are the linter's business.
"""

import difflib
import re
from collections.abc import Callable, Iterable, Iterator, Sequence

from app.assessments.seedfile.reading import Route
from app.assessments.seedfile.schema import Criterion, Seed
from app.core.scoring import format_points, score_measurements
from app.errors import Problem, SeedInvalid

Fault = tuple[Route, str]

KIND_OF_GROUP = {
    "appraisal": "appraised",
    "socio_economic": "appraised",
    "officials_survey": "survey",
    "sipas": "survey",
}
SERIES = {"appraised": "TC", "survey": "KS"}


def check_references(seed: Seed) -> list[Fault]:
    """Every fault with the route of the value at fault."""
    checks: tuple[Callable[[Seed], Iterator[Fault]], ...] = (
        check_assessment,
        check_unique,
        check_agencies,
        check_fields,
        check_criteria,
        check_links,
        check_shares,
        check_notes,
    )
    return [fault for check in checks for fault in check(seed)]


def check_assessment(seed: Seed) -> Iterator[Fault]:
    one, published = seed.assessment, seed.assessment.published
    code = f"{seed.province.code}-{one.year}"
    if one.code != code:
        yield ("assessment", "code"), f"phải là `{code}` (mã tỉnh và năm đánh giá)."
    if published.rank is not None and not 1 <= published.rank <= published.provinces:
        yield ("assessment", "published", "rank"), f"thứ hạng phải từ 1 đến {published.provinces}."
    if one.announced_on and one.due_before <= one.announced_on:
        yield ("assessment", "due_before"), "hạn báo cáo phải sau ngày công bố; kiểm tra lại hai ngày."


def check_unique(seed: Seed) -> Iterator[Fault]:
    yield from repeated("agencies", "code", [one.code for one in seed.agencies])
    yield from repeated("kinds", "kind", [one.kind for one in seed.kinds])
    yield from repeated("groups", "code", [one.code for one in seed.groups])
    yield from repeated("fields", "number", [one.number for one in seed.fields])
    yield from repeated("criteria", "code", [one.code for one in seed.criteria])
    yield from repeated("causes", "code", [one.code for one in seed.causes])
    yield from repeated("measures", "code", [one.code for one in seed.measures])
    yield from repeated("share_lists", "key", [one.key for one in seed.share_lists])
    yield from repeated("benchmarks", "label", [one.label for one in seed.benchmarks])
    yield from repeated("printed_sums", "code", [one.code for one in seed.printed_sums])
    yield from repeated("printed_rates", "code", [one.code for one in seed.printed_rates])
    yield from repeated("related_indexes", "code", [one.code for one in seed.related_indexes])
    yield from repeated("source_notes", "code", [one.code for one in seed.source_notes])


def repeated(section: str, key: str, values: Sequence[str | int]) -> Iterator[Fault]:
    first: dict[str | int, int] = {}
    for index, value in enumerate(values):
        if value in first:
            yield (section, index, key), f"`{value}` đã dùng ở {section}[{first[value]}]; mỗi mục cần một mã riêng."
        first.setdefault(value, index)


def check_agencies(seed: Seed) -> Iterator[Fault]:
    coordinators = [index for index, one in enumerate(seed.agencies) if one.coordinator]
    if not coordinators:
        yield ("agencies",), "chưa có cơ quan thường trực; ghi `coordinator: true` cho đúng một cơ quan."
    for index in coordinators[1:]:
        yield ("agencies", index, "coordinator"), "chỉ một cơ quan được ghi `coordinator: true`; bỏ ở cơ quan này."
    for index, agency in enumerate(seed.agencies):
        names = [agency.name, *(former.name for former in agency.former_names)]
        if len(set(names)) != len(names):
            yield ("agencies", index, "former_names"), "tên cũ bị lặp hoặc trùng tên hiện nay; bỏ tên thừa."


def missing_agency(seed: Seed, code: str) -> str:
    return f"không có cơ quan `{code}` trong danh sách agencies; {suggest(code, [one.code for one in seed.agencies])}"


def suggest(name: str, known: Iterable[str]) -> str:
    close = difflib.get_close_matches(name, list(known), n=1)
    return f"có phải là `{close[0]}`?" if close else "sửa mã hoặc bổ sung vào danh sách."


def check_fields(seed: Seed) -> Iterator[Fault]:
    codes, numbers = {one.code for one in seed.agencies}, {one.number for one in seed.fields}
    for index, one in enumerate(seed.fields):
        if one.lead is not None and one.lead not in codes:
            yield ("fields", index, "lead"), missing_agency(seed, one.lead)
    for index, group in enumerate(seed.groups):
        if group.field is not None and group.field not in numbers:
            yield ("groups", index, "field"), f"không có lĩnh vực số {group.field}; sửa số hoặc thêm vào fields."
    for index, subtotal in enumerate(seed.subtotals):
        if subtotal.field not in numbers:
            yield ("subtotals", index, "field"), f"không có lĩnh vực số {subtotal.field}; sửa số hoặc thêm vào fields."


def check_criteria(seed: Seed) -> Iterator[Fault]:
    world = World(seed)
    for index, one in enumerate(seed.criteria):
        for route, what in world.faults_of(one):
            yield ("criteria", index, *route), what


class World:
    """What criteria are checked against, gathered once: an assessment may have ten thousand of them."""

    def __init__(self, seed: Seed) -> None:
        self.seed = seed
        self.prefix = seed.assessment.code_prefix
        self.agencies = {one.code: one for one in seed.agencies}
        self.fields = {one.number: one for one in seed.fields}
        self.groups = {one.code: one for one in seed.groups}
        self.reserved = {one.field for one in seed.groups if one.field is not None}

    def faults_of(self, one: Criterion) -> Iterator[Fault]:
        code = f"{self.prefix}-{SERIES[one.kind]}-{one.number:02d}"
        if one.code != code:
            yield ("code",), f"phải là `{code}` theo code_prefix, loại và số thứ tự; sửa mã hoặc số."
        yield from self.faults_of_score(one)
        yield from self.faults_of_group(one)
        yield from self.faults_of_agencies(one)
        yield from faults_of_rule(one)

    def faults_of_score(self, one: Criterion) -> Iterator[Fault]:
        score, most = format_points(one.score), format_points(one.max)
        if one.score > one.max:
            yield ("score",), f"điểm {score} lớn hơn điểm tối đa {most}; sửa một trong hai."
        elif one.score == one.max:
            yield ("score",), f"đã đạt tối đa {most}, không còn là nhiệm vụ khắc phục; sửa điểm hoặc bỏ tiêu chí."

    def faults_of_group(self, one: Criterion) -> Iterator[Fault]:
        if KIND_OF_GROUP[one.group] != one.kind:
            yield ("group",), f"nhóm `{one.group}` gồm tiêu chí loại `{KIND_OF_GROUP[one.group]}`; sửa group hoặc kind."
        if one.field not in self.fields:
            yield ("field",), f"không có lĩnh vực số {one.field}; sửa số hoặc thêm vào fields."
        if one.group not in self.groups:
            yield ("group",), f"nhóm `{one.group}` chưa có trong groups; bổ sung điểm tối đa của nhóm."
            return
        home = self.groups[one.group].field
        if (home or one.field) != one.field or (home is None and one.field in self.reserved):
            yield ("field",), f"lĩnh vực số {one.field} không thuộc nhóm `{one.group}`; sửa field hoặc group."

    def faults_of_agencies(self, one: Criterion) -> Iterator[Fault]:
        if one.agency not in self.agencies:
            yield ("agency",), missing_agency(self.seed, one.agency)
        elif one.former_agency and one.former_agency not in former_names(self.seed, one.agency):
            yield ("former_agency",), f"“{one.former_agency}” chưa có trong former_names của `{one.agency}`; bổ sung."
        for index, code in enumerate(one.cooperating):
            if code != "*" and code not in self.agencies:
                yield ("cooperating", index), missing_agency(self.seed, code)
            elif code == one.agency or one.cooperating.count(code) > 1:
                yield ("cooperating", index), f"`{code}` là cơ quan phụ trách hoặc bị lặp; bỏ khỏi danh sách."
        lead = self.fields[one.field].lead if one.field in self.fields else one.agency
        if one.assignment_basis == "field_lead" and lead != one.agency:
            yield ("assignment_basis",), f"lĩnh vực số {one.field} có lead là `{lead}`, không phải `{one.agency}`."


def former_names(seed: Seed, code: str) -> set[str]:
    return {former.name for one in seed.agencies if one.code == code for former in one.former_names}


def faults_of_rule(one: Criterion) -> Iterator[Fault]:
    """A rule of the right kind, that gives the published score wherever all of its inputs are published."""
    try:
        rule = one.parsed_rule
        if (rule.kind == "survey") != (one.kind == "survey"):
            yield ("rule", "kind"), f"tiêu chí loại `{one.kind}` không dùng công thức `{rule.kind}`; sửa kind."
        needed = {each.name for each in rule.inputs if not each.optional}
        if not rule.executable or not needed <= rule.published_measurements.keys():
            return
        computed = score_measurements(rule, one.max, rule.published_measurements)
    except SeedInvalid as problem:
        place = problem.field or "rule"
        yield route_of(place), problem.detail.removeprefix(f"{place}: ")
    except Problem as problem:
        yield ("rule",), f"không tính được điểm từ số liệu công bố: {problem.detail}"
    else:
        if computed != one.score:
            given, rule_gives = format_points(one.score), format_points(computed)
            yield ("score",), f"ghi {given} nhưng công thức cho {rule_gives}; sửa điểm hoặc số liệu trong rule.inputs."


def route_of(place: str) -> Route:
    """`rule.terms[0].points` as a route."""
    parts = re.findall(r"([a-z_]+)|\[(\d+)\]", place)
    return tuple(name or int(index) for name, index in parts)


def check_links(seed: Seed) -> Iterator[Fault]:
    known, numbers = {one.code for one in seed.criteria}, {one.number for one in seed.fields}
    agencies = {one.code for one in seed.agencies}
    linked = [("causes", one) for one in enumerate(seed.causes)] + [
        ("measures", one) for one in enumerate(seed.measures)
    ]
    for section, (index, entry) in linked:
        if not entry.fields and not entry.criteria:
            yield (section, index), "chưa gắn với lĩnh vực hay tiêu chí nào; điền fields hoặc criteria."
        for position, number in enumerate(entry.fields):
            if number not in numbers:
                yield (section, index, "fields", position), f"không có lĩnh vực số {number}; sửa số."
        for position, code in enumerate(entry.criteria):
            if code not in known:
                yield (section, index, "criteria", position), f"không có tiêu chí `{code}`; {suggest(code, known)}"
    for index, measure in enumerate(seed.measures):
        if not measure.agencies:
            yield (("measures", index, "agencies"), 'chưa giao cơ quan nào; ghi mã cơ quan hoặc "*".')
        for position, code in enumerate(measure.agencies):
            if code != "*" and code not in agencies:
                yield (("measures", index, "agencies", position), missing_agency(seed, code))


def check_shares(seed: Seed) -> Iterator[Fault]:
    known, agencies = {one.code for one in seed.criteria}, {one.code for one in seed.agencies}
    first: dict[str, Route] = {}
    for index, entry in enumerate(seed.share_lists):
        if entry.task not in known:
            yield ("share_lists", index, "task"), f"không có tiêu chí `{entry.task}`; {suggest(entry.task, known)}"
        for position, share in enumerate(entry.shares):
            route: Route = ("share_lists", index, "shares", position)
            if share.agency not in agencies:
                yield (*route, "agency"), missing_agency(seed, share.agency)
            if not share.code.startswith(f"{entry.task}."):
                yield (*route, "code"), f"mã phải bắt đầu bằng `{entry.task}.`; sửa mã."
            if share.code in first:
                yield (*route, "code"), f"`{share.code}` đã dùng; mỗi phần trách nhiệm cần một mã riêng."
            first.setdefault(share.code, route)
            for spot, name in enumerate(share.former_agencies):
                if name not in former_names(seed, share.agency):
                    what = f"“{name}” chưa có trong former_names của `{share.agency}`; bổ sung."
                    yield (*route, "former_agencies", spot), what


def check_notes(seed: Seed) -> Iterator[Fault]:
    groups = {one.code for one in seed.groups}
    for index, related in enumerate(seed.related_indexes):
        if related.group not in groups:
            yield ("related_indexes", index, "group"), f"nhóm `{related.group}` chưa có trong groups; bổ sung."
    for index, note in enumerate(seed.source_notes):
        if not note.mismatches and len(note.quotes) < 2:
            yield ("source_notes", index), "cần mismatches, hoặc ít nhất hai quotes trái nhau; bổ sung."
