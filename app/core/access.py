"""Who may do what: one table of role × permission.

A permission is `noun:verb`. Ownership (whose task, whose province) is not here: it is the visibility of rows, written
once in `app.scope`. What is invisible answers "not found"; what is visible but not permitted answers "forbidden".
"""

from dataclasses import dataclass, replace
from enum import StrEnum

from app.errors import Forbidden


class Role(StrEnum):
    AGENCY = "agency"
    COORDINATOR = "coordinator"
    LEADERSHIP = "leadership"
    ADMIN = "admin"


class Permission(StrEnum):
    ASSESSMENT_READ = "assessment:read"
    ASSESSMENT_EDIT = "assessment:edit"
    EXPECTED_READ_ALL = "expected:read-all"
    TASK_READ = "task:read"
    TASK_REPORT = "task:report"
    TASK_REVIEW = "task:review"
    TASK_STEER = "task:steer"
    EXTENSION_REQUEST = "extension:request"
    EXTENSION_DECIDE = "extension:decide"
    DIRECTION_GIVE = "direction:give"
    EVIDENCE_ADD = "evidence:add"
    SHARE_REPORT = "share:report"
    MEASURE_REPORT = "measure:report"
    REMINDER_READ = "reminder:read"
    REMINDER_RUN = "reminder:run"
    AGENCY_READ = "agency:read"
    AGENCY_EDIT = "agency:edit"
    CONTACT_EDIT = "contact:edit"
    CALENDAR_EDIT = "calendar:edit"
    AGENCY_SUCCEED = "agency:succeed"
    PROVINCE_SUCCEED = "province:succeed"
    ACCOUNT_EDIT = "account:edit"
    KEY_EDIT = "key:edit"
    AUDIT_READ = "audit:read"


P = Permission
_READ = frozenset({P.ASSESSMENT_READ, P.TASK_READ, P.AGENCY_READ})
_AGENCY_WORK = frozenset(
    {P.TASK_REPORT, P.EXTENSION_REQUEST, P.EVIDENCE_ADD, P.SHARE_REPORT, P.MEASURE_REPORT},
)

PERMISSIONS: dict[Role, frozenset[Permission]] = {
    Role.AGENCY: _READ | _AGENCY_WORK,
    # The coordinator leads tasks of its own, so it may also do what an agency does — on those (app.scope).
    Role.COORDINATOR: _READ
    | _AGENCY_WORK
    | {
        P.EXPECTED_READ_ALL,
        P.ASSESSMENT_EDIT,
        P.TASK_REVIEW,
        P.TASK_STEER,
        P.EXTENSION_DECIDE,
        P.REMINDER_READ,
        P.REMINDER_RUN,
        P.CONTACT_EDIT,
        P.CALENDAR_EDIT,
        P.AGENCY_SUCCEED,
        P.AUDIT_READ,
    },
    Role.LEADERSHIP: _READ | {P.EXPECTED_READ_ALL, P.DIRECTION_GIVE, P.REMINDER_READ},
    Role.ADMIN: _READ
    | {
        P.EXPECTED_READ_ALL,
        P.AGENCY_EDIT,
        P.CONTACT_EDIT,
        P.CALENDAR_EDIT,
        P.AGENCY_SUCCEED,
        P.PROVINCE_SUCCEED,
        P.ACCOUNT_EDIT,
        P.KEY_EDIT,
        P.AUDIT_READ,
        P.REMINDER_READ,
    },
}


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts. `province_id` is None only for an administrator of the whole installation and for the system itself."""

    account_id: int | None
    name: str
    role: Role
    province_id: int | None = None
    agency_id: int | None = None
    on_behalf_of: str | None = None
    drafts_only: bool = False
    """Prepares reports but does not submit them."""

    def may(self, permission: Permission) -> bool:
        return permission in PERMISSIONS[self.role]

    def require(self, permission: Permission) -> None:
        """Raise `Forbidden` unless the role has the permission."""
        if not self.may(permission):
            raise Forbidden("Tài khoản của bạn không có quyền thực hiện việc này. Nếu cần, hãy báo quản trị hệ thống.")

    def speaking_for(self, officer: str | None) -> "Actor":
        """The same account, naming the officer on whose behalf it writes."""
        return replace(self, on_behalf_of=officer) if officer else self


SYSTEM = Actor(account_id=None, name="hệ thống", role=Role.ADMIN)
"""The scheduler and the command line."""
