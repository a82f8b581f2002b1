"""The same for pages: a form that goes through for whoever may send it, and what the parameters of addresses are."""

from collections.abc import Callable, Mapping
from typing import Any

from app.reports.word.templates import built_in_template
from tests.campaigns.access.requests import CLOSED_TASK
from tests.campaigns.access.scene import OWN_TASK, READY_TASK, Scene
from tests.domain.evidence_samples import PDF

LATER, LONG_AGO = "30/09/2025", "01/05/2025"
WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"

PLACES = {
    "tasks": "task_id",
    "shares": "share_id",
    "measures": "measure_id",
    "assessment": "assessment_id",
    "agencies": "agency_id",
    "evidence": "evidence_id",
    "workbook": "workbook_id",
    "import": "import_id",
    "documents": "agency_id",
}
"""What {code}, {ident} and {agency} mean under the first part of an address."""

LETTER = {"on": "27/06/2025", "recipient": "soc-trang/SKHCN"}
IN_2024 = {"assessment": "soc-trang-2024"}
Form = Mapping[str, Any] | Callable[[Scene], Mapping[str, Any]]


def _order(**more: str) -> dict[str, Any]:
    return {"data": {"effective_from": "01/08/2025", "reason": "Sắp xếp bộ máy", **more}}


def _tick(scene: Scene) -> dict[str, Any]:
    version = scene.send("owner", "GET", f"/api/v1/tasks/{READY_TASK}").json()["version"]
    return {"data": {"task": f"{READY_TASK}:{version}"}}


FORMS: dict[str, Form] = {
    "POST /signin": {"data": {"name": "khong-co", "password": "sai"}},
    "POST /password/{token}": {"data": {"password": "mot cau dai khong ai doan 91", "repeated": "khac"}},
    "POST /signin/code": {"data": {"code": "123456"}},
    "POST /account/second-factor": {"data": {"current": "sai"}},
    "POST /account/second-factor/confirmation": {"data": {"code": "123456"}},
    "POST /account/second-factor/recovery-codes": {"data": {"renewal-code": "123456"}},
    "POST /account/second-factor/off": {"data": {"current": "sai", "code": "123456"}},
    "POST /account/password": {"data": {"current": "sai", "password": "x", "repeated": "x"}},
    "POST /tasks": _tick,
    "POST /tasks/{code}/steering/due": {"data": {"version": "3", "due-due_before": LATER, "due-reason": "Có căn cứ"}},
    "POST /tasks/{code}/steering/target": {
        "data": {"version": "3", "target-target": "1", "target-reason": "Có căn cứ"}
    },
    "POST /tasks/{code}/steering/cooperating": {
        "data": {"version": "3", "cooperating-agency": "STC", "cooperating-reason": "Có căn cứ"}
    },
    "POST /tasks/{code}/steering/assign": {
        "code": OWN_TASK,
        "data": {"version": "2", "assign-agency": "STP", "assign-reason": "Có căn cứ"},
    },
    "POST /tasks/{code}/steering/close": {"code": OWN_TASK, "data": {"version": "2", "close-reason": "Có căn cứ"}},
    "POST /tasks/{code}/steering/reopen": {
        "code": CLOSED_TASK,
        "data": {"version": "3", "reopen-due_before": LATER, "reopen-reason": "Có căn cứ"},
    },
    "POST /tasks/{code}/directions": {"data": {"direction-text": "Làm sớm"}},
    "POST /steering": {"data": {"task": f"{OWN_TASK}@2", "due_before": LATER, "reason": "Có căn cứ"}},
    "POST /tasks/{code}/report": {"code": OWN_TASK, "data": {"do": "save", "version": "2", "progress": "Đang làm"}},
    "POST /tasks/{code}/score": {"code": OWN_TASK, "data": {}},
    "POST /tasks/{code}/draft": {"code": OWN_TASK, "data": {"version": "2", "progress": "Đang gõ"}},
    "POST /tasks/{code}/draft/compare": {"code": OWN_TASK, "data": {"version": "2", "progress": "Đang gõ"}},
    "POST /tasks/{code}/extension": {
        "code": OWN_TASK,
        "data": {"version": "2", "requested_due": LATER, "extension_reason": "Cần thêm thời gian"},
    },
    "POST /tasks/{code}/review": {
        "data": {
            "review-version": "3",
            "review-decision": "returned",
            "review-comment": "Bổ sung",
            "review-resubmit_before": LATER,
        }
    },
    "POST /tasks/{code}/review/score": {"data": {"review-decision": "accepted"}},
    "POST /extensions/{request_id}": {"data": {"decision": "granted", "granted_due-1": LATER, "comment-1": "Đồng ý"}},
    "POST /shares/{code}": {"data": {"reason": "Lý do", "version": "1"}},
    "POST /measures/{code}": {"data": {"progress": "Đang làm"}},
    "POST /workbook": Scene.tasks_file,
    "POST /import": Scene.assessment_file,
    "POST /evidence/new": {"data": {"number": "3/BC", "tasks": OWN_TASK}, "files": {"file": ("a.pdf", PDF)}},
    "POST /evidence/{ident}/tasks": {"data": {"tasks": OWN_TASK}},
    "POST /evidence/{ident}/correction": {"data": {"title": "Báo cáo"}},
    "POST /evidence/{ident}/withdrawal": {"data": {"reason": "Nhầm tệp"}},
    "GET /reminders/preview/letter": {"params": LETTER},
    "GET /reminders/preview/letter.eml": {"params": LETTER},
    "GET /documents/report.docx": {"params": IN_2024},
    "GET /documents/letters": {"params": IN_2024},
    "GET /documents/letters.zip": {"params": IN_2024},
    "GET /documents/letters/{agency}.docx": {"params": IN_2024},
    "POST /reminders/{digest_id}/deliveries/{delivery_id}/resend": {"data": {"again": "1"}},
    "POST /assessment/{code}/mandate": {"data": {"version": "1", "mandate.number": "9/QĐ", "mandate.date": LONG_AGO}},
    "POST /assessment/{code}/policy": {
        "data": {
            "version": "1",
            "reminder_policy.before_days": "10, 5",
            "reminder_policy.overdue_every": "3",
            "reminder_policy.escalate_coordinator_from": "3",
            "reminder_policy.escalate_leadership_from": "9",
            "reminder_policy.review_wait_workdays": "5",
            "reminder_policy.send_at": "08:00",
            "reminder_policy.send_until": "17:00",
        }
    },
    "POST /assessment/holidays": {"data": {"day": "05/11/2025", "working": "0", "note": "Nghỉ"}},
    "POST /assessment/holidays/clear": {"data": {"day": "05/09/2025"}},
    "POST /documents/templates/{kind}": lambda _scene: {
        "files": {"file": ("mau.docx", built_in_template("report").content, WORD)}
    },
    "POST /agencies/new": {"data": {"code": "SMOI", "name": "Sở Mới", "province": "soc-trang"}},
    "POST /agencies/{code}/name": {"data": {"name": "Sở Đổi tên", "until": LONG_AGO}},
    "POST /agencies/{code}/succession": _order(successor="STP"),
    "POST /agencies/merger": _order(old="soc-trang", heir="vi-du"),
    "POST /agencies/contacts/new": {
        "data": {"kind": "head", "name": "Giám đốc", "email": "gd@example.vn"},
        "params": {"agency": "SKHCN", "province": "soc-trang"},
    },
    "POST /agencies/contacts/{contact_id}": {"data": {"kind": "officer", "name": "Văn thư hai", "email": "v@x.vn"}},
    "POST /agencies/contacts/{contact_id}/active": {"data": {"active": "0"}},
    "POST /accounts": {"data": {"name": "stp.moi", "role": "agency", "agency": "soc-trang/STP"}},
    "POST /accounts/{account_id}": {"data": {"display_name": "Văn thư"}},
    "POST /accounts/{account_id}/active": {"data": {"active": "0"}},
    "POST /accounts/{account_id}/second-factor/removal": {"data": {"reason": "Mất điện thoại"}},
    "POST /accounts/{account_id}/keys": {"data": {"label": "Phần mềm", "days": "30"}},
    **{f"GET /agencies/{rest}": {"params": {"province": "soc-trang"}} for rest in ("{code}", "{code}/succession")},
}


def page_ids(scene: Scene, path: str) -> dict[str, str]:
    """What the parameters of a page's address mean there."""
    place = path.split("/")[1]
    meant = dict.fromkeys(("code", "ident"), scene.ids[PLACES[place]]) if place in PLACES else {}
    return {
        "kind": "report",
        "name": "tasks" if place == "csv" else "total",
        "act": "link",
        "token": scene.ids["link" if place == "password" else "feed"],
        "agency": "SKHCN",
        "order_id": "1",
        **meant,
    }
