"""No page shows people the names and codes that programs use: every page is opened as every role and read."""

import re
from collections import Counter
from dataclasses import replace
from datetime import date
from html.parser import HTMLParser

import pytest

from app import evidence, measures, shares, tasks
from app.core.workflow import LABELS
from app.reports.tables.columns import KINDS, REQUEST_STATES, SHARE_KINDS
from app.tasks import Decision, Update
from app.telling.words import CONFIDENCES, CONTACT_KINDS, DELIVERY_STATES
from tests.conftest import World
from tests.web.conftest import Desk

TC14, TC15, TC16, KS27 = "ST-2024-TC-14", "ST-2024-TC-15", "ST-2024-TC-16", "ST-2024-KS-27"
ROLES = ("SKHCN", "coordinator", "leadership", "admin")
CODES = {*LABELS, *KINDS, *REQUEST_STATES, *SHARE_KINDS, *CONTACT_KINDS, *DELIVERY_STATES, *CONFIDENCES} - {
    "leadership"  # an account's name
}
FOREIGN = re.compile(rf"\b\w+_\w+\b|\b(?:{'|'.join(sorted(CODES))})\b")
NO_PAGE = re.compile(r"/(?:csv|api|docs|charts|static)\b|\.\w{3,4}$|/file$|^/documents$")
"""What is no page, and the one page that lists the fields of a Word template for whoever edits it."""
EACH = 2
"""Pages opened of each kind."""


class Reader(HTMLParser):
    """What of a page is seen or read out, and where its links lead."""

    SILENT = ("script", "style", "head")

    def __init__(self) -> None:
        super().__init__()
        self.text: list[str] = []
        self.links: list[str] = []
        self.hidden = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.hidden += tag in self.SILENT
        self.links += [given["href"] or ""] if tag == "a" and "href" in given else []
        shown = ["title", "alt", "placeholder", "aria-label"]
        shown += ["value"] if tag == "input" and given.get("type") not in ("hidden", "radio", "checkbox") else []
        self.text += [given[name] or "" for name in shown if given.get(name)]

    def handle_endtag(self, tag: str) -> None:
        self.hidden -= tag in self.SILENT

    def handle_data(self, data: str) -> None:
        self.text += [] if self.hidden else [data]


@pytest.fixture
def busy(desk: Desk) -> Desk:
    """A province in which something of everything has happened."""
    world = desk.world
    agency, coordinator = world.actor("SKHCN"), world.actor("coordinator#2")
    texts = dict.fromkeys(("reason", "progress", "remedy", "difficulties"), "Nội dung")
    numbers = {one["name"]: one["published"] for one in _inputs(world, TC15)}
    handed_in = Update(status="submitted", texts=texts, measurements=numbers)
    world.write(tasks.record_update, agency, TC15, handed_in, version=1)
    numbers = {one["name"]: one["published"] for one in _inputs(world, TC16)}
    world.write(tasks.record_update, agency, TC16, replace(handed_in, measurements=numbers), version=1)
    returned = Decision("returned", comment="Thiếu", resubmit_before=date(2025, 8, 1))
    world.write(tasks.review, coordinator, TC16, returned, version=2)
    world.write(tasks.request_extension, agency, TC14, date(2025, 8, 1), "Chờ", None, version=None)
    document = evidence.Document(number="12/BC", tasks=[TC14], title="", issued_on=None, signer="", period="")
    world.write(evidence.add, agency, document, None, evidence.FileStore(desk.http.app.state.settings.evidence_dir))
    share = world.read(shares.list_shares, coordinator, limit=1, offset=0)["items"][0]
    unit = world.actor(share["agency"]["code"])
    world.write(shares.update_share, unit, share["code"], {"reason": "Lý do"}, version=None)
    measure = world.read(measures.list_measures, agency, limit=1, offset=0)["items"][0]
    world.write(measures.update_measure, agency, measure["code"], "Đang làm")
    world.write(tasks.close, coordinator, KS27, "Không khắc phục được", version=1)
    return desk


def _inputs(world: World, code: str) -> list[dict[str, str]]:
    return list(world.read(tasks.get_task, world.actor("SKHCN"), code)["rule"]["inputs"])


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_no_page_shows_a_code(busy: Desk) -> None:
    assert [one for who in ROLES for one in _codes_seen_by(busy.as_(who))] == []


def _codes_seen_by(desk: Desk) -> list[str]:
    waiting, opened, found = ["/"], Counter[str](), list[str]()
    while waiting:
        path = waiting.pop(0)
        kind = re.sub(r"ST-2024-[\w-]+|[A-Z]{2,}\w*|\d+|\?.*", "…", path)
        if opened[kind] >= EACH or opened[path] or NO_PAGE.search(path.partition("?")[0]):
            continue
        opened[kind] += 1
        opened[path] += kind != path
        answer = desk.get(path)
        if answer.status_code == 303:
            waiting.append(answer.headers["location"])
            continue
        assert answer.status_code == 200, path
        page = Reader()
        page.feed(answer.text)
        found += [f"{desk.who} {path}: {match}" for match in FOREIGN.findall(" ".join(page.text))]
        here = path.partition("?")[0]
        links = [f"{here}{link}" if link.startswith("?") else link for link in page.links]
        waiting += [link.partition("#")[0] for link in links if link.startswith("/")]
    assert len(opened) > 12
    return found
