"""Clients that keep on at a server which dies under them: each repeats a request with its key until it is answered.

Whatever was answered is remembered in order, task by task, to be compared with the log afterwards.
"""

import contextlib
import http.client
import json
import struct
import threading
import time
import uuid
import zlib
from collections import Counter
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import count
from typing import Any

from bench.updates import Agency

PATIENCE = 180.0
"""Seconds after which a client gives up on one request."""
FOLLOW_UP = (date.today() + timedelta(days=400)).isoformat()  # noqa: DTZ011 -- any day far ahead
PARTS = {
    "reason": "Hồ sơ liên thông giữa các cấp còn chậm.",
    "progress": "Đã rà soát, công khai và đôn đốc hằng tuần.",
    "remedy": "Bổ sung cán bộ, gắn trách nhiệm người đứng đầu.",
    "period": "6 tháng đầu năm 2025",
    "measurements": {"done": 400, "total": 1000},
}


@dataclass(slots=True)
class Told:
    """What clients saw. `log`: task → (action, mark) as acknowledged; `last`: some of what was answered."""

    log: dict[str, list[tuple[str, str]]] = field(default_factory=dict)
    versions: dict[str, int] = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    last: list["Request"] = field(default_factory=list)
    slowest: float = 0.0

    @property
    def done(self) -> int:
        return self.counts["acknowledged"]


@dataclass(slots=True)
class Request:
    """One write, sent as often as it takes."""

    path: str
    api_key: str
    body: bytes
    kind: str = "application/json"
    version: int | None = None
    key: str = field(default_factory=lambda: uuid.uuid4().hex)
    answer: bytes = b""

    def headers(self) -> dict[str, str]:
        made = {"Authorization": f"Bearer {self.api_key}", "Content-Type": self.kind, "Idempotency-Key": self.key}
        return made if self.version is None else made | {"If-Match": f'"{self.version}"'}


class Client(threading.Thread):
    """One agency's officer and a reviewer, who bring the agency's tasks through their life again and again."""

    def __init__(self, port: int, agency: Agency, reviewer: str, told: Told, stopping: threading.Event) -> None:
        super().__init__()
        self.port, self.agency, self.reviewer, self.told, self.stopping = port, agency, reviewer, told, stopping
        self._connection: http.client.HTTPConnection | None = None
        self._marks = count(1)

    def run(self) -> None:
        turn = 0
        with contextlib.closing(self):
            while not self.stopping.is_set():
                task = self.agency.tasks[turn % len(self.agency.tasks)]
                for step in (self.update, self.prove, self.submit, (self.accept, self.send_back)[turn % 2], self.batch):
                    if self.stopping.is_set() or not step(task):
                        break
                turn += 1

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    # What they do; each says whether to go on

    def update(self, task: list[Any]) -> bool:
        mark = self._mark()
        body = {"status": "in_progress", "percent": next(self._marks) % 100, "note": mark, **PARTS}
        return self._write(task, "updates", body, "task.updated", mark)

    def submit(self, task: list[Any]) -> bool:
        mark = self._mark()
        return self._write(task, "updates", {"status": "submitted", "note": mark, **PARTS}, "task.submitted", mark)

    def accept(self, task: list[Any]) -> bool:
        """And open it again at once, since the next turn wants to work on it."""
        first, second = self._mark(), self._mark()
        return self._review(task, {"decision": "accepted", "comment": first}, first) and self._write(
            task, "reopening", {"reason": second}, "task.reopened", second, key=self.reviewer
        )

    def send_back(self, task: list[Any]) -> bool:
        mark = self._mark()
        if next(self._marks) % 2:
            return self._review(task, {"decision": "returned", "comment": mark, "resubmit_before": FOLLOW_UP}, mark)
        return self._review(task, {"decision": "continued", "comment": mark, "due_before": FOLLOW_UP}, mark)

    def batch(self, _task: list[Any]) -> bool:
        """A note on each of the agency's tasks."""
        mark = self._mark()
        items = [{"code": code, "version": version, "note": mark} for code, version in self.agency.tasks]
        answer = self._ask(Request("/api/v1/tasks/updates", self.agency.key, json.dumps({"items": items}).encode()))
        for task, result in zip(self.agency.tasks, answer.get("items", ()), strict=True):
            if not result["ok"]:
                self.told.wrong.append(f"batch: {result}"[:300])
                continue
            task[1] += 1
            self._note(task, "task.updated", mark)
        return bool(answer)

    def prove(self, task: list[Any]) -> bool:
        mark = self._mark()
        kind, body = form_of({"number": mark, "title": "Kết quả rà soát", "tasks": task[0]}, picture(mark))
        if not self._ask(Request("/api/v1/evidence", self.agency.key, body, kind)):
            return False
        self._note(task, "evidence.added", mark)
        return True

    # How

    def _mark(self) -> str:
        return f"{self.name}.{next(self._marks)}"

    def _review(self, task: list[Any], body: dict[str, Any], mark: str) -> bool:
        return self._write(task, "review", body, f"task.{body['decision']}", mark, key=self.reviewer)

    def _write(
        self, task: list[Any], what: str, body: dict[str, Any], action: str, mark: str, key: str | None = None
    ) -> bool:
        path, sent = f"/api/v1/tasks/{task[0]}/{what}", json.dumps(body).encode()
        answer = self._ask(Request(path, key or self.agency.key, sent, version=task[1]))
        if not answer:
            return False
        task[1] = answer["version"]
        self._note(task, action, mark)
        return True

    def _note(self, task: list[Any], action: str, mark: str) -> None:
        self.told.log.setdefault(task[0], []).append((action, mark))
        self.told.versions[task[0]] = task[1]

    def _ask(self, request: Request) -> dict[str, Any]:
        """The answer of whatever try got one; empty when it was a refusal, which is noted."""
        began, tries = time.monotonic(), 0
        while time.monotonic() - began < PATIENCE:
            tries += 1
            status, headers, request.answer = self._send(request)
            if status in (200, 201):
                self._count(headers, tries, time.monotonic() - began)
                self.told.last = [*self.told.last[-199:], request]
                found: dict[str, Any] = json.loads(request.answer)
                return found
            if status not in (0, 503):
                break
            time.sleep(0.02)
        said = request.answer.decode(errors="replace")
        self.told.wrong.append(f"{status} {request.path} after {tries}: {said}"[:400])
        return {}

    def _count(self, headers: Any, tries: int, seconds: float) -> None:
        self.told.counts["acknowledged"] += 1
        self.told.counts["repeated"] += tries > 1
        self.told.counts["replayed"] += headers.get("Idempotent-Replayed") == "true"
        self.told.slowest = max(self.told.slowest, seconds)

    def _send(self, request: Request) -> tuple[int, Any, bytes]:
        try:
            if self._connection is None:
                self._connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
            self._connection.request("POST", request.path, request.body, request.headers())
            response = self._connection.getresponse()
            return response.status, response.headers, response.read()
        except (OSError, http.client.HTTPException):
            self.close()
            return 0, {}, b""

    def repeat(self, request: Request) -> bool:
        """Whether a request sent once more gets the answer it had, as a repetition."""
        status, headers, body = self._send(request)
        return status in (200, 201) and body == request.answer and headers.get("Idempotent-Replayed") == "true"


def form_of(texts: dict[str, str], image: bytes) -> tuple[str, bytes]:
    """(content type, body) of an upload."""
    bound = uuid.uuid4().hex
    start = f"--{bound}\r\nContent-Disposition: form-data; name="
    named = [f'{start}"{name}"\r\n\r\n{text}\r\n'.encode() for name, text in texts.items()]
    file = f'{start}"file"; filename="a.png"\r\nContent-Type: image/png\r\n\r\n'.encode()
    return f"multipart/form-data; boundary={bound}", b"".join((*named, file, image, f"\r\n--{bound}--\r\n".encode()))


def picture(mark: str) -> bytes:
    """A PNG of its own for each mark: one row of grey pixels."""
    row = mark.encode()
    header = struct.pack(">IIBBBBB", len(row), 1, 8, 0, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(b"\0" + row)), (b"IEND", b""))
    made = (struct.pack(">I", len(d)) + k + d + struct.pack(">I", zlib.crc32(k + d)) for k, d in chunks)
    return b"\x89PNG\r\n\x1a\n" + b"".join(made)
