"""Pages as somebody who is signed in sees them, over the same application as the API's tests."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from app.accounts import open_session
from app.accounts.sessions import csrf_of
from tests.conftest import World, WorldClock


@dataclass(slots=True)
class Desk:
    """A browser without scripts, signed in as a role or agency: `desk.as_("SKHCN").get("/tasks")`."""

    world: World
    http: Any
    who: str = "coordinator"
    tokens: dict[str, str] = field(default_factory=dict)

    def as_(self, who: str) -> "Desk":
        return replace(self, who=who)

    def get(self, path: str, **kwargs: Any) -> Any:
        return self._request("GET", path, **kwargs)

    def post(self, path: str, data: Mapping[str, Any] | None = None, *, csrf: str | None = None, **kwargs: Any) -> Any:
        """A form, with the token that the page would carry."""
        sent = {"csrf": csrf_of(self.token()) if csrf is None else csrf, **(data or {})}
        return self._request("POST", path, data=sent, **kwargs)

    def token(self) -> str:
        if self.who not in self.tokens:
            actor = self.world.actor(self.who)
            with self.world.db.transaction() as connection:
                assert actor.account_id is not None
                self.tokens[self.who] = open_session(connection, actor.account_id, device="test", now=self.world.now)
        return self.tokens[self.who]

    def _request(self, method: str, path: str, **kwargs: Any) -> Any:
        cookie = {"Cookie": f"khacphuc={self.token()}"}
        headers = {**cookie, **kwargs.pop("headers", {})}
        return self.http.request(method, path, headers=headers, follow_redirects=False, **kwargs)


@pytest.fixture
def desk(seeded: World, tmp_path: Path) -> Iterator[Desk]:
    from starlette.testclient import TestClient

    from app.main import create_app
    from app.settings import Settings

    settings = Settings(data_dir=tmp_path, scheduler=False, DATABASE_URL=seeded.db.url)
    app = create_app(settings, WorldClock(world=seeded), seeded.db)
    with TestClient(app, raise_server_exceptions=False) as http:
        yield Desk(seeded, http)
