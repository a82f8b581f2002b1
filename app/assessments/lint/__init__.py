"""The linter: every sum of a seed reconciled, every contradiction of its source named.

Works for any province and year. A figure that does not follow from the others is an error in the data, unless the
seed's `source_notes` say that the report itself prints it so, with exactly these two figures: then it is a warning. A
note that no longer holds is an error as well, so that no contradiction is declared that is not there.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

from app.assessments.lint import benchmarks, details, totals
from app.assessments.lint.checks import Check, show
from app.assessments.seedfile.schema import Mismatch, Seed, SourceNote

__all__ = ["Finding", "check_seed", "has_errors"]

CHECKS: tuple[Callable[[Seed], Iterator[Check]], ...] = (
    totals.check_total,
    totals.check_kinds,
    totals.check_groups,
    totals.check_fields,
    details.check_shortfalls,
    details.check_rules,
    details.check_subtotals,
    details.check_shares,
    details.check_arithmetic,
    details.check_related,
    details.check_names,
    benchmarks.check_benchmarks,
)


@dataclass(frozen=True)
class Finding:
    """`place` is file, line and name of the value; `message` is Vietnamese and says what to do about an error.

    `check` is the name of the check, or the code of the source note.
    """

    level: Literal["error", "warning", "ok"]
    place: str
    message: str
    check: str = ""


def check_seed(seed: Seed) -> list[Finding]:
    """Errors first, then the contradictions of the source, then what was reconciled. Reads nothing but the seed."""
    checks = {check.name: check for run in CHECKS for check in run(seed)}
    confirmed = {
        mismatch.check for note in seed.source_notes for mismatch in note.mismatches if holds(checks, mismatch)
    }
    errors = [
        Finding("error", seed.place(*check.route), unexplained(check), check.name)
        for check in checks.values()
        if not check.agrees and check.name not in confirmed
    ]
    errors += stale_notes(seed, checks)
    return [*errors, *judge_notes(seed, checks), *reconciled(seed, checks), *open_lists(seed)]


def has_errors(findings: list[Finding]) -> bool:
    return any(finding.level == "error" for finding in findings)


def holds(checks: dict[str, Check], mismatch: Mismatch) -> bool:
    check = checks.get(mismatch.check)
    return (
        check is not None
        and not check.agrees
        and not check.refusal
        and (check.printed, check.computed) == (mismatch.printed, mismatch.computed)
    )


def unexplained(check: Check) -> str:
    if check.refusal:
        return f"{check.what}: ghi {check.printed}, {check.refusal}"
    return (
        f"{check.what}: ghi {check.printed}, đối chiếu ra {check.computed}. Xem lại báo cáo và sửa chỗ sai; "
        f"nếu báo cáo in đúng như vậy, thêm vào source_notes một mục có check: {check.name}."
    )


def stale_notes(seed: Seed, checks: dict[str, Check]) -> Iterator[Finding]:
    for index, note in enumerate(seed.source_notes):
        for position, mismatch in enumerate(note.mismatches):
            if not holds(checks, mismatch):
                place = seed.place("source_notes", index, "mismatches", position)
                yield Finding("error", place, stale(checks.get(mismatch.check), mismatch), note.code)


def stale(check: Check | None, mismatch: Mismatch) -> str:
    given = f"ghi chú nêu {mismatch.printed} và {mismatch.computed}"
    if check is None:
        return f"{given}, nhưng không có phép kiểm tra `{mismatch.check}`; sửa tên hoặc bỏ mục này."
    if check.refusal:
        return f"{given}, nhưng giá trị này không thể có, ghi chú không giải thích được; sửa số liệu và bỏ mục này."
    if check.agrees:
        return f"{given}, nhưng số liệu nay đã khớp ({check.printed}); bỏ mục này hoặc sửa lại số liệu."
    return f"{given}, nhưng nay là {check.printed} và {check.computed}; sửa số liệu hoặc ghi chú."


def judge_notes(seed: Seed, checks: dict[str, Check]) -> Iterator[Finding]:
    """A warning for each note of which anything still holds."""
    for index, note in enumerate(seed.source_notes):
        held = [mismatch for mismatch in note.mismatches if holds(checks, mismatch)]
        if held or not note.mismatches:
            yield Finding("warning", seed.place("source_notes", index), contradiction(note, held, checks), note.code)


def contradiction(note: SourceNote, held: list[Mismatch], checks: dict[str, Check]) -> str:
    facts = [f"{checks[one.check].what}: báo cáo ghi {one.printed}, đối chiếu ra {one.computed}" for one in held]
    facts += [f"“{quote.text}” ({quote.where})" for quote in note.quotes]
    return f"{note.title}. {'; '.join(facts)}. Cách giữ: {note.kept}"


def reconciled(seed: Seed, checks: dict[str, Check]) -> Iterator[Finding]:
    """One line per family of checks that agree; a single check is shown with its figures."""
    families: dict[str, list[Check]] = {}
    for check in checks.values():
        families.setdefault(check.family, []).append(check)
    for family, members in families.items():
        good = [check for check in members if check.agrees]
        if good:
            message = praise(family, good, len(members))
            yield Finding("ok", seed.place(*good[0].route[:1]), message, good[0].name)


def praise(family: str, good: list[Check], of: int) -> str:
    if of == 1:
        what = good[0].what
        return f"{what if what.startswith(family) else f'{family}: {what}'} = {good[0].printed}."
    rest = "" if len(good) == of else "; còn lại xem cảnh báo hoặc lỗi"
    return f"{family}: khớp {len(good)}/{of}{rest}."


def open_lists(seed: Seed) -> Iterator[Finding]:
    for index, entry in enumerate(seed.share_lists):
        known = [share.quantity for share in entry.shares if share.quantity is not None]
        if not entry.complete and known and entry.total is None:
            message = f"{entry.what}: danh sách của báo cáo để ngỏ, {show(sum(known))} {entry.unit} là mức tối thiểu."
            yield Finding("ok", seed.place("share_lists", index), message, f"share-list:{entry.key}")
