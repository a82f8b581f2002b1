"""Many callers at the same moment, over both engines' real write door."""

import threading
from collections.abc import Callable
from typing import Any

from tests.conftest import Client

T15 = "/api/v1/tasks/ST-2024-TC-15"


def together(count: int, call: Callable[[int], Any]) -> list[Any]:
    answers: list[Any] = [None] * count
    barrier = threading.Barrier(count)

    def run(number: int) -> None:
        barrier.wait(10)
        answers[number] = call(number)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return answers


def test_of_many_updates_with_one_version_one_wins(client: Client) -> None:
    agency = client.as_("SKHCN")
    agency.get(T15)
    answers = together(12, lambda n: agency.post(f"{T15}/updates", version=1, json={"progress": f"lần {n}"}))
    assert sorted(answer.status_code for answer in answers) == [200] + [412] * 11
    assert client.get(f"{T15}/updates").json()["total"] == 2


def test_the_same_idempotent_post_in_parallel_is_done_once(client: Client) -> None:
    leadership, headers = client.as_("leadership"), {"Idempotency-Key": "song-song"}
    leadership.get(T15)
    body = {"text": "Khẩn trương"}
    answers = together(8, lambda _: leadership.post(f"{T15}/directions", json=body, headers=headers))
    assert [answer.status_code for answer in answers] == [201] * 8
    assert len({answer.text for answer in answers}) == 1
    assert len(client.get(T15).json()["directions"]) == 1


def test_corrections_whatever_the_version_never_mix_old_numbers_in(client: Client) -> None:
    agency = client.as_("SKHCN")
    names = [one["name"] for one in agency.get(T15).json()["rule"]["inputs"]]
    first = {"status": "in_progress", "measurements": {names[0]: 9, names[1]: 16}}
    assert agency.post(f"{T15}/updates", version=1, json=first).status_code == 200
    calls = [{names[0]: 14}, {names[1]: 20}] * 4
    answers = together(8, lambda n: agency.post(f"{T15}/updates", version="*", json={"measurements": calls[n]}))
    assert {answer.status_code for answer in answers} == {200}
    task = client.get(T15).json()
    assert task["report"]["measurements"] == {names[0]: "14", names[1]: "20"}
    assert task["reported"] == "0.7000"


def test_two_first_updates_are_both_there(client: Client) -> None:
    agency = client.as_("SKHCN")
    agency.get(T15)
    texts = ({"reason": "Lý do"}, {"remedy": "Biện pháp"})
    answers = together(2, lambda n: agency.post(f"{T15}/updates", version="*", json=texts[n]))
    assert {answer.status_code for answer in answers} == {200}
    report = client.get(T15).json()["report"]
    assert (report["reason"], report["remedy"]) == ("Lý do", "Biện pháp")


def test_crossing_batches_do_not_wait_for_each_other(client: Client) -> None:
    agency = client.as_("SKHCN")
    codes = [f"ST-2024-TC-{n}" for n in (14, 15, 16, 17)]
    agency.get(T15)

    def send(number: int) -> Any:
        order = codes if number % 2 else codes[::-1]
        items = [{"code": code, "version": 1, "progress": f"lần {number}"} for code in order]
        return agency.post("/api/v1/tasks/updates", json={"items": items})

    answers = together(10, send)
    assert {answer.status_code for answer in answers} == {200}
    assert sum(answer.json()["succeeded"] for answer in answers) == 4
