"""`serve --seed`: the assessment when it is not there yet, and on the very first run links and keys to begin with."""

import hashlib
import sys
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy import Connection, exists, func, insert, select

from app.cli.printing import complain, print_table, progress, say
from app.core.access import SYSTEM, Role
from app.models import accounts, agencies, assessments, meta, provinces, tasks

if TYPE_CHECKING:
    from app.accounts import IssuedKey, IssuedLink
    from app.db import Database

SEEDED = "seed:"
"""Key in `meta` of every seed that was dealt with, by content, so that later starts need not even read it."""


class Opening(NamedTuple):
    """How one new account begins: a person with the link, a program with the key."""

    link: "IssuedLink"
    key: "IssuedKey"


def seed_once(db: "Database", path: Path, *, base_url: str, now: datetime) -> None:
    """Load the seed unless its assessment is there; make first accounts unless there is one; print what opens them."""
    mark = SEEDED + _fingerprint(path)
    with db.snapshot() as connection:
        if connection.execute(select(meta.c.value).where(meta.c.key == mark)).first() is not None:
            return
    from app.assessments.seedfile import load_seed

    seed = load_seed(path)
    code = seed.assessment.code
    with progress(f"Đang nạp kỳ đánh giá {code} …"), db.transaction() as connection:
        from app.assessments.load import LOAD_LOCK, load_assessment

        if connection.dialect.name == "postgresql":  # of two replicas that start together, one does all of this
            connection.execute(select(func.pg_advisory_xact_lock(LOAD_LOCK)))
        if connection.execute(select(meta.c.value).where(meta.c.key == mark)).first() is not None:
            return
        known = connection.execute(select(exists().where(assessments.c.code == code))).scalar()
        loaded = None if known else load_assessment(connection, SYSTEM, seed, now=now)
        first = _first_accounts(connection, seed.province.code, now=now)
        connection.execute(insert(meta).values(key=mark, value=code))
    if loaded is not None:
        say(f"Đã nạp kỳ đánh giá {code}: {loaded.added.get('tasks', 0)} nhiệm vụ.")
    else:
        complain(f"Kỳ đánh giá {code} đã có nên không nạp lại; xem khác biệt bằng: khacphuc seed {path} --dry-run")
    if first:
        _print_links(first, base_url)
        _print_keys([one.key for one in first])


def _fingerprint(path: Path) -> str:
    """Of the content of the file, or of the folder's YAML files. What is not there has one too and fails later."""
    files = sorted(one for one in path.iterdir() if one.suffix in (".yaml", ".yml")) if path.is_dir() else [path]
    content = hashlib.sha256()
    for file in files:
        if file.is_file():
            content.update(f"{file.name}\0{file.stat().st_size}\0".encode() + file.read_bytes())
    return content.hexdigest()


def _first_accounts(connection: Connection, province: str, *, now: datetime) -> list[Opening]:
    """One per role and per agency that leads a task; none when anybody has an account already."""
    if connection.execute(select(exists(select(accounts.c.id)))).scalar():
        return []
    roles: list[tuple[Role, str | None]] = [(Role.COORDINATOR, None), (Role.LEADERSHIP, None), (Role.ADMIN, None)]
    leading = (
        select(agencies.c.code)
        .join(provinces, provinces.c.id == agencies.c.province_id)
        .where(provinces.c.code == province, agencies.c.id.in_(select(tasks.c.agency_id)))
        .order_by(agencies.c.code)
    )
    roles += [(Role.AGENCY, code) for code in connection.execute(leading).scalars()]
    return [
        _open(connection, role, None if role is Role.ADMIN else province, agency, now=now) for role, agency in roles
    ]


def _open(connection: Connection, role: Role, province: str | None, agency: str | None, *, now: datetime) -> Opening:
    from app.accounts import create_key, create_link
    from app.cli.keys import new_account

    made = new_account(connection, role=role, province=province, agency=agency, now=now)["id"]
    return Opening(
        create_link(connection, SYSTEM, made, now=now),
        create_key(connection, SYSTEM, made, label="Lần chạy đầu tiên", days=None, now=now),
    )


def _print_links(first: list[Opening], base_url: str) -> None:
    """Two lines each: a link is as wide as a window and must not be broken."""
    from app.cli.accounts import until_text
    from app.cli.keys import ROLE_NAMES

    say("")
    say("Đăng nhập: mở một liên kết trong trình duyệt và đặt mật khẩu cho tài khoản đó.")
    for link, key in first:
        seat = f"{ROLE_NAMES[Role(key.role)]} {key.agency or ''}".rstrip()
        say(f"  {seat} · tài khoản {link.account}")
        say(f"    {base_url}{link.path}")
    say(f"Mỗi liên kết dùng một lần, đến {until_text(first[0].link)}. Cần liên kết khác:")
    say("khacphuc accounts link TÀI-KHOẢN · các tài khoản: khacphuc accounts list")
    say("")


def _print_keys(issued: "list[IssuedKey]") -> None:
    if not sys.stdout.isatty():
        say("Khóa API, cho phần mềm (vai trò, cơ quan, khóa; chỉ hiện một lần):")
        for one in issued:
            say(f"{one.role} {one.agency or '-'} {one.key}")
        return
    from app.cli.keys import ROLE_NAMES

    rows = [(ROLE_NAMES[Role(one.role)], one.agency, one.key) for one in issued]
    print_table("Khóa API, cho phần mềm", ("Vai trò", "Cơ quan", "Khóa"), rows, whole=(1, 2))
    say("Khóa chỉ hiện một lần; hệ thống chỉ giữ giá trị băm. Hãy cất giữ ngay.")
