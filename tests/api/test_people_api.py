"""Agencies, contacts, holidays, successions, accounts, keys and the audit, over HTTP."""

from typing import Any

import pytest
from sqlalchemy import select

from app.accounts import open_session
from app.models import idempotent_answers
from tests.conftest import Client

API = "/api/v1"


def kept_answers(client: Client) -> str:
    with client.world.db.snapshot() as connection:
        return " ".join(connection.execute(select(idempotent_answers.c.answer)).scalars())


def make_account(client: Client, name: str = "stp.cchc", agency: str = "STP") -> dict[str, Any]:
    body = {"name": name, "role": "agency", "agency": agency}
    answer = client.as_("admin").post(f"{API}/accounts", json=body)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


def with_key(client: Client, key: str, path: str) -> Any:
    return client.http.get(f"{API}{path}", headers={"Authorization": f"Bearer {key}"})


def test_agencies_are_read_by_everybody_and_edited_by_administrators(client: Client) -> None:
    page = client.as_("SKHCN").get(f"{API}/agencies?limit=3").json()
    assert (page["total"], page["limit"], len(page["items"])) == (24, 3, 3)
    one = client.as_("leadership").get(f"{API}/agencies/STP").json()
    assert client.as_("leadership").get(f"{API}/agencies/{one['id']}").json() == one
    assert client.as_("admin").get(f"{API}/agencies/STP?province=soc-trang").json() == one
    assert client.as_("STP").get(f"{API}/agencies/XYZ").status_code == 404
    body = {"name": "Sở Pháp chế", "until": "2025-04-30"}
    assert client.as_("coordinator").patch(f"{API}/agencies/STP", json=body).status_code == 403
    renamed = client.as_("admin").patch(f"{API}/agencies/STP", json=body).json()
    assert renamed["former_names"] == [{"name": "Sở Tư pháp", "until": "2025-04-30"}]


def test_an_agency_and_a_province_are_added(client: Client) -> None:
    admin = client.as_("admin")
    assert admin.post(f"{API}/provinces", json={"code": "can-tho", "name": "Cần Thơ"}).status_code == 201
    body = {"code": "SNV", "name": "Sở Nội vụ", "province": "can-tho", "coordinator": True}
    answer = admin.post(f"{API}/agencies", json=body)
    assert (answer.status_code, answer.json()["province"]) == (201, "can-tho")
    assert admin.post(f"{API}/agencies", json=body).status_code == 409
    assert admin.get(f"{API}/agencies/SNV").status_code == 422
    assert [one["code"] for one in admin.get(f"{API}/provinces").json()["items"]] == ["can-tho", "soc-trang"]


def test_a_contact_is_added_changed_and_switched_off(client: Client) -> None:
    body = {"kind": "officer", "name": "An", "agency": "STP", "email": "an@soctrang.example"}
    made = client.post(f"{API}/contacts", json=body)
    assert made.status_code == 201, made.text
    path = f"{API}/contacts/{made.json()['id']}"
    away = {"absent_from": "2025-05-01", "absent_until": None}
    assert client.patch(path, json=away).json()["absent"] is True
    assert client.get(f"{API}/agencies/STP/contacts").json()["total"] == 1
    assert client.get(f"{API}/contacts?kind=leadership").json()["total"] == 0
    assert client.patch(path, json={"email": None}).json()["field"] == "email"
    assert client.delete(path).json()["active"] is False
    assert client.as_("STP").get(path).status_code == 403
    assert client.get(f"{API}/contacts/99999999999").status_code == 404


def test_a_webhook_secret_is_told_once_and_not_kept_for_a_repetition(client: Client) -> None:
    body = {"kind": "officer", "name": "An", "agency": "STP", "webhook_url": "https://example.vn/hook"}
    headers = {"Idempotency-Key": "contact-1"}
    first = client.post(f"{API}/contacts", json=body, headers=headers).json()
    again = client.post(f"{API}/contacts", json=body, headers=headers)
    assert first["webhook_secret"].startswith("whsec_")
    assert again.headers["Idempotent-Replayed"] == "true"
    assert again.json() == first | {"webhook_secret": None}
    assert first["webhook_secret"] not in kept_answers(client)


def test_holidays_are_listed_and_overridden(client: Client) -> None:
    path = f"{API}/holidays/2026-01-02"
    put = client.put(path, json={"working": False, "note": "Hoán đổi"})
    assert put.json() == {"day": "2026-01-02", "name": None, "working": False, "override": True, "note": "Hoán đổi"}
    listed = client.as_("SKHCN").get(f"{API}/holidays?year=2026").json()
    assert {"2026-01-01", "2026-01-02"} <= {one["day"] for one in listed["items"]}
    assert client.as_("SKHCN").put(path, json={"working": True}).status_code == 403
    assert client.delete(path).status_code == 200
    assert client.delete(path).status_code == 404
    assert client.put(f"{API}/holidays/0", json={"working": True}).status_code == 422
    assert client.put(path, json={"working": "yes"}).status_code == 422
    assert client.get(f"{API}/holidays?year=1999").status_code == 422


def test_a_succession_moves_work_and_keys_at_once(client: Client) -> None:
    key = client.as_("admin").post(f"{API}/accounts/{make_account(client)['id']}/keys", json={}).json()["key"]
    before = with_key(client, key, "/tasks?limit=200").json()["total"]
    theirs = client.as_("STC").get(f"{API}/tasks?limit=200").json()["total"]
    body = {"successor": "STC", "effective_from": "2025-05-05", "reason": "Nghị quyết"}
    answer = client.post(f"{API}/agencies/STP/succession", json=body)
    assert answer.status_code == 201, answer.text
    assert answer.json()["state"] == "applied"
    assert answer.json()["moved"]["tasks"] > 0
    after = with_key(client, key, "/tasks?limit=200").json()["total"]
    assert after == client.as_("STC").get(f"{API}/tasks?limit=200").json()["total"]
    assert after > max(before, theirs)
    assert client.get(f"{API}/agencies/STP").json()["succeeded_by"]["code"] == "STC"
    assert client.post(f"{API}/agencies/STP/succession", json=body).status_code == 409


def test_a_waiting_succession_is_listed_and_called_off(client: Client) -> None:
    body = {"successor": None, "effective_from": "2025-07-01", "reason": "Nghị quyết"}
    made = client.post(f"{API}/agencies/STP/succession", json=body).json()
    assert (made["state"], made["moved"]) == ("pending", None)
    path = f"{API}/successions/{made['id']}"
    assert client.as_("STP").get(path).json()["effective_from"] == "2025-07-01"
    assert client.get(f"{API}/successions?state=pending&agency=STP").json()["total"] == 1
    assert client.as_("STP").delete(path).status_code == 403
    assert client.delete(path).json()["state"] == "cancelled"
    for bad in ({**body, "effective_from": 0}, {**body, "effective_from": "2025-07-01T00:00:00"}, {"reason": "x"}):
        assert client.post(f"{API}/agencies/STP/succession", json=bad).status_code == 422


def test_a_province_merges_into_a_new_one_in_one_call(client: Client) -> None:
    body = {
        "successor": "can-tho",
        "successor_name": "Thành phố Cần Thơ",
        "mapping": {"SNV": "SNV", "STC": "STC"},
        "effective_from": "2025-05-05",
        "reason": "Nghị quyết sáp nhập",
    }
    assert client.as_("leadership").get(f"{API}/agencies").status_code == 200
    assert client.as_("coordinator").post(f"{API}/provinces/soc-trang/succession", json=body).status_code == 403
    answer = client.as_("admin").post(f"{API}/provinces/soc-trang/succession", json=body)
    assert answer.status_code == 201, answer.text
    assert answer.json()["moved"]["assessments"] == 1
    page = client.as_("coordinator").get(f"{API}/tasks?limit=200").json()  # its account moved with SNV
    assert page["total"] == 48
    assert {one["agency"]["code"] for one in page["items"]} == {"SNV", "STC"}
    assert client.as_("leadership").get(f"{API}/agencies").status_code == 401


def test_a_key_is_shown_once_also_when_the_request_is_repeated(client: Client) -> None:
    account = make_account(client)
    path = f"{API}/accounts/{account['id']}/keys"
    headers = {"Idempotency-Key": "key-1"}
    first = client.as_("admin").post(path, json={"label": "A", "days": 30}, headers=headers)
    again = client.as_("admin").post(path, json={"label": "A", "days": 30}, headers=headers)
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.json() == first.json() | {"key": None}
    assert client.as_("admin").get(f"{API}/keys?account={account['id']}").json()["total"] == 1
    key = first.json()["key"]
    assert key not in kept_answers(client)
    assert with_key(client, key, "/agencies/STP").status_code == 200
    other = client.as_("admin").post(path, json={"label": "B"}, headers=headers)
    assert other.json()["type"].endswith("idempotency-mismatch")


@pytest.mark.parametrize("how", ["revoke the key", "switch the account off"])
def test_a_key_stops_at_once(client: Client, how: str) -> None:
    account = make_account(client)
    issued = client.as_("admin").post(f"{API}/accounts/{account['id']}/keys", json={}).json()
    assert with_key(client, issued["key"], "/agencies/STP").status_code == 200
    if how == "revoke the key":
        assert client.as_("admin").delete(f"{API}/keys/{issued['id']}").json()["state"] == "revoked"
    else:
        assert client.as_("admin").patch(f"{API}/accounts/{account['id']}", json={"active": False}).status_code == 200
    assert with_key(client, issued["key"], "/agencies/STP").status_code == 401


def test_accounts_are_for_administrators(client: Client) -> None:
    assert client.as_("coordinator").get(f"{API}/accounts").status_code == 403
    assert client.as_("coordinator").get(f"{API}/keys").status_code == 403
    made = make_account(client)
    admin = client.as_("admin")
    assert admin.get(f"{API}/accounts/{made['id']}").json() == made
    assert admin.get(f"{API}/accounts?role=agency").json()["total"] == 1
    assert admin.patch(f"{API}/accounts/{made['id']}", json={"role": "admin"}).status_code == 422
    assert admin.post(f"{API}/accounts/{made['id']}/keys", json={"days": 0}).status_code == 422


def test_the_audit_tells_who_did_what_newest_first(client: Client) -> None:
    make_account(client, "stp.cchc")
    body = {"successor": None, "effective_from": "2025-07-01", "reason": "Nghị quyết"}
    client.post(f"{API}/agencies/STP/succession", json=body)
    page = client.get(f"{API}/audit?limit=2").json()
    assert [one["action"] for one in page["items"]] == ["succession.ordered", "key.created"]
    assert page["total"] > 48
    first = page["items"][0]
    assert (first["by"], first["account"], first["why"]) == ("coordinator", "coordinator", "Nghị quyết")
    assert first["province"] == "soc-trang"

    def total(query: str, who: str = "coordinator") -> int:
        found: int = client.as_(who).get(f"{API}/audit?{query}").json()["total"]
        return found

    assert total("entity=succession") == 1
    assert total("action=task.created") == 48
    assert total("code=ST-2024-TC-16") == 1
    assert total("actor=admin", "admin") >= 1
    assert total("actor=nobody%00") == 0
    assert total("since=2025-05-05&entity=task") == 0
    assert total("since=2025-05-05&until=2025-05-05&entity=account") == 1
    assert total("until=2025-05-04&entity=account") == 0
    for bad in ("since=2025-05-05&until=2025-05-04", "since=0001-01-01", "limit=0"):
        assert client.get(f"{API}/audit?{bad}").status_code == 422
    for who in ("STP", "leadership"):
        assert client.as_(who).get(f"{API}/audit").status_code == 403


def test_a_password_link_is_made_by_administrators_and_told_once(client: Client) -> None:
    path = f"{API}/accounts/{make_account(client)['id']}/password-link"
    assert client.as_("coordinator").post(path).status_code == 403
    headers = {"Idempotency-Key": "link-1"}
    made = client.as_("admin").post(path, headers=headers)
    assert made.status_code == 201, made.text
    link = made.json()["link"]
    assert (made.json()["account"], link.startswith("http://127.0.0.1:8000/password/")) == ("stp.cchc", True)
    again = client.as_("admin").post(path, headers=headers)
    assert again.json() == made.json() | {"link": None}
    assert link.rpartition("/")[2] not in kept_answers(client)
    assert client.http.get(link.removeprefix("http://127.0.0.1:8000")).status_code == 200
    assert client.as_("admin").post(f"{API}/accounts/999999/password-link").status_code == 404


def test_sessions_of_an_account_are_ended(client: Client) -> None:
    account = make_account(client)
    with client.world.db.transaction() as connection:
        token = open_session(connection, account["id"], device="", now=client.world.now)
    path = f"{API}/accounts/{account['id']}/sessions"
    assert client.as_("STP").delete(path).status_code == 403
    assert client.as_("admin").delete(path).json() == {"id": account["id"], "account": "stp.cchc", "ended": 1}
    assert client.http.get("/tasks", headers={"Cookie": f"khacphuc={token}"}, follow_redirects=False).status_code == 303


def test_whoever_only_drafts_is_made_and_changed_and_the_key_follows_at_once(client: Client) -> None:
    admin = client.as_("admin")
    body = {"name": "an.stp", "role": "agency", "agency": "STP", "drafts_only": True}
    account = admin.post(f"{API}/accounts", json=body).json()
    assert (account["drafts_only"], account["has_password"], account["locked_until"]) == (True, False, None)
    key = admin.post(f"{API}/accounts/{account['id']}/keys", json={}).json()["key"]

    def submit() -> int:
        headers = {"Authorization": f"Bearer {key}", "If-Match": "*"}
        texts = {"reason": "a", "progress": "b", "remedy": "c"}
        update = {"status": "submitted", "declared_score": "0.8", "period": "2025", **texts}
        answer = client.http.post(f"{API}/tasks/ST-2024-TC-03/updates", headers=headers, json=update)
        return int(answer.status_code)

    assert submit() == 403
    path = f"{API}/accounts/{account['id']}"
    assert admin.patch(path, json={"drafts_only": "no"}).status_code == 422
    assert admin.patch(path, json={"drafts_only": False}).json()["drafts_only"] is False
    assert submit() == 200
    assert admin.get(f"{API}/accounts?q=AN.stp").json()["total"] == 1
    refused = admin.post(f"{API}/accounts", json={"name": "x1", "role": "leadership", "drafts_only": True})
    assert (refused.status_code, refused.json()["field"]) == (422, "drafts_only")
