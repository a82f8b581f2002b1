"""What can go wrong, without a word about HTTP.

Every error a caller can provoke is a `Problem`: a stable `slug` for machines, a Vietnamese `title`, and a Vietnamese
`detail` that says what to do. The API maps classes to statuses in one table (`app.api.errors`), the command line prints
the detail, jobs log it. Nothing has been written when one of these leaves a domain function.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar, NamedTuple, ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


class Fault(NamedTuple):
    """One input at fault, and what is wrong with it in words."""

    field: str
    detail: str


class Problem(Exception):
    """Base of all domain errors. `field` names the input at fault; `extra` carries facts a client may act on.

    `faults` are all inputs at fault, where more than one is known: people then mend them at once.
    """

    slug: ClassVar[str] = "problem"
    title: ClassVar[str] = "Có lỗi"

    def __init__(
        self,
        detail: str,
        *,
        field: str | None = None,
        extra: Mapping[str, Any] | None = None,
        faults: Sequence[Fault] = (),
    ) -> None:
        super().__init__(detail)
        self.detail = detail
        self.faults = tuple(faults) or ((Fault(field, detail),) if field else ())
        self.extra = dict(extra or {})

    @property
    def field(self) -> str | None:
        """The first input at fault."""
        return self.faults[0].field if self.faults else None

    def rename(self, name: Callable[[str], str]) -> None:
        """Call the inputs at fault as the caller's form or request calls them."""
        self.faults = tuple(Fault(name(one.field), one.detail) for one in self.faults)

    def within(self, place: str) -> None:
        """Name the inputs at fault as parts of `place`; where none was named, the place itself is at fault."""
        self.rename(lambda field: f"{place}.{field}")
        self.faults = self.faults or (Fault(place, self.detail),)


def together(found: Sequence[Problem]) -> Problem:
    """The first of several problems, telling of all of them; its type is that of the first."""
    first = found[0]
    if len(found) == 1:
        return first
    detail = " ".join(dict.fromkeys(one.detail for one in found))
    faults = [fault for one in found for fault in one.faults]
    return type(first)(detail, extra=first.extra, faults=faults)


class Gathered:
    """What several checks find wrong, told at once: `problems.of(check, …)` for each, then `raise_any`."""

    def __init__(self) -> None:
        self.found: list[Problem] = []

    def of(self, check: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T | None:
        """What the check gives; None when it found a problem."""
        try:
            return check(*args, **kwargs)
        except Problem as problem:
            self.found.append(problem)
            return None

    def raise_any(self) -> None:
        if self.found:
            raise together(self.found)


class NotFound(Problem):
    """It does not exist, or the caller may not see it: both answer the same."""

    slug = "not-found"
    title = "Không tìm thấy"


class NothingYet(NotFound):
    """No assessment has been loaded that the caller could see, so there is nothing that most pages could be about."""

    slug = "nothing-yet"
    title = "Chưa có kỳ đánh giá nào"


class Forbidden(Problem):
    """Visible to the caller, but not theirs to do."""

    slug = "forbidden"
    title = "Không có quyền thực hiện"


class Unauthenticated(Problem):
    slug = "unauthenticated"
    title = "Chưa xác thực"


class TooManyTries(Problem):
    """Too many wrong passwords or keys lately; `retry_after` in `extra` says in how many seconds to come again."""

    slug = "too-many-tries"
    title = "Thử sai quá nhiều lần"


class InvalidInput(Problem):
    """A value is malformed or does not fit; `field` says which."""

    slug = "invalid-input"
    title = "Dữ liệu không hợp lệ"


class Conflict(Problem):
    """The request is well-formed but does not fit what stands already."""

    slug = "conflict"
    title = "Xung đột với dữ liệu hiện có"


# The task's life


class IllegalMove(Problem):
    slug = "illegal-move"
    title = "Không thể chuyển trạng thái"


class IncompleteSubmission(Problem):
    slug = "incomplete-submission"
    title = "Báo cáo chưa đủ nội dung"


class StaleVersion(Problem):
    slug = "stale-version"
    title = "Nhiệm vụ đã thay đổi"


class VersionRequired(Problem):
    slug = "version-required"
    title = "Thiếu phiên bản"


class EvidenceRequired(Problem):
    slug = "evidence-required"
    title = "Thiếu tài liệu kiểm chứng"


class SelfReview(Problem):
    """The account that submitted never reviews."""

    slug = "self-review"
    title = "Người nộp báo cáo không được xác nhận"


# Measurements and scores


class UnknownMeasurement(Problem):
    slug = "unknown-measurement"
    title = "Số liệu không thuộc tiêu chí này"


class MissingMeasurement(Problem):
    slug = "missing-measurement"
    title = "Thiếu số liệu"


class NegativeMeasurement(Problem):
    slug = "negative-measurement"
    title = "Số liệu không được âm"


class NumeratorAboveDenominator(Problem):
    slug = "numerator-above-denominator"
    title = "Tử số lớn hơn mẫu số"


class ZeroDenominator(Problem):
    slug = "zero-denominator"
    title = "Mẫu số phải lớn hơn 0"


class OutsideRuleDomain(Problem):
    """The rule reproduces published figures only inside the observed domain and refuses to guess outside it."""

    slug = "outside-rule-domain"
    title = "Nằm ngoài phạm vi của công thức"


class ScoreOutOfRange(Problem):
    slug = "score-out-of-range"
    title = "Điểm nằm ngoài khung điểm"


class ScoreNotAccepted(Problem):
    """A score or measurement was given where the criterion takes none (survey, or the other kind of rule)."""

    slug = "score-not-accepted"
    title = "Tiêu chí này không nhận điểm hoặc số liệu"


# Files, idempotency, set-up


class FileRefused(Problem):
    slug = "file-refused"
    title = "Tệp không được chấp nhận"


class TooLarge(Problem):
    slug = "too-large"
    title = "Dữ liệu quá lớn"


class IdempotencyMismatch(Problem):
    slug = "idempotency-mismatch"
    title = "Idempotency-Key đã dùng cho nội dung khác"


class SeedInvalid(Problem):
    """A seed file is wrong; the detail names file, place and what to do."""

    slug = "seed-invalid"
    title = "Tệp dữ liệu không hợp lệ"


class SetupProblem(Problem):
    """The installation is not fit to run; the detail is one line for the operator."""

    slug = "setup"
    title = "Cấu hình chưa đúng"


class Busy(Problem):
    """The database could not take the work in time; nothing was written, trying again is safe.

    Except with `written: unknown` in `extra`: then the connection broke during the commit, and the detail says to look.
    """

    slug = "busy"
    title = "Hệ thống đang bận"


class Unwritable(Busy):
    """Storage takes no writes: full, read-only, failing. Reading goes on; trying again helps once it is mended."""

    slug = "unwritable"
    title = "Máy chủ tạm thời không ghi được"


class StoreUnavailable(Busy):
    """Where the files of evidence lie does not answer, or refuses; everything else goes on."""

    slug = "store-unavailable"
    title = "Kho tài liệu tạm thời không dùng được"
