"""`khacphuc summary` and `projection`: the figures that Sở Nội vụ reports upwards."""

from datetime import date, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from app.cli.opening import opened
from app.cli.printing import Json, points, print_json, print_table, say
from app.core.access import SYSTEM
from app.core.workflow import LABELS
from app.errors import NotFound

if TYPE_CHECKING:
    from sqlalchemy import Connection


class By(StrEnum):
    AGENCY = "agency"
    FIELD = "field"
    GROUP = "group"
    STATUS = "status"
    KIND = "kind"


Assessment = Annotated[
    str | None, typer.Option(help="Mã kỳ đánh giá, ví dụ soc-trang-2024. Mặc định là kỳ đang thực hiện.")
]
AsOf = Annotated[
    datetime | None,
    typer.Option(formats=["%Y-%m-%d"], metavar="YYYY-MM-DD", help="Số liệu cuối ngày này thay vì hiện tại."),
]
STEPS_SHOWN = 10
SHORT = {"returned": "Yêu cầu bổ sung", "closed": "Kết thúc"}
"""Statuses whose full name makes no heading."""


def register(cli: typer.Typer) -> None:
    cli.command()(summary)
    cli.command()(projection)


def summary(
    assessment: Assessment = None,
    by: Annotated[
        By, typer.Option(help="Tổng hợp theo cơ quan, lĩnh vực, nhóm điểm, trạng thái hay loại.")
    ] = By.AGENCY,
    as_of: AsOf = None,
    as_json: Json = False,
) -> None:
    """Tổng hợp tiến độ: số nhiệm vụ theo trạng thái, quá hạn, điểm thiếu, điểm đã xác nhận và dự kiến."""
    from app import summaries

    with opened() as work, work.db.snapshot() as connection:
        ident = assessment or _default(connection, now=work.clock.now())
        found = summaries.summarize(connection, SYSTEM, ident, by=by.value, as_of=_day(as_of), now=work.clock.now())
    if as_json:
        print_json(found)
    else:
        _print_summary(found)


def projection(assessment: Assessment = None, as_of: AsOf = None, as_json: Json = False) -> None:
    """Điểm của kỳ sau nếu công thức và các tiêu chí khác giữ nguyên: công bố, đã xác nhận, dự kiến, tối đa."""
    from app import projections

    with opened() as work, work.db.snapshot() as connection:
        ident = assessment or _default(connection, now=work.clock.now())
        found = projections.get_projection(connection, SYSTEM, ident, as_of=_day(as_of), now=work.clock.now())
    if as_json:
        print_json(found)
    else:
        _print_projection(found)


def _day(given: datetime | None) -> date | None:
    return None if given is None else given.date()


def _default(connection: "Connection", *, now: datetime) -> str:
    from app.assessments.defaults import find_default

    found = find_default(connection, SYSTEM, now=now)
    if found is None:
        raise NotFound("Chưa có kỳ đánh giá nào. Hãy nạp dữ liệu: khacphuc seed PATH")
    return found.code


# For people

_FIGURES = ("published", "floor", "expected", "ceiling")
_FIGURE_TITLES = ("Công bố", "Đã xác nhận", "Dự kiến", "Tối đa có thể")


def _print_summary(found: dict[str, Any]) -> None:
    """Two tables, because points and every status side by side fit no window."""
    groups = [*found["groups"], found["total"] | {"key": "", "name": "Cộng"}]
    columns = ("Mã", "Tên", "Nhiệm vụ", "Quá hạn", "Điểm thiếu", "Đã xác nhận", "Dự kiến", "Hoàn thành")
    rows = [(one["key"], one["name"], *_gains(one)) for one in groups]
    title = f"{found['assessment']}, ngày {found['as_of']:%d/%m/%Y}"
    print_table(title, columns, rows, numbers=range(2, len(columns)), whole=(0,))
    statuses = [status for status in LABELS if found["total"]["by_status"].get(status)]
    if found["by"] != By.STATUS and statuses:
        counts = [[one["by_status"].get(status, 0) for status in statuses] for one in groups]
        rows = [(one["key"], one["name"], *count) for one, count in zip(groups, counts, strict=True)]
        titles = [SHORT.get(status, LABELS[status]) for status in statuses]
        counted = range(2, 2 + len(titles))
        print_table("Nhiệm vụ theo trạng thái", ("Mã", "Tên", *titles), rows, numbers=counted, whole=(0,))


def _gains(one: dict[str, Any]) -> list[Any]:
    gains = [points(one["verified_gain"], signed=True), points(one["expected_gain"], signed=True)]
    return [one["tasks"], one["overdue"], points(one["points_short"]), *gains, _percent(one["completion"])]


def _percent(share: str) -> str:
    return f"{float(share):.0%}"


def _figures(one: dict[str, Any]) -> list[str | None]:
    return [points(one[key]) for key in ("max", *_FIGURES)]


def _print_projection(found: dict[str, Any]) -> None:
    rows = [(one["number"], one["name"], *_figures(one)) for one in found["fields"]]
    rows.append(("", "Cộng", *_figures(found)))
    title = f"{found['assessment']}, ngày {found['as_of']:%d/%m/%Y}"
    print_table(title, ("Số", "Lĩnh vực", "Tối đa", *_FIGURE_TITLES), rows, numbers=range(2, 7))
    ranks = (found["rank_interval"][key] for key in _FIGURES)
    intervals = ", ".join(
        f"{title.lower()} {one['best']}–{one['worst']}" for title, one in zip(_FIGURE_TITLES, ranks, strict=True)
    )
    say(f"Khoảng thứ hạng (theo điểm các tỉnh đã biết): {intervals}.")
    gap = found["gap"]
    say(
        f"Điểm còn thiếu: {points(gap['controllable'])} tự chấm, {points(gap['socio_economic'])} kinh tế - xã hội, "
        f"{points(gap['survey'])} điều tra xã hội học."
    )
    steps = [
        (one["code"], one["agency"]["code"], one["name"], points(one["closing"]))
        for one in found["next_best"][:STEPS_SHOWN]
    ]
    if steps:
        say("")
        print_table(
            "Nên làm trước", ("Nhiệm vụ", "Cơ quan", "Tiêu chí", "Điểm nếu đạt"), steps, numbers=(3,), whole=(0, 1)
        )
