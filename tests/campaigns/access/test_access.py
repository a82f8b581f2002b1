"""The table of who may do what, cell by cell against the service, and no route without its row."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from app.accounts import signing_in
from tests.campaigns.access.pages import FORMS, PLACES, page_ids
from tests.campaigns.access.requests import REQUESTS
from tests.campaigns.access.scene import MISSING, NO_ROW, NOBODY, OWN_TASK, READY_TASK, WHO, Scene
from tests.conftest import Engines
from tests.routes import addresses

TABLE = Path(__file__).with_name("table.txt")
SAFE = "GET"
_ROW = re.compile(
    r"(?P<row>(?P<method>[A-Z]+) (?P<path>/\S*)(?: \([^)]+\))?)\s+"
    r"(?P<cells>(?:yes|none|\d{3})(?:\s+(?:yes|none|\d{3}))*)"
)


@dataclass(frozen=True)
class Row:
    name: str
    method: str
    path: str
    cells: Mapping[str, str]

    @property
    def is_page(self) -> bool:
        return not self.path.startswith(("/api/", "/healthz", "/readyz", "/metrics"))


def read_table() -> list[Row]:
    lines = [line for line in TABLE.read_text().splitlines() if line.strip() and not line.startswith("#")]
    columns, rows = lines[0].split(), []
    for line in lines[1:]:
        found = _ROW.fullmatch(line.rstrip())
        assert found, line
        cells = dict(zip(columns, found["cells"].split(), strict=True))
        rows.append(Row(found["row"], found["method"], found["path"], cells))
    assert columns == [*WHO, NOBODY]
    return rows


ROWS = read_table()


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def scene(request: pytest.FixtureRequest, engines: Engines) -> Iterator[Scene]:
    made = Scene(engines, request.param)
    with made.http, pytest.MonkeyPatch.context() as patched:
        patched.setattr(signing_in, "TRIES", 1_000)  # everybody here has the same address
        made.fill()
        made.renew()
        yield made
        made.close()


def test_every_route_has_its_row(scene: Scene) -> None:
    assert {(row.method, row.path) for row in ROWS} == set(addresses(scene.app))
    assert len({row.name for row in ROWS}) == len(ROWS)


def test_whoever_may_not_gets_the_right_refusal_and_changes_nothing(scene: Scene) -> None:
    scene.renew()
    before, wrong = scene.standing(), []
    for row in ROWS:
        for who in (who for who, wanted in row.cells.items() if wanted != "yes"):
            answer = _ask(scene, row, who)
            found, wanted = outcome(answer), row.cells[who].replace("none", "yes")
            if found != wanted:
                wrong.append(f"{row.name} as {who}: {found}, not {wanted}: {answer.text[:200]}")
            if found == "404":
                wrong += _differences_from_missing(scene, row, who, answer)
        if row.method != SAFE and scene.standing() != before:
            wrong.append(f"{row.name}: a refusal changed something")
            scene.renew()
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("scene", ["sqlite"], indirect=True)  # what is done, others test on both engines
def test_whoever_may_succeeds(scene: Scene) -> None:
    """Each change on a database of its own, so that none lives on another's."""
    wrong = []
    for row in ROWS:
        scene.renew()
        for who in (who for who, wanted in row.cells.items() if wanted == "yes"):
            answer = _ask(scene, row, who)
            if outcome(answer) != "yes":
                wrong.append(f"{row.name} as {who}: {outcome(answer)}: {answer.text[:300]}")
            if who.endswith("elsewhere") and row.name not in BROUGHT and "ST-2024-" in _written(answer):
                wrong.append(f"{row.name} as {who}: shows another province's rows")
            if row.method != SAFE:
                scene.renew()
    assert not wrong, "\n".join(wrong)


BROUGHT = {"POST /api/v1/tasks/template", "POST /api/v1/assessments/import", "GET /calendar/{token}.ics"}
"""What these show of another province came with the request: a file, a secret address."""


def _written(answer: Any) -> str:
    """Without the examples in empty fields."""
    return re.sub(r'placeholder="[^"]*"', "", answer.text)


def outcome(answer: Any) -> str:
    """A status, or `yes`, also for being sent on, unless to the sign-in page. A batch of the API answers for each of
    its items; here it has one."""
    if answer.status_code == 303:
        return "401" if answer.headers["location"].partition("?")[0] == "/signin" and not _done(answer) else "yes"
    if not answer.is_success:
        return str(answer.status_code)
    body = answer.json() if "json" in answer.headers.get("content-type", "") else {}
    if isinstance(body, dict) and body.get("failed"):
        return str(body["items"][0]["problem"]["status"])
    return "yes"


def _done(answer: Any) -> bool:
    return "done=" in answer.headers["location"]


def _ask(
    scene: Scene, row: Row, who: str, ids: Mapping[str, str] | None = None, swapped: Mapping[str, str] | None = None
) -> Any:
    """`ids`: in place of the scene's in the path; `swapped`: texts in place of others in what is sent."""
    path, given = _request(scene, row, ids or {})
    given = _swap(given, swapped or {})
    if row.is_page:
        return scene.visit(who, row.method, path, **given)
    return scene.send(who, row.method, path, version="*", **given)


def _request(scene: Scene, row: Row, ids: Mapping[str, str]) -> tuple[str, dict[str, Any]]:
    """The path, and what goes with it; a request may name its own values of the path's parameters."""
    found: Any = (FORMS if row.is_page else REQUESTS).get(row.name, {})
    given = dict(found(scene) if callable(found) else found)
    known = scene.ids | (page_ids(scene, row.path) if row.is_page else {})
    own = {name: given.pop(name) for name in list(given) if name in known}
    return re.sub(r"\{(\w+)\}", lambda match: (known | own | dict(ids))[match[1]], row.path), given


def _differences_from_missing(scene: Scene, row: Row, who: str, foreign: Any) -> Iterator[str]:
    """What is not seen must not be told from what is not there: same words, same heads, but for the name itself."""
    path, given = _request(scene, row, {})
    nowhere = {name: _missing(row, name) for name in re.findall(r"\{(\w+)\}", row.path)}
    names = [*nowhere.values(), *path.split("/")[2:], OWN_TASK, READY_TASK, MISSING["task_id"]]
    asked = [_ask(scene, row, who, ids=nowhere)] if nowhere else []
    for task in (OWN_TASK, READY_TASK):  # what it names may be what is not seen, rather than where it goes
        if task in repr(given):
            asked.append(_ask(scene, row, who, swapped={task: MISSING["task_id"]}))
    if asked and _told(foreign, names) not in [_told(one, names) for one in asked]:
        yield f"{row.name} as {who}: {_told(foreign, names)} is not {[_told(one, names) for one in asked]}"


def _missing(row: Row, name: str) -> str:
    meant = PLACES.get(row.path.split("/")[1], name) if row.is_page and name in ("code", "ident", "agency") else name
    return MISSING.get(meant, NO_ROW)


def _swap(given: Any, swapped: Mapping[str, str]) -> Any:
    if isinstance(given, str):
        for old, new in swapped.items():
            given = given.replace(old, new)
    elif isinstance(given, dict):
        return {name: _swap(value, swapped) for name, value in given.items()}
    elif isinstance(given, list):
        return [_swap(value, swapped) for value in given]
    return given


def _told(answer: Any, names: Iterable[str]) -> tuple[Any, ...]:
    heads = {name for name in answer.headers if name not in {"date", "content-length"}}
    return answer.status_code, re.sub("|".join(rf"\b{re.escape(name)}\b" for name in names), "…", answer.text), heads
