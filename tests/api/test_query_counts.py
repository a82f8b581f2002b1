"""A list costs the same number of queries for five rows as for all of them."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import event

from tests.conftest import Client


@contextmanager
def counted(client: Client) -> Iterator[list[str]]:
    statements: list[str] = []
    client.http.app.state.keys.seconds = 3600.0  # who calls is looked up again every few seconds: not what is counted

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        if not statement.startswith(("BEGIN", "SAVEPOINT", "RELEASE", "COMMIT")):
            statements.append(statement)

    engines = {client.world.db.reader, client.world.db.writer}
    for engine in engines:
        event.listen(engine, "before_cursor_execute", note)
    yield statements
    for engine in engines:
        event.remove(engine, "before_cursor_execute", note)


def paged_routes(client: Client) -> list[str]:
    paths = client.http.get("/api/v1/openapi.json").json()["paths"]
    return [
        path
        for path, methods in paths.items()
        if any(one["name"] == "limit" for one in methods.get("get", {}).get("parameters", []))
    ]


def test_every_list_costs_the_same_queries_whatever_its_length(client: Client) -> None:
    client.post("/api/v1/reminders/run")
    client.as_("SKHCN").post(
        "/api/v1/evidence", data={"number": "1/BC", "tasks": ["ST-2024-TC-14", "ST-2024-TC-15", "ST-2024-TC-16"]}
    )
    routes = paged_routes(client)
    assert {"/api/v1/tasks", "/api/v1/shares", "/api/v1/audit", "/api/v1/reminders", "/api/v1/agencies"} <= set(routes)
    for path in routes:
        who = "admin" if path in ("/api/v1/accounts", "/api/v1/keys") else "coordinator"
        filled = path.replace("{task_id}", "ST-2024-TC-14").replace("{agency_id}", "SKHCN")
        spent = []
        for limit in (1, 200):
            client.as_(who).get(f"{filled}?limit={limit}")  # the first one also fills caches
            with counted(client) as statements:
                answer = client.as_(who).get(f"{filled}?limit={limit}")
            assert answer.status_code == 200, (filled, answer.text)
            spent.append(len(statements))
        assert spent[0] == spent[1] <= 12, (filled, spent)


def test_figures_cost_a_handful_of_queries(client: Client) -> None:
    client.get("/api/v1/assessments")  # makes the key, which the ring then knows
    for path in ("summary?by=agency", "projection", "history", ""):
        with counted(client) as statements:
            assert client.get(f"/api/v1/assessments/soc-trang-2024/{path}".rstrip("/")).status_code == 200
        assert len(statements) <= 14, (path, statements)
