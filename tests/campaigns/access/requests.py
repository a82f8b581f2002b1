"""For every operation that takes anything: a request that succeeds for whoever may make it."""

from collections.abc import Callable, Mapping
from typing import Any

from tests.campaigns.access.scene import OWN_TASK, TEXTS, WHY, Scene

LATER = "2025-09-30"
SNV_TASK = "ST-2024-TC-01"
CLOSED_TASK = "ST-2024-TC-14"


PAYMENTS = {
    "paid_procedures": 512,
    "payable_procedures": 400,
    "used_procedures": 100,
    "paid_online_files": 50_000,
    "settled_files": 256_833,
}
Given = Mapping[str, Any] | Callable[[Scene], Mapping[str, Any]]

REQUESTS: dict[str, Given] = {
    "PATCH /api/v1/assessments/{assessment_id}": {"json": {"mandate": {"number": "12/QĐ", "date": "2025-05-02"}}},
    "POST /api/v1/assessments/{assessment_id}/what-if": {"json": {"tasks": {OWN_TASK: {"score": "0.5"}}}},
    "GET /api/v1/tasks/template.xlsx": {"params": {"assessment": "soc-trang-2024"}},
    "POST /api/v1/tasks/template": Scene.tasks_file,
    "POST /api/v1/tasks/template/apply": Scene.tasks_file,
    "POST /api/v1/assessments/import": Scene.assessment_file,
    "PATCH /api/v1/tasks": {"json": {**WHY, "due_before": LATER, "tasks": [{"code": OWN_TASK, "version": 2}]}},
    "POST /api/v1/tasks/updates": {"json": {"items": [{"code": OWN_TASK, "version": 2, "note": "Ghi chú"}]}},
    "PATCH /api/v1/tasks/{task_id}": {"json": {**WHY, "due_before": LATER}},
    "POST /api/v1/tasks/{task_id}/updates": {"task_id": OWN_TASK, "json": {"note": "Ghi chú"}},
    "POST /api/v1/tasks/{task_id}/updates (submitting)": {
        "task_id": OWN_TASK,
        "json": {"status": "submitted", **TEXTS, "measurements": PAYMENTS},
    },
    "POST /api/v1/tasks/{task_id}/updates (of the coordinating agency)": {
        "task_id": SNV_TASK,
        "json": {"note": "Ghi chú"},
    },
    "POST /api/v1/tasks/{task_id}/review": {"json": {"decision": "accepted", "evidence_waiver": "Đã kiểm tra"}},
    "POST /api/v1/tasks/{task_id}/closure": {"task_id": OWN_TASK, "json": WHY},
    "POST /api/v1/tasks/{task_id}/reopening": {"task_id": CLOSED_TASK, "json": {**WHY, "due_before": LATER}},
    "POST /api/v1/tasks/{task_id}/assignment": {"task_id": OWN_TASK, "json": {**WHY, "agency": "STP"}},
    "POST /api/v1/tasks/{task_id}/extension-requests": {
        "task_id": OWN_TASK,
        "json": {**WHY, "requested_due": LATER},
    },
    "POST /api/v1/extension-requests/{request_id}/decision": {"json": {"decision": "granted", "comment": "Đồng ý"}},
    "POST /api/v1/tasks/{task_id}/directions": {"json": {"text": "Làm sớm"}},
    "POST /api/v1/evidence": {"json": {"number": "2/BC", "tasks": [OWN_TASK]}},
    "PATCH /api/v1/evidence/{evidence_id}": {"json": {"title": "Báo cáo"}},
    "POST /api/v1/evidence/{evidence_id}/withdrawal": {"json": {"reason": "Nhầm tệp"}},
    "POST /api/v1/evidence/{evidence_id}/tasks": {"json": {"tasks": [OWN_TASK]}},
    "PATCH /api/v1/shares/{share_id}": {"json": WHY},
    "PATCH /api/v1/measures/{measure_id}": {"json": {"progress": "Đang làm"}},
    "GET /api/v1/reminders/preview": {"params": {"on": "2025-06-25"}},
    "POST /api/v1/reminders/run": {"json": {}},
    "POST /api/v1/deliveries/{delivery_id}/resend": {"json": {"again": True}},
    "POST /api/v1/agencies": {"json": {"code": "SMOI", "name": "Sở Mới", "province": "soc-trang"}},
    "PATCH /api/v1/agencies/{agency_id}": {"json": {"name": "Sở Đổi tên", "until": "2025-05-01"}},
    "POST /api/v1/provinces": {"json": {"code": "can-tho", "name": "Thành phố Cần Thơ"}},
    "POST /api/v1/contacts": {
        "json": {"kind": "head", "name": "Giám đốc", "agency": "SKHCN", "email": "gd@example.vn"}
    },
    "PATCH /api/v1/contacts/{contact_id}": {"json": {"name": "Văn thư hai"}},
    "PUT /api/v1/holidays/{day}": {"json": {"working": False, "note": "Nghỉ"}},
    "POST /api/v1/agencies/{agency_id}/succession": {
        "json": {**WHY, "successor": "STP", "effective_from": "2025-08-01"}
    },
    "POST /api/v1/provinces/{province_id}/succession": {
        "json": {
            **WHY,
            "successor": "vi-du",
            "effective_from": "2025-07-01",
        }
    },
    "GET /api/v1/agencies/{code}/urging-letter.docx": {"params": {"assessment": "soc-trang-2024"}},
    "POST /api/v1/accounts": {"json": {"name": "stp.moi", "role": "agency", "province": "soc-trang", "agency": "STP"}},
    "PATCH /api/v1/accounts/{account_id}": {"json": {"display_name": "Văn thư"}},
    "POST /api/v1/accounts/{account_id}/keys": {"json": {"label": "Phần mềm", "days": 30}},
}
