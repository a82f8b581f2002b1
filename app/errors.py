"""What can go wrong, without a word about HTTP.

Every error a caller can provoke is a `Problem`: a stable `slug` for machines, a Vietnamese `title`, and a Vietnamese
`detail` that says what to do. The API maps classes to statuses in one table (`app.api.errors`), the command line prints
the detail, jobs log it. Nothing has been written when one of these leaves a domain function.
"""

from collections.abc import Mapping
from typing import Any, ClassVar


class Problem(Exception):
    """Base of all domain errors. `field` names the input at fault; `extra` carries facts a client may act on."""

    slug: ClassVar[str] = "problem"
    title: ClassVar[str] = "Có lỗi"

    def __init__(self, detail: str, *, field: str | None = None, extra: Mapping[str, Any] | None = None) -> None:
        super().__init__(detail)
        self.detail = detail
        self.field = field
        self.extra = dict(extra or {})


class NotFound(Problem):
    """It does not exist, or the caller may not see it: both answer the same."""

    slug = "not-found"
    title = "Không tìm thấy"


class Forbidden(Problem):
    """Visible to the caller, but not theirs to do."""

    slug = "forbidden"
    title = "Không có quyền thực hiện"


class Unauthenticated(Problem):
    slug = "unauthenticated"
    title = "Chưa xác thực"


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
    """The database could not take the work in time; nothing was written, trying again is safe."""

    slug = "busy"
    title = "Hệ thống đang bận"
