"""What can be seen without the database: settings, the mail server, the data folder, the clock's time zone."""

import os
import shutil
import smtplib
import ssl
import tempfile
from collections.abc import Callable
from email.utils import parseaddr
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from app import reasons
from app.cli.doctor import Found
from app.clock import Clock
from app.errors import Busy, SetupProblem
from app.evidence import open_store
from app.settings import Settings
from app.uploads import Scanner, ping

PREFIX = "KHACPHUC_"
SMTP_SECONDS = 5.0
SCANNER_SECONDS = 5.0
LITTLE_SPACE = 1_000_000_000
NO_SPACE = 100_000_000
HOURS_AHEAD = 7
LOCAL_HOSTS = frozenset({"localhost", "127.0.0.1", "::1"})


def variables(settings: Settings) -> Found:
    """A misspelt name changes nothing and says nothing, so it is looked for here."""
    known = {PREFIX + name.upper() for name in type(settings).model_fields}
    strange = sorted(name for name in os.environ if name.startswith(PREFIX) and name not in known)
    for name in strange:
        yield "warning", f"Biến môi trường {name} không phải cấu hình nào; sửa lại tên theo docs/settings.md."
    if not strange:
        yield "ok", "Mọi biến môi trường đều đọc được."


def mail(settings: Settings) -> Found:
    if not settings.smtp_host:
        yield (
            "warning",
            f"Chưa cấu hình kênh thư; nhắc việc được ghi thành tệp .eml trong {settings.outbox_dir}. "
            "Đặt KHACPHUC_SMTP_HOST để gửi thật.",
        )
        return
    if sender := _unusable_sender(settings):
        yield "error", sender
    where = f"{settings.smtp_host}:{settings.smtp_port}"
    try:
        encrypted = _greet(settings)
    except smtplib.SMTPException as error:
        yield "error", f"Máy chủ thư {where} không trả lời đúng ({error}). Kiểm tra KHACPHUC_SMTP_…"
        return
    except OSError as error:
        yield (
            "error",
            f"Không kết nối được máy chủ thư {where}: {reasons.of_system(error)}. "
            "Kiểm tra KHACPHUC_SMTP_… và tường lửa.",
        )
        return
    if not encrypted:
        yield "error", f"Máy chủ thư {where} không hỗ trợ STARTTLS; đổi KHACPHUC_SMTP_SECURITY cho đúng."
        return
    yield "ok", f"Máy chủ thư {where} trả lời."


def mail_of_demo(settings: Settings) -> Found:
    yield "ok", f"Đồng hồ giả định: thư được ghi thành tệp .eml trong {settings.outbox_dir}, không gửi ra ngoài."


def _unusable_sender(settings: Settings) -> str | None:
    address = parseaddr(settings.mail_from)[1]
    if address.isascii() and 0 < address.find("@") < len(address) - 1:
        return None
    return f"KHACPHUC_MAIL_FROM ({settings.mail_from}) không phải địa chỉ thư; cần dạng Tên <tên@miền>."


def _greet(settings: Settings) -> bool:
    """Connect and say EHLO; whether the wanted encryption is there. No log-in, no mail."""
    host, port = settings.smtp_host, settings.smtp_port
    server: smtplib.SMTP
    if settings.smtp_security == "tls":
        server = smtplib.SMTP_SSL(host, port, timeout=SMTP_SECONDS, context=ssl.create_default_context())
    else:
        server = smtplib.SMTP(host, port, timeout=SMTP_SECONDS)
    with server:
        server.ehlo()
        return settings.smtp_security != "starttls" or server.has_extn("starttls")


def links(settings: Settings) -> Found:
    if settings.smtp_host and urlsplit(settings.base_url).hostname in LOCAL_HOSTS:
        yield (
            "error",
            f"Liên kết trong thư trỏ về {settings.base_url}, người nhận không mở được. Đặt KHACPHUC_BASE_URL.",
        )
    else:
        yield "ok", f"Liên kết trong thư: {settings.base_url}."


def folder(settings: Settings) -> Found:
    where = settings.data_dir
    try:
        where.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=where):
            free = shutil.disk_usage(where).free
    except OSError as error:
        yield (
            "error",
            f"Không ghi được vào {where}: {reasons.of_system(error)}. Cấp quyền ghi hoặc đổi KHACPHUC_DATA_DIR.",
        )
        return
    shown = f"{where}: còn trống {f'{free / 1e9:.1f}'.replace('.', ',')} GB"
    if free < NO_SPACE:
        yield "error", f"{shown}. Giải phóng dung lượng ngay."
    elif free < LITTLE_SPACE:
        yield "warning", f"{shown}. Nên giải phóng dung lượng."
    else:
        yield "ok", f"{shown}."


def store(settings: Settings) -> Found:
    """Whether files of evidence can be put and read, in a bucket or in a folder that may be another machine's."""
    found = open_store(settings)
    try:
        found.check()
    except Busy as problem:
        yield "error", problem.detail
        return
    yield "ok", f"{found.name} ghi và đọc được."


def scanner(settings: Settings) -> Found:
    if not settings.virus_scanner:
        yield "ok", "Chưa gắn phần mềm diệt vi-rút; tệp gửi lên chỉ được xét loại và nội dung (KHACPHUC_VIRUS_SCANNER)."
        return
    try:
        ping(Scanner(settings.virus_scanner, SCANNER_SECONDS))
    except SetupProblem as problem:
        yield "error", f"{settings.virus_scanner}: {problem.detail} Khi đó không tệp nào được nhận."
        return
    yield "ok", f"{settings.virus_scanner} trả lời."


def time_zone(_settings: Settings) -> Found:
    try:
        offset = Clock.real_now().astimezone(ZoneInfo("Asia/Ho_Chi_Minh")).utcoffset()
    except ZoneInfoNotFoundError:
        yield "error", "Máy thiếu dữ liệu múi giờ Asia/Ho_Chi_Minh; cài gói tzdata."
        return
    if offset is None or offset.total_seconds() != HOURS_AHEAD * 3600:
        yield "error", f"Dữ liệu múi giờ Asia/Ho_Chi_Minh sai ({offset}); cập nhật gói tzdata."
    else:
        yield "ok", "Asia/Ho_Chi_Minh, UTC+7."


def scheduler(settings: Settings) -> Found:
    if settings.scheduler:
        yield "ok", "Máy chủ tự lập và gửi nhắc việc."
    else:
        yield "warning", "KHACPHUC_SCHEDULER tắt: phải có một máy chủ khác đang bật, nếu không sẽ không ai được nhắc."


CHECKS: tuple[tuple[str, Callable[[Settings], Found]], ...] = (
    ("Cấu hình", variables),
    ("Kênh thư", mail),
    ("Liên kết", links),
    ("Thư mục dữ liệu", folder),
    ("Kho tài liệu", store),
    ("Quét vi-rút", scanner),
    ("Múi giờ", time_zone),
    ("Lịch tự động", scheduler),
)
