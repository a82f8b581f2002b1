"""`khacphuc serve`: everything that must be right before the first request, then the server."""

import gc
import os
import signal
import socket
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Annotated

import typer

from app import reasons
from app.cli.opening import database, sqlite_file
from app.cli.printing import complain, say
from app.errors import SetupProblem
from app.settings import Settings, load_settings

if TYPE_CHECKING:
    from app.clock import Clock
    from app.db import Database

BACKLOG = 512
SECONDS_TO_FINISH = 10
"""How long running requests may go on after the order to stop."""
SECONDS_TO_REST = 125
"""How long a connection may be idle: longer than proxies keep theirs (Caddy 120 s, nginx 60 s), because whoever closes
first while a request is on its way makes an error of it."""
YEARS = range(2000, 2101)
EVERY_ADDRESS = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 -- compared, not bound
"""Addresses that mean all of this machine's, and one of them."""


def register(cli: typer.Typer) -> None:
    cli.command()(serve)


def serve(
    host: Annotated[str | None, typer.Option(help="Địa chỉ lắng nghe. Mặc định KHACPHUC_HOST.")] = None,
    port: Annotated[
        int | None, typer.Option(min=0, max=65535, help="Cổng; 0 là một cổng trống bất kỳ. Mặc định KHACPHUC_PORT.")
    ] = None,
    seed: Annotated[
        Path | None, typer.Option(help="Tệp hoặc thư mục dữ liệu, nạp nếu kỳ đánh giá này chưa có.")
    ] = None,
    at: Annotated[
        str | None,
        typer.Option(help="Chạy đồng hồ giả định từ thời điểm này (giờ Việt Nam), ví dụ 2025-06-20T08:00."),
    ] = None,
) -> None:
    """Chạy máy chủ: tự nâng cấp cơ sở dữ liệu, nạp dữ liệu nếu cần, rồi phục vụ và gửi nhắc việc."""
    # A fifth of a start would be garbage collection of modules that stay for good; see `_run`.
    gc.disable()
    start = None if at is None else _moment(at)
    settings = load_settings()
    with _listen(host or settings.host, settings.port if port is None else port) as listener:
        settings = _placed(settings, listener)
        if start is not None:
            from app import demo

            demo.refuse_real_channels(settings)
            settings = demo.settings_for_demo(settings)
        _require_writable(settings)
        with database(settings, create=True) as db:
            clock = _prepare(db, start)
            if seed is not None:
                from app.cli.first_run import seed_once

                seed_once(db, seed, base_url=settings.base_url, now=clock.now())
            _announce(settings, clock)
            _run(settings, clock, db, listener)


def _moment(at: str) -> datetime:
    from app.core.workdays import LOCAL

    try:
        given = datetime.fromisoformat(at)
    except ValueError:
        given = None
    if given is None or given.year not in YEARS:
        raise typer.BadParameter("cần dạng 2025-06-20T08:00, năm 2000–2100", param_hint="--at")
    return (given if given.tzinfo is not None else given.replace(tzinfo=LOCAL)).astimezone(UTC)


def _listen(host: str, port: int) -> socket.socket:
    """Take the port before anything else is done. Clients that come early wait until the server is ready."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except (socket.gaierror, UnicodeError):
        raise SetupProblem(f"Không có địa chỉ {host}. Hãy sửa --host hoặc KHACPHUC_HOST.") from None
    listener = socket.socket(family, kind, protocol)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(BACKLOG)
    except OSError as error:
        listener.close()
        raise SetupProblem(
            f"Không mở được cổng {port} tại {host}: {reasons.of_system(error)}. Hãy dừng chương trình đang dùng cổng "
            "này, hoặc chọn cổng khác: --port 8001."
        ) from None
    return listener


def _placed(settings: Settings, listener: socket.socket) -> Settings:
    """Where the server really is; links in letters follow unless KHACPHUC_BASE_URL was given."""
    host, port = listener.getsockname()[:2]
    placed = settings.model_copy(update={"host": host, "port": port})
    if "base_url" in settings.model_fields_set:
        return placed
    return placed.model_copy(update={"base_url": _reached_at(placed)})


def _reached_at(placed: Settings) -> str:
    """Where a browser on this machine finds the server."""
    host = EVERY_ADDRESS.get(placed.host, placed.host)
    return f"http://[{host}]:{placed.port}" if ":" in host else f"http://{host}:{placed.port}"


def _require_writable(settings: Settings) -> None:
    """Letters and evidence go into the data folder, whatever the database is."""
    folder = settings.data_dir
    try:
        folder.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=folder).close()
    except OSError as error:
        raise SetupProblem(
            f"Không ghi được vào thư mục {folder}: {reasons.of_system(error)}. "
            "Hãy cấp quyền ghi hoặc đổi KHACPHUC_DATA_DIR."
        ) from None


def _prepare(db: "Database", start: datetime | None) -> "Clock":
    """A database of the right kind at the right schema, and the clock to run on; `SetupProblem` otherwise."""
    from app import demo, schema
    from app.clock import Clock

    clock = Clock() if start is None else Clock.starting_at(start)
    with db.snapshot() as connection:
        found = schema.revision(connection)
    schema.refuse_newer(found)
    fresh = found is None
    if not fresh:
        _check_kind(db, start)
    if schema.ensure_current(db) and not fresh:
        say(f"Đã nâng cấp cơ sở dữ liệu lên phiên bản {schema.HEAD}.")
    if start is not None:
        with db.transaction() as connection:
            demo.mark(connection, clock)
    return clock


def _check_kind(db: "Database", start: datetime | None) -> None:
    from app import demo

    with db.snapshot() as connection:
        made_for_demo = demo.clock_of(connection) is not None
        if made_for_demo and start is not None:
            demo.check_start(connection, start)
    if start is None and made_for_demo:
        raise SetupProblem(
            "Cơ sở dữ liệu này được tạo cho đồng hồ giả định. Hãy thêm --at, hoặc đổi DATABASE_URL sang dữ liệu thật."
        )
    if start is not None and not made_for_demo:
        raise SetupProblem(
            "--at chỉ chạy trên cơ sở dữ liệu được tạo riêng cho đồng hồ giả định, cơ sở dữ liệu này thì không. "
            "Hãy bỏ DATABASE_URL, hoặc trỏ tới một cơ sở dữ liệu mới, còn trống."
        )


def _announce(settings: Settings, clock: "Clock") -> None:
    here = _reached_at(settings)
    everywhere = " (mọi địa chỉ của máy này)" if settings.host in EVERY_ADDRESS else ""
    docs = f"  ·  tài liệu API: {here}/docs" if settings.api_docs else ""
    say(f"Khắc Phục: {here}{everywhere}{docs}")
    if settings.base_url != here:
        say(f"Liên kết trong thư: {settings.base_url}")
    where = sqlite_file(settings) or "PostgreSQL"
    say(f"Cơ sở dữ liệu: {where}  ·  thư và tài liệu: {settings.data_dir}  ·  dừng: Ctrl+C")
    if clock.demo:
        from app.core.workdays import local_moment

        say(f"Đồng hồ giả định, bây giờ là {local_moment(clock.now()):%H:%M ngày %d/%m/%Y}; không gửi thư ra ngoài.")
    sys.stdout.flush()


def _run(settings: Settings, clock: "Clock", db: "Database", listener: socket.socket) -> None:
    import uvicorn

    from app.api.edge.heads import BoundedHeads
    from app.cli.logs import configure
    from app.main import create_app

    configure(as_json=settings.log_json)
    config = uvicorn.Config(
        create_app(settings, clock, db),
        loop="auto",  # uvloop where it exists, which is everywhere but on Windows
        http=BoundedHeads,
        ws="none",
        access_log=False,
        log_config=None,
        server_header=False,
        forwarded_allow_ips=settings.proxies,
        workers=1,
        timeout_graceful_shutdown=SECONDS_TO_FINISH,
        timeout_keep_alive=SECONDS_TO_REST,
    )
    server = uvicorn.Server(config)
    gc.freeze()  # what is loaded by now stays; never look through it again
    gc.set_threshold(10_000, 20, 20)  # answers make little garbage that lives; the default looks every 700 objects
    gc.enable()
    # The server stops in order on SIGTERM and then raises the signal again, for us to end well.
    signal.signal(signal.SIGTERM, _stopped)
    try:
        server.run(sockets=[listener])
    except KeyboardInterrupt:
        say("Đã dừng.")
    if not server.started:
        complain("Máy chủ không khởi động được; xem dòng nhật ký ở trên.")
        sys.exit(1)


def _stopped(_number: int, _frame: FrameType | None) -> None:
    sys.exit(os.EX_OK)
