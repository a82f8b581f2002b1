"""The table of who may do what, cell by cell against the service, and no route without its row."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.campaigns.access.requests import OWN_TASK, REQUESTS
from tests.campaigns.access.scene import MISSING, NO_ROW, NOBODY, WHO, Scene
from tests.conftest import Engines

TABLE = Path(__file__).with_name("table.txt")
SAFE = "GET"
_ROW = re.compile(
    r"(?P<row>(?P<method>[A-Z]+) (?P<path>/\S*)(?: \([^)]+\))?)\s+(?P<cells>(?:yes|\d{3})(?:\s+(?:yes|\d{3}))*)"
)


@dataclass(frozen=True)
class Row:
    name: str
    method: str
    path: str
    cells: Mapping[str, str]


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
    with made.http:
        made.fill()
        made.renew()
        yield made
        made.close()


def test_every_route_has_its_row(scene: Scene) -> None:
    operations = {
        f"{method.upper()} {path}" for path, methods in scene.app.openapi()["paths"].items() for method in methods
    }
    assert {f"{row.method} {row.path}" for row in ROWS} == operations
    assert len({row.name for row in ROWS}) == len(ROWS)


def test_whoever_may_not_gets_the_right_refusal_and_changes_nothing(scene: Scene) -> None:
    scene.renew()
    before, wrong = scene.standing(), []
    for row in ROWS:
        path, given = _request(scene, row)
        for who, wanted in row.cells.items():
            if wanted == "yes":
                continue
            answer = scene.send(who, row.method, path, version="*", **given)
            if outcome(answer) != wanted:
                wrong.append(f"{row.name} as {who}: {outcome(answer)}, not {wanted}: {answer.text[:200]}")
            if wanted == "404" and who != NOBODY:
                wrong += _differences_from_missing(scene, row, who, answer)
        if row.method != SAFE and scene.standing() != before:
            wrong.append(f"{row.name}: a refusal changed something")
            scene.renew()
    assert not wrong, "\n".join(wrong)


def test_whoever_may_succeeds(scene: Scene) -> None:
    """Each change on a database of its own, so that none lives on another's."""
    wrong = []
    for row in ROWS:
        scene.renew()
        path, given = _request(scene, row)
        for who in (who for who, wanted in row.cells.items() if wanted == "yes"):
            answer = scene.send(who, row.method, path, version="*", **given)
            if outcome(answer) != "yes":
                wrong.append(f"{row.name} as {who}: {outcome(answer)}: {answer.text[:300]}")
            if who.endswith("elsewhere") and "files" not in given and "ST-2024-" in answer.text:
                wrong.append(f"{row.name} as {who}: shows another province's rows")
            if row.method != SAFE:
                scene.renew()
    assert not wrong, "\n".join(wrong)


def outcome(answer: Any) -> str:
    """A status, or `yes`. A batch answers for each of its items; here it has one."""
    if not answer.is_success:
        return str(answer.status_code)
    body = answer.json() if "json" in answer.headers.get("content-type", "") else {}
    if isinstance(body, dict) and body.get("failed"):
        return str(body["items"][0]["problem"]["status"])
    return "yes"


def _request(scene: Scene, row: Row, ids: Mapping[str, str] | None = None) -> tuple[str, dict[str, Any]]:
    """The path and what goes with it. `ids`: in place of the scene's."""
    found = REQUESTS.get(row.name, {})
    given = dict(found(scene) if callable(found) else found)
    known = {**scene.ids, **{name: given.pop(name) for name in list(given) if name in scene.ids}, **(ids or {})}
    return re.sub(r"\{(\w+)\}", lambda match: known[match[1]], row.path), given


def _differences_from_missing(scene: Scene, row: Row, who: str, foreign: Any) -> Iterator[str]:
    """What is not seen must not be told from what is not there: same words, same heads, but for the name itself."""
    path, given = _request(scene, row)
    nowhere = {name: MISSING.get(name, NO_ROW) for name in re.findall(r"\{(\w+)\}", row.path)}
    names = [*nowhere.values(), *path.split("/")[3:], OWN_TASK, MISSING["task_id"]]
    asked = [(_request(scene, row, nowhere)[0], given)] if nowhere else []
    if OWN_TASK in repr(given):  # what it names may be what is not seen, rather than where it goes
        asked.append((path, json.loads(json.dumps(given).replace(OWN_TASK, MISSING["task_id"]))))
    missing = [_told(scene.send(who, row.method, where, version="*", **what), names) for where, what in asked]
    if missing and _told(foreign, names) not in missing:
        yield f"{row.name} as {who}: {_told(foreign, names)} is not {missing}"


def _told(answer: Any, names: Iterable[str]) -> tuple[Any, ...]:
    heads = {name for name in answer.headers if name not in {"date", "content-length"}}
    return answer.status_code, re.sub("|".join(rf"\b{re.escape(name)}\b" for name in names), "…", answer.text), heads
