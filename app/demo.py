"""Databases made for a demo clock (`khacphuc serve --at …`), kept apart from real ones for good.

A row in table `meta` marks such a database and holds how far its clock stands from the machine's, so that every other
command on it sees the same time as the running server.
"""

from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, insert, select

from app.clock import Clock
from app.core.workdays import local_moment
from app.errors import SetupProblem
from app.models import events, meta
from app.settings import Settings

MARK = "demo"
FOLDER = "demo"
FILE = "khacphuc-demo.db"


def settings_for_demo(settings: Settings) -> Settings:
    """Outbox and evidence in a folder of their own; the database too, unless DATABASE_URL names one."""
    folder = settings.data_dir / FOLDER
    url = settings.database_url or f"sqlite:///{folder / FILE}"
    store = f"{settings.evidence_store}/{FOLDER}" if settings.evidence_store else ""
    return settings.model_copy(update={"data_dir": folder, "database_url": url, "evidence_store": store})


def refuse_real_channels(settings: Settings) -> None:
    """Raises `SetupProblem` when one is configured: nobody may get mail from an invented day."""
    for name, configured in (
        ("KHACPHUC_SMTP_HOST", bool(settings.smtp_host)),
        ("KHACPHUC_WEBHOOK_HOSTS", bool(settings.allowed_webhook_hosts)),
    ):
        if configured:
            raise SetupProblem(
                f"Đồng hồ giả định (--at) không chạy cùng kênh gửi thật. Hãy bỏ cấu hình {name} rồi chạy lại."
            )


def clock_of(connection: Connection) -> Clock | None:
    """The demo clock of this database, None for a real one."""
    seconds = connection.execute(select(meta.c.value).where(meta.c.key == MARK)).scalar()
    return None if seconds is None else Clock(timedelta(seconds=float(seconds)))


def mark(connection: Connection, clock: Clock) -> None:
    """Make this a demo database, or set its clock anew."""
    connection.execute(delete(meta).where(meta.c.key == MARK))
    connection.execute(insert(meta).values(key=MARK, value=str(clock.offset.total_seconds())))


def check_start(connection: Connection, start: datetime) -> None:
    """Time never goes back in a demo database either; raises `SetupProblem` when `start` is before its newest event."""
    newest = connection.execute(select(events.c.at).order_by(events.c.id.desc()).limit(1)).scalar()
    if newest is not None and start < newest:
        raise SetupProblem(
            f"Cơ sở dữ liệu giả định này đã đi tới {local_moment(newest):%H:%M:%S ngày %d/%m/%Y}. Hãy chọn --at muộn "
            "hơn thời điểm đó, hoặc xóa cơ sở dữ liệu giả định này để bắt đầu lại."
        )
