"""What only the database knows: its schema, its clock, its messages, its people and its files."""

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Select, func, select

from app import demo, reminders, schema
from app.accounts import accounts_lacking_second_factor
from app.agencies import active_contacts, reachable_of
from app.cli.doctor import Found
from app.cli.opening import database
from app.clock import Clock
from app.core.workdays import local_date, local_moment
from app.core.workflow import OPEN, REPORTABLE
from app.db import Database
from app.errors import SetupProblem
from app.evidence import find_missing, identity_of, open_store, sizes_of
from app.models import accounts, api_keys, deliveries, events, evidence, shares, tasks
from app.outbox.recipients import label
from app.reminders.provinces import Province, calendar_around, last_run_on
from app.settings import Settings

SKEW = timedelta(minutes=5)
"""How far replicas' clocks may stand apart."""
SHOWN = 8
AGENCIES_SHOWN = 60


@dataclass(slots=True)
class Examined:
    """One database under examination. `current` once `schema` found nothing against reading on."""

    settings: Settings
    db: Database | None = None
    current: bool = False
    clock: Clock = field(default_factory=Clock)
    failure: Exception | None = None

    @property
    def now(self) -> datetime:
        return self.clock.now()

    @contextlib.contextmanager
    def reading(self) -> Iterator[Connection]:
        assert self.db is not None
        with self.db.snapshot() as connection:
            yield connection

    def check_schema(self) -> Found:
        if self.failure is not None:
            raise self.failure
        with self.reading() as connection:
            found = schema.revision(connection)
            if found == schema.HEAD:
                self._adopt(demo.clock_of(connection))
        if self.current:
            made = ", dùng đồng hồ giả định" if self.clock.demo else ""
            yield "ok", f"Phiên bản {found}{made}."
            return
        schema.refuse_newer(found)
        yield "error", f"Cơ sở dữ liệu ở phiên bản {found or 'trống'}, cần {schema.HEAD}. Chạy: khacphuc migrate"

    def _adopt(self, clock: Clock | None) -> None:
        self.current = True
        if clock is not None:
            self.clock, self.settings = clock, demo.settings_for_demo(self.settings)


@contextlib.contextmanager
def readable(settings: Settings) -> Iterator[Examined]:
    """The database as it is; what keeps it from being opened becomes the first finding."""
    with contextlib.ExitStack() as stack:
        examined = Examined(settings)
        try:
            examined.db = stack.enter_context(database(settings))
        except SetupProblem as problem:
            examined.failure = problem
        yield examined


def clock(examined: Examined) -> Found:
    """Times only grow, so an event from the future means that this machine's clock is behind."""
    with examined.reading() as connection:
        newest = connection.execute(select(events.c.at).order_by(events.c.id.desc()).limit(1)).scalar()
    if newest is not None and newest > examined.now + SKEW:
        yield (
            "error",
            f"Đồng hồ máy ({_shown(examined.now)}) chậm hơn bản ghi mới nhất ({_shown(newest)}). "
            "Chỉnh giờ hoặc bật đồng bộ thời gian.",
        )
    else:
        yield "ok", f"Bây giờ là {_shown(examined.now)}."


def keys(examined: Examined) -> Found:
    with examined.reading() as connection:
        now = examined.now
        usable = (
            select(func.count())
            .select_from(api_keys.join(accounts, accounts.c.id == api_keys.c.account_id))
            .where(accounts.c.active, api_keys.c.revoked_at.is_(None))
            .where(api_keys.c.expires_at.is_(None) | (api_keys.c.expires_at > now))
        )
        count = connection.execute(usable).scalar_one()
    if count:
        yield "ok", f"{count} khóa API đang dùng được."
    else:
        yield "warning", "Chưa có khóa API nào dùng được. Cấp khóa: khacphuc keys create --role admin"


def second_factors(examined: Examined) -> Found:
    """Whoever must have one is led to it at the next sign-in; until then a password is all that keeps others out."""
    roles = examined.settings.roles_with_second_factor
    with examined.reading() as connection:
        lacking = accounts_lacking_second_factor(connection, roles)
    if lacking:
        yield (
            "warning",
            f"Chưa bật xác thực hai bước dù vai trò bắt buộc: {_listed(lacking, of='tài khoản')}. Nhắc họ đăng nhập và "
            "bật.",
        )
    elif roles:
        yield "ok", f"Mọi tài khoản có mật khẩu của vai trò {', '.join(sorted(roles))} đã bật xác thực hai bước."
    else:
        yield "ok", "Không vai trò nào bắt buộc xác thực hai bước (KHACPHUC_SECOND_FACTOR_ROLES)."


def messages(examined: Examined) -> Found:
    with examined.reading() as connection:
        counted = select(deliveries.c.state, func.count()).group_by(deliveries.c.state)
        states: dict[str, int] = dict(connection.execute(counted).all())
    if dead := states.get("dead"):
        yield (
            "error",
            f"{dead} thư không gửi được sau nhiều lần thử. Xem GET /api/v1/reminders?state=dead rồi gửi lại "
            "(POST /api/v1/deliveries/{id}/resend).",
        )
    if unreachable := states.get("unreachable"):
        yield "warning", f"{unreachable} thư chưa có đầu mối nhận. Khai báo: khacphuc contacts add"
    if not dead and not unreachable:
        yield "ok", f"{states.get('sent', 0)} thư đã gửi, {states.get('pending', 0)} thư chờ gửi."


def contacts(examined: Examined) -> Found:
    """Whoever would get letters should have somebody to write to."""
    with examined.reading() as connection:
        today = local_date(examined.now)
        provinces = reminders.find_provinces(connection)
        silent = {province.code: _silent(connection, province, today=today) for province in provinces}
    for code, found in silent.items():
        if found:
            yield (
                "warning",
                f"{code}: chưa có đầu mối nhận nhắc việc cho {'; '.join(found)}. Khai báo: khacphuc contacts add",
            )
    if not any(silent.values()):
        yield "ok", "Mọi nơi nhận nhắc việc đều có đầu mối."


def _silent(connection: Connection, province: Province, *, today: date) -> list[str]:
    """Who of a province has nobody to write to, each kind of recipient in one phrase."""
    active = active_contacts(connection, province.id)
    leading = _recipients(connection, province, select(tasks.c.agency_id).where(tasks.c.status.in_(OPEN)))
    leading.add(province.coordinator)  # told of what is overdue and of what waits for review
    held = select(shares.c.agency_id).join(tasks, tasks.c.id == shares.c.task_id)
    holding = _recipients(connection, province, held.where(tasks.c.status.in_(REPORTABLE), ~shares.c.done))
    found = [] if reachable_of(active, None, today=today) else ["lãnh đạo"]
    for what, recipients in (("cơ quan có nhiệm vụ", leading), ("đơn vị có phần trách nhiệm", holding - leading)):
        seats = [province.seats[recipient] for recipient in sorted(recipients - {province.leadership})]
        codes = [
            label(seat.recipient, several=False)
            for seat in seats
            if not reachable_of(active, seat.agency_id, today=today)
        ]
        if codes:
            found.append(f"{what}: {_listed(codes, most=AGENCIES_SHOWN)}")
    return found


def _recipients(connection: Connection, province: Province, agencies: Select[Any]) -> set[str]:
    """Whom the province's reminders for these agencies go to."""
    own = agencies.where(tasks.c.assessment_id.in_(list(province.policies))).distinct()
    return {province.recipient(agency) for agency in connection.execute(own).scalars()}


def planning(examined: Examined) -> Found:
    """A run is made every working day, so none for more than one means that no scheduler is running."""
    with examined.reading() as connection:
        today = local_date(examined.now)
        calendar = calendar_around(connection, today)
        last = {one.code: last_run_on(connection, one) for one in reminders.find_provinces(connection)}
    for code, day in last.items():
        if day is None:
            yield "warning", f"{code}: chưa lần nào lập nhắc việc. Chạy khacphuc serve, hoặc khacphuc remind."
        elif (missed := calendar.workdays_between(day, today)) > 1:
            yield (
                "error",
                f"{code}: lần lập nhắc việc gần nhất là {day:%d/%m/%Y}, {missed} ngày làm việc trước. "
                "Kiểm tra máy chủ có đang chạy với lịch tự động không.",
            )
        else:
            yield "ok", f"{code}: lập nhắc việc gần nhất ngày {day:%d/%m/%Y}."


def files(examined: Examined) -> Found:
    """Rows and bytes of evidence belong together."""
    store = open_store(examined.settings)
    sizes, owner = sizes_of(store), store.owner()
    with examined.reading() as connection:
        identity = identity_of(connection)
        missing = find_missing(connection, sizes)
        kept = set(connection.execute(select(evidence.c.sha256).where(evidence.c.sha256.is_not(None))).scalars())
    orphans = len(sizes.keys() - kept)
    if owner is not None and owner != identity:
        yield (
            "warning",
            f"Kho {store.name} đang do một cơ sở dữ liệu khác giữ nên hệ thống này không dọn tệp thừa ở đó. Nếu cơ sở "
            f"dữ liệu kia không còn dùng (đã khôi phục sang đây), hãy xóa đối tượng {store.name}/owner; nếu còn dùng, "
            "hãy đổi KHACPHUC_EVIDENCE_STORE sang thư mục khác.",
        )
    if missing:
        named = _listed([str(one["number"] or one["filename"]) for one in missing])
        yield "error", f"{len(missing)} tài liệu mất tệp trong {store.name}: {named}. Khôi phục tệp từ bản sao lưu."
    if orphans:
        yield "warning", f"{orphans} tệp trong {store.name} không thuộc tài liệu nào (tải lên dở dang)."
    if not missing and not orphans:
        yield "ok", f"{len(kept)} tệp tài liệu, đủ cả."


def _shown(moment: datetime) -> str:
    return f"{local_moment(moment):%H:%M ngày %d/%m/%Y}"


def _listed(names: list[str], *, most: int = SHOWN, of: str = "nơi") -> str:
    more = f" và {len(names) - most} {of} khác" if len(names) > most else ""
    return ", ".join(names[:most]) + more


CHECKS: tuple[tuple[str, Callable[[Examined], Found]], ...] = (
    ("Đồng hồ", clock),
    ("Khóa API", keys),
    ("Xác thực hai bước", second_factors),
    ("Thư nhắc việc", messages),
    ("Đầu mối", contacts),
    ("Lập nhắc việc", planning),
    ("Tài liệu", files),
)
