"""What names of parameters and fields mean in the campaign's database, and bodies that make sense: chance alone would
hardly ever find a task, and never say enough about it."""

from collections.abc import Mapping, Sequence
from typing import Any

from tests.campaigns.acts import TEXTS

_TASKS = ("ST-2024-TC-16", "ST-2024-TC-15", "ST-2024-TC-14", "ST-2024-TC-03", "ST-2024-KS-22", "ST-2024-KS-27", "16")
_AGENCIES = ("SKHCN", "SNV", "STP", "SGDDT", "KHAC", "1", "4")
_DAYS = ("2025-05-04", "2025-05-05", "2025-06-20", "2025-09-02", "2026-01-01", "1999-01-01")
_IDS = ("1", "2", "3", "4", "5", "0", "9999999999999999999")

LIKELY: Mapping[str, Sequence[Any]] = {
    **dict.fromkeys(("assessment_id", "assessment"), ("soc-trang-2024", "1")),
    **dict.fromkeys(("task_id", "task", "code"), _TASKS),
    **dict.fromkeys(("agency_id", "agency", "successor"), _AGENCIES),
    "share_id": ("ST-2024-TC-03.05", "ST-2024-TC-04.10", "ST-2024-TC-07.01", "1"),
    "measure_id": ("ST-2024-GP-01", "1"),
    **dict.fromkeys(("province", "province_id"), ("soc-trang", "1")),
    **dict.fromkeys(("request_id", "digest_id", "delivery_id", "contact_id", "succession_id", "evidence_id"), _IDS),
    **dict.fromkeys(("account_id", "key_id", "account", "stand_in"), _IDS),
    **dict.fromkeys(("as_of", "since", "until", "on", "day", "from", "to", "date", "issued_on"), _DAYS),
    **dict.fromkeys(("due_before", "resubmit_before", "requested_due", "granted_due", "effective_from"), _DAYS[1:]),
    **dict.fromkeys(("declared_score", "verified_score", "target", "score"), ("0.5", "1.0000", "1.5001", "-1", "0,5")),
    "status": ("in_progress", "submitted", "accepted"),
    "version": (1, 2, 3),
    "cooperating": (["STP"], ["KHAC"], []),
    "measurements": ({"used_services": 9, "services": 16}, {"online_files": 1, "files": 0}),
}

VERSIONS = ("*", '"1"', '"2"', 'W/"3"', "khac", None)

_FUTURE, _WHY = "2025-09-30", {"reason": "Có căn cứ"}
_FIGURES = {"measurements": {"online_files": 120_000, "files": 168_561}}
BODIES: Mapping[str, Sequence[dict[str, Any]]] = {
    "PATCH /api/v1/assessments/{assessment_id}": (
        {"mandate": {"number": "1234/QĐ-UBND", "date": "2025-05-02"}},
        {"reminder_policy": {"before_days": [10, 5], "send_at": "07:30"}},
    ),
    "POST /api/v1/assessments/{assessment_id}/what-if": (
        {"tasks": {"ST-2024-TC-16": _FIGURES, "ST-2024-TC-14": {"score": "0.5"}}},
        {"tasks": {"ST-2024-TC-03": {"score": 1}}},
    ),
    "PATCH /api/v1/tasks": ({**_WHY, "due_before": _FUTURE, "tasks": [{"code": "ST-2024-TC-14", "version": 1}]},),
    "POST /api/v1/tasks/updates": (
        {"items": [{"code": "ST-2024-TC-14", "version": 1, "status": "submitted", "declared_score": "0.5", **TEXTS}]},
        {"items": [{"code": "ST-2024-TC-17", "version": 1, "note": "Ghi chú"}, {"code": "KHAC", "version": 1}]},
    ),
    "PATCH /api/v1/tasks/{task_id}": (
        {**_WHY, "due_before": _FUTURE},
        {**_WHY, "target": "1.2", "cooperating": ["STP"]},
    ),
    "POST /api/v1/tasks/{task_id}/updates": (
        {"status": "submitted", **TEXTS, "declared_score": "0.5"},
        {"status": "in_progress"},
        {"note": "Ghi chú"},
    ),
    "POST /api/v1/tasks/{task_id}/review": (
        {"decision": "accepted", "evidence_waiver": "Đã kiểm tra"},
        {"decision": "accepted", "comment": "Tốt", **_FIGURES, "evidence_waiver": "Đã kiểm tra"},
        {"decision": "returned", "comment": "Bổ sung", "resubmit_before": _FUTURE},
        {"decision": "continued", "due_before": _FUTURE},
    ),
    "POST /api/v1/tasks/{task_id}/closure": (_WHY,),
    "POST /api/v1/tasks/{task_id}/reopening": ({**_WHY, "due_before": _FUTURE}, _WHY),
    "POST /api/v1/tasks/{task_id}/assignment": ({**_WHY, "agency": "STP"}, {**_WHY, "agency": "SKHCN"}),
    "POST /api/v1/tasks/{task_id}/extension-requests": ({**_WHY, "requested_due": _FUTURE},),
    "POST /api/v1/extension-requests/{request_id}/decision": (
        {"decision": "granted", "comment": "Đồng ý"},
        {"decision": "refused", "comment": "Chưa đủ lý do"},
    ),
    "POST /api/v1/tasks/{task_id}/directions": ({"text": "Làm sớm", "on_behalf_of": "Chủ tịch"},),
    "POST /api/v1/evidence": ({"number": "2/BC", "tasks": ["ST-2024-TC-15"], "issued_on": "2025-05-02"},),
    "PATCH /api/v1/evidence/{evidence_id}": ({"title": "Báo cáo", "issued_on": None},),
    "POST /api/v1/evidence/{evidence_id}/withdrawal": ({"reason": "Nhầm tệp"},),
    "POST /api/v1/evidence/{evidence_id}/tasks": ({"tasks": ["ST-2024-TC-14"]},),
    "PATCH /api/v1/shares/{share_id}": ({"reason": "Lý do", "current": 3}, {"resolved": True, "reason": "Đã xong"}),
    "PATCH /api/v1/measures/{measure_id}": ({"progress": "Đang làm"},),
    "POST /api/v1/reminders/run": ({},),
    "POST /api/v1/deliveries/{delivery_id}/resend": ({"again": True}, {}),
    "POST /api/v1/agencies": ({"code": "SMOI", "name": "Sở Mới"}, {"code": "SNV", "name": "Sở Nội vụ"}),
    "PATCH /api/v1/agencies/{agency_id}": ({"name": "Sở Đổi tên", "until": "2025-05-01"},),
    "POST /api/v1/provinces": ({"code": "can-tho", "name": "Thành phố Cần Thơ"},),
    "POST /api/v1/contacts": (
        {"kind": "head", "name": "Giám đốc", "agency": "SKHCN", "email": "gd@example.vn"},
        {"kind": "leadership", "name": "Chủ tịch", "email": "ct@example.vn", "absent_from": "2025-05-06"},
    ),
    "PATCH /api/v1/contacts/{contact_id}": ({"name": "Văn thư hai", "absent_until": None}, {"active": False}),
    "PUT /api/v1/holidays/{day}": ({"working": True, "note": "Làm bù"}, {"working": False}),
    "POST /api/v1/agencies/{agency_id}/succession": (
        {**_WHY, "successor": "SNV", "effective_from": "2025-08-01"},
        {**_WHY, "successor": "STP", "effective_from": "2025-05-05"},
    ),
    "POST /api/v1/provinces/{province_id}/succession": (
        {**_WHY, "successor": "can-tho", "successor_name": "Thành phố Cần Thơ", "effective_from": "2025-07-01"},
    ),
    "POST /api/v1/accounts": (
        {"name": "stp.cchc", "role": "agency", "agency": "STP", "drafts_only": True},
        {"name": "lanh.dao", "role": "leadership", "province": "soc-trang"},
    ),
    "PATCH /api/v1/accounts/{account_id}": ({"display_name": "Văn thư"}, {"active": False}),
    "POST /api/v1/accounts/{account_id}/keys": ({"label": "Phần mềm", "days": 30},),
}
