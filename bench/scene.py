"""A believable week before the deadline on the real 2024 data, made through the same functions that people use.

No person is invented: accounts carry the names of their agencies.
"""

from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, select

from app import evidence, schema, summaries, tasks
from app.accounts import create_account
from app.assessments.load import load_assessment
from app.assessments.seedfile import load_seed
from app.core.access import SYSTEM, Actor, Role
from app.core.workdays import LOCAL
from app.db import Database, open_database
from app.models import accounts
from app.settings import ROOT
from app.tasks import Decision, Update

SEED = ROOT / "seeds" / "soc-trang-2024"
START = datetime(2025, 5, 19, 2, 0, tzinfo=UTC)
TODAY = datetime(2025, 6, 24, 2, 0, tzinfo=UTC)
"""Tuesday 24/06/2025, 09:00 in Sóc Trăng."""
PEOPLE = ("coordinator", "coordinator.2", "leadership", "admin", "SNV", "SKHCN", "STP", "STC", "VPUB")

_KHCN = {
    "reason": "Một số dịch vụ dữ liệu chưa được các bộ mở trên NDXP; hai đơn vị chưa hoàn thành kết nối.",
    "progress": "Đã đưa vào sử dụng thêm 4 dịch vụ trong quý II, đang kiểm thử 2 dịch vụ.",
    "remedy": "Ban hành kế hoạch kết nối theo từng tháng, giao đầu mối từng đơn vị, kiểm tra hằng tuần.",
    "period": "6 tháng đầu năm 2025",
}
_ONLINE = {
    "reason": "Tỷ lệ hồ sơ nộp trực tuyến ở cấp xã còn thấp do người dân quen nộp trực tiếp.",
    "progress": "Tổ công nghệ số cộng đồng đã hướng dẫn tại 100% bộ phận một cửa cấp xã.",
    "remedy": "Rà soát thủ tục đủ điều kiện trực tuyến toàn trình, giao chỉ tiêu cho từng đơn vị.",
    "period": "6 tháng đầu năm 2025",
}
_LAW = {
    "reason": "Một số văn bản cần chờ văn bản của Trung ương nên chưa sửa đổi kịp.",
    "progress": "Đã xử lý xong 5 trong 7 văn bản có dấu hiệu trái pháp luật.",
    "remedy": "Xử lý dứt điểm 2 văn bản còn lại trong quý III, tự kiểm tra ngay khi ban hành.",
    "period": "6 tháng đầu năm 2025",
}
_PUBLISHING = {
    "reason": "Quyết định công bố danh mục ban hành chậm so với quy định.",
    "progress": "Đã công bố đủ danh mục của 18 lĩnh vực.",
    "remedy": "Giao đầu mối theo dõi, công bố trong 3 ngày làm việc kể từ khi có quyết định của bộ.",
    "period": "6 tháng đầu năm 2025",
}


class Scene:
    """A database that people have worked on since the report came out; `actors` by the names of `PEOPLE`."""

    def __init__(self, url: str) -> None:
        schema.upgrade(url)
        self.db: Database = open_database(url)
        self.now = START
        self.write(lambda c, a, now: load_assessment(c, a, load_seed(SEED), now=now), SYSTEM)
        self.actors: dict[str, Actor] = {name: self._actor(name) for name in PEOPLE}
        for day in range((TODAY.date() - START.date()).days + 1):
            self.now = START + timedelta(days=day)
            for work in _COURSE.get(self.now.astimezone(LOCAL).date(), ()):
                work(self)
            self.write(lambda c, _a, now: summaries.take_snapshots(c, now=now), SYSTEM)

    def write(self, fn: Any, actor: Actor, *args: Any, **kwargs: Any) -> Any:
        with self.db.transaction() as connection:
            return fn(connection, actor, *args, now=self.now, **kwargs)

    def version(self, code: str) -> int:
        with self.db.snapshot() as connection:
            return int(tasks.get_task(connection, SYSTEM, code, now=self.now)["version"])

    def report(self, who: str, code: str, **update: Any) -> None:
        self.write(tasks.record_update, self.actors[who], code, Update(**update), version=self.version(code))

    def prove(self, who: str, number: str, signed: date, title: str, *codes: str) -> None:
        document = evidence.Document(
            number=number, title=title, issued_on=signed, signer="Giám đốc Sở", period="", tasks=list(codes),
            on_behalf_of=None,
        )  # fmt: skip
        self.write(evidence.add, self.actors[who], document, None, evidence.FileStore(ROOT / "unused"))

    def review(self, who: str, code: str, **decision: Any) -> None:
        self.write(tasks.review, self.actors[who], code, Decision(**decision), version=self.version(code))

    def _actor(self, name: str) -> Actor:
        role = name.split(".")[0] if name.split(".")[0] in set(Role) else Role.AGENCY
        self.write(
            create_account, SYSTEM, name=name.lower(), display_name=_NAMES.get(name, name), role=role,
            province="soc-trang", agency=name if role == Role.AGENCY else None,
        )  # fmt: skip
        with self.db.snapshot() as connection:
            return _find(connection, name.lower())


_NAMES = {
    "coordinator": "Sở Nội vụ",
    "coordinator.2": "Sở Nội vụ (2)",
    "leadership": "Lãnh đạo UBND tỉnh",
    "admin": "Quản trị",
    "SNV": "Phòng CCHC",
    "SKHCN": "Sở Khoa học và Công nghệ",
    "STP": "Sở Tư pháp",
    "STC": "Sở Tài chính",
    "VPUB": "Văn phòng UBND tỉnh",
}


def _find(connection: Connection, name: str) -> Actor:
    row = connection.execute(select(accounts).where(accounts.c.name == name)).one()
    return Actor(row.id, row.display_name, Role(row.role), row.province_id, row.agency_id)


_COURSE: dict[date, tuple[Any, ...]] = {
    date(2025, 5, 26): (
        lambda s: s.report("SKHCN", "ST-2024-TC-16", status="in_progress", percent=20, texts=_ONLINE),
        lambda s: s.report("STP", "ST-2024-TC-03", status="in_progress", percent=50, texts=_LAW),
    ),
    date(2025, 6, 4): (
        lambda s: s.prove("VPUB", "112/VPUB-KSTT", date(2025, 6, 3), "Về công bố danh mục TTHC", "ST-2024-TC-04"),
        lambda s: s.report("VPUB", "ST-2024-TC-04", status="submitted", texts=_PUBLISHING, declared_score="0.5"),
    ),
    date(2025, 6, 9): (
        lambda s: s.review("coordinator", "ST-2024-TC-04", decision="accepted", comment="Đã đối chiếu danh mục."),
    ),
    date(2025, 6, 12): (
        lambda s: s.report(
            "SKHCN", "ST-2024-TC-16", status="in_progress", percent=60,
            measurements={"online_files": 71250, "files": 98400},
        ),
    ),
    date(2025, 6, 16): (
        lambda s: s.report("STC", "ST-2024-TC-12", status="submitted", texts=_LAW, declared_score="0.5"),
    ),
    date(2025, 6, 18): (
        lambda s: s.review(
            "coordinator", "ST-2024-TC-12", decision="returned", resubmit_before=date(2025, 7, 1),
            comment="Báo cáo chưa nêu số đơn vị đã tổ chức thực hiện; đề nghị bổ sung danh sách.",
        ),
    ),
    date(2025, 6, 19): (
        lambda s: s.report(
            "SKHCN", "ST-2024-TC-15", status="submitted", texts=_KHCN,
            measurements={"used_services": 13, "services": 16},
        ),
        lambda s: s.prove(
            "SKHCN", "45/BC-SKHCN", date(2025, 6, 18), "Kết quả kết nối, khai thác dịch vụ dữ liệu trên NDXP",
            "ST-2024-TC-15", "ST-2024-TC-16",
        ),
    ),
    date(2025, 6, 20): (
        lambda s: s.report("STP", "ST-2024-TC-03", status="submitted", texts=_LAW, declared_score="0.7143"),
        lambda s: s.write(
            tasks.request_extension, s.actors["SKHCN"], "ST-2024-TC-17", date(2025, 8, 1),
            "Chờ số liệu thanh toán trực tuyến quý II của hệ thống quốc gia.", None,
            version=s.version("ST-2024-TC-17"),
        ),
    ),
    date(2025, 6, 23): (
        lambda s: s.write(
            tasks.give_direction, s.actors["leadership"], "ST-2024-TC-17",
            "Sở Khoa học và Công nghệ chủ trì, báo cáo tiến độ hằng tuần.", None, version=s.version("ST-2024-TC-17"),
        ),
    ),
}  # fmt: skip
