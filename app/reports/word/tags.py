"""Every tag of the templates, with what it stands for, in the words of those who edit them.

The page that offers the templates shows this list; a test holds it to the contents.
"""

from collections.abc import Mapping
from typing import Final, NamedTuple


class Part(NamedTuple):
    """Tags that stand together: alone, or within a loop `{%p for one in list %}` (`{%tr for … %}` in tables)."""

    title: str
    loop: str
    tags: Mapping[str, str]


HEAD: Final = Part(
    "Thể thức văn bản",
    "",
    {
        "parent": "Tên viết tắt của cơ quan chủ quản, in hoa",
        "issuer": "Tên cơ quan ban hành (Cơ quan thường trực)",
        "issuer_upper": "Tên cơ quan ban hành, in hoa",
        "symbol": "Ký hiệu văn bản, đứng sau số",
        "place": "Địa danh",
        "month": "Tháng của ngày lấy số liệu",
        "year": "Năm của ngày lấy số liệu",
        "as_of": "Ngày lấy số liệu",
        "province": "Tên tỉnh, viết trong câu",
        "addressee": "Ủy ban nhân dân tỉnh",
        "index_name": "Tên kỳ đánh giá",
        "index_year": "Năm của kỳ đánh giá",
        "due_before": "Thời hạn báo cáo giải trình (trước ngày)",
        "mandate": "Văn bản giao nhiệm vụ; rỗng khi chưa có",
    },
)
_FIGURES: Final = {
    "max": "Điểm tối đa",
    "published": "Điểm công bố",
    "floor": "Điểm đã được xác nhận",
    "expected": "Điểm dự kiến",
    "ceiling": "Mức tối đa có thể",
    "short": "Điểm còn thiếu so với điểm tối đa",
    "rate": "Tỷ lệ điểm công bố",
    "name": "Tên",
}
_COUNTS: Final = {
    "assigned": "Số nhiệm vụ Đã giao",
    "in_progress": "Số nhiệm vụ Đang khắc phục",
    "submitted": "Số nhiệm vụ Chờ xác nhận",
    "returned": "Số nhiệm vụ Yêu cầu bổ sung, hoàn thiện",
    "accepted": "Số nhiệm vụ Đã xác nhận",
    "closed": "Số nhiệm vụ Kết thúc, không khắc phục được",
    "overdue": "Số nhiệm vụ quá hạn",
}
_AGENCY: Final = {
    "number": "Số thứ tự",
    "name": "Tên cơ quan",
    "tasks": "Số nhiệm vụ",
    **_COUNTS,
    "short": "Điểm còn thiếu",
    "verified_gain": "Điểm tăng đã được xác nhận",
    "expected_gain": "Điểm tăng dự kiến",
}
_TABLE: Final = {
    "count": "Số tiêu chí trong bảng",
    "zero": "Số tiêu chí không đạt điểm",
    "partial": "Số tiêu chí chưa đạt điểm tối đa",
    "whole_max": "Điểm tối đa của cả phần điểm này",
    "whole_got": "Điểm đạt được của cả phần điểm này",
    "max": "Tổng điểm tối đa trong bảng",
    "got": "Tổng điểm đạt được trong bảng",
    "short": "Tổng điểm chưa đạt trong bảng",
    "expected": "Tổng điểm dự kiến trong bảng",
}
_TASK: Final = {
    "code": "Mã nhiệm vụ",
    "name": "Tên tiêu chí",
    "agency": "Cơ quan phụ trách tham mưu",
    "points": "Điểm còn thiếu",
    "due": "Thời hạn: trước ngày …",
    "left": "Còn … ngày, hoặc quá hạn … ngày",
    "status": "Trạng thái",
}
_SHARE: Final = {
    "number": "Số thứ tự",
    "what": "Nội dung phần trách nhiệm",
    "task": "Tên tiêu chí",
    "quantity": "Số lượng theo báo cáo",
    "current": "Số liệu kỳ này",
    "state": "Tình trạng",
    "answer": "Giải trình, tiến độ, biện pháp của đơn vị",
}


def _within(prefix: str, tags: Mapping[str, str]) -> dict[str, str]:
    return {f"{prefix}.{name}": meaning for name, meaning in tags.items()}


def _criteria(table: str) -> tuple[Part, Part]:
    sums = {name: _TABLE[name] for name in ("max", "got", "short", "expected")}
    group = Part(
        "Từng lĩnh vực của bảng",
        f"part in {table}.groups",
        _within("part", {"number": "Số mục", "name": "Tên lĩnh vực", **sums}),
    )
    own = {"max": "Điểm tối đa", "got": "Điểm đạt được", "short": "Điểm chưa đạt", "expected": "Điểm dự kiến"}
    remedy = {"remedy": "Biện pháp khắc phục và tiến độ, rút gọn", "number": "Số thứ tự trong bảng"}
    return group, Part("Từng tiêu chí", "one in part.criteria", _within("one", {**_TASK, **own, **remedy}))


REPORT: Final[tuple[Part, ...]] = (
    HEAD,
    Part("Căn cứ", "basis in bases", {"basis": "Một văn bản căn cứ"}),
    Part(
        "Điểm chung",
        "",
        {
            **_within("total", _FIGURES),
            "total.verified_gain": "Điểm tăng đã được xác nhận",
            "total.expected_gain": "Điểm tăng dự kiến",
            "total.verified_change": "“tăng … điểm so với công bố” của điểm đã xác nhận",
            "total.expected_change": "“tăng … điểm so với công bố” của điểm dự kiến",
            "total.still_short": "Điểm còn thiếu sau mức dự kiến",
            "rank.published": "Thứ hạng công bố",
            "rank.floor": "Khoảng thứ hạng của điểm đã xác nhận",
            "rank.expected": "Khoảng thứ hạng của điểm dự kiến",
            "rank.ceiling": "Khoảng thứ hạng của mức tối đa",
            "rank.provinces": "Số tỉnh, thành phố được xếp hạng",
            "gap.controllable": "Điểm còn thiếu: đánh giá, thẩm định",
            "gap.socio_economic": "Điểm còn thiếu: tác động đến phát triển kinh tế - xã hội",
            "gap.survey": "Điểm còn thiếu: điều tra xã hội học",
        },
    ),
    Part(
        "Mốc so sánh",
        "mark in benchmarks",
        {
            "mark.label": "Tên mốc",
            "mark.score": "Điểm của mốc",
            "mark.published": "Điểm công bố còn thiếu hoặc cao hơn bao nhiêu",
            "mark.expected": "Điểm dự kiến còn thiếu hoặc cao hơn bao nhiêu",
        },
    ),
    Part("Nhóm thành phần", "group in groups", _within("group", _FIGURES)),
    Part("Lĩnh vực", "field in fields", _within("field", {**_FIGURES, "number": "Số thứ tự lĩnh vực"})),
    Part(
        "Số nhiệm vụ",
        "",
        _within(
            "counts",
            {
                "tasks": "Số nhiệm vụ",
                "agencies": "Số cơ quan phụ trách",
                "statuses": "Số nhiệm vụ theo trạng thái, thành một câu",
                **_COUNTS,
                "on_time": "Số báo cáo nộp lần đầu đúng hạn",
                "late": "Số báo cáo nộp lần đầu sau hạn",
                "has_overdue": "Có nhiệm vụ quá hạn hay không (dùng trong {% if %})",
                "has_submitted": "Đã có báo cáo nào nộp hay chưa (dùng trong {% if %})",
                "completion": "Tỷ lệ hoàn thành tính theo điểm",
            },
        ),
    ),
    Part("Cơ quan phụ trách", "agency in agencies", _within("agency", _AGENCY)),
    Part("Dòng tổng của bảng cơ quan", "", _within("agencies_total", _AGENCY)),
    Part("Bảng 1.2.1, điểm tự chấm", "", _within("appraised", _TABLE)),
    *_criteria("appraised"),
    Part("Bảng 1.2.2, điều tra xã hội học", "", _within("survey", _TABLE)),
    *_criteria("survey"),
    Part("Nhiệm vụ quá hạn", "one in late_tasks", _within("one", _TASK)),
    Part("", "", {"late_agencies": "Tên các cơ quan có nhiệm vụ quá hạn"}),
    Part(
        "Khó khăn, vướng mắc",
        "one in difficulties",
        {"one.agency": "Cơ quan", "one.name": "Tên tiêu chí", "one.text": "Nội dung"},
    ),
    Part(
        "Nhiệm vụ còn tăng được nhiều điểm nhất",
        "one in next_best",
        {"one.name": "Tên tiêu chí", "one.agency": "Cơ quan", "one.points": "Điểm tăng được"},
    ),
    Part(
        "Phụ lục: từng cơ quan phụ trách",
        "agency in annex_agencies",
        _within("agency", {**_AGENCY, "has_overdue": "Có nhiệm vụ quá hạn hay không (dùng trong {% if %})"}),
    ),
    Part(
        "Phụ lục: từng nhiệm vụ của cơ quan",
        "one in agency.criteria",
        _within(
            "one",
            {
                **_TASK,
                "number": "Số thứ tự",
                "got": "Điểm đạt được",
                "max": "Điểm tối đa",
                "expected": "Điểm dự kiến",
                "percent": "Phần trăm đã thực hiện",
                "cooperating": "Cơ quan phối hợp",
                "reason": "Lý do tồn tại, hạn chế",
                "progress": "Tiến độ xử lý",
                "remedy": "Biện pháp khắc phục",
                "difficulties": "Khó khăn, vướng mắc",
                "period": "Kỳ số liệu",
                "directions": "Các ý kiến chỉ đạo (danh sách)",
                "reported": "Đã có nội dung báo cáo hay chưa (dùng trong {% if %})",
                "note": "Câu ghi khi chưa có nội dung báo cáo",
            },
        ),
    ),
    Part("Phụ lục: phần trách nhiệm của cơ quan", "share in agency.shares", _within("share", _SHARE)),
    Part("Đơn vị chỉ có phần trách nhiệm", "unit in other_agencies", {"unit.name": "Tên đơn vị"}),
    Part("Phần trách nhiệm của đơn vị đó", "share in unit.shares", _within("share", _SHARE)),
    Part(
        "Biểu đồ",
        "",
        {
            "charts.total": "Điểm và các mốc so sánh",
            "charts.fields": "Tỷ lệ điểm theo lĩnh vực",
            "charts.agencies": "Điểm còn thiếu theo cơ quan",
            "charts.trend": "Diễn biến theo ngày; chưa có khi mới có số liệu một ngày",
        },
    ),
)

LETTER: Final[tuple[Part, ...]] = (
    HEAD,
    Part(
        "Cơ quan nhận và phần còn nợ",
        "",
        {
            "recipient": "Tên cơ quan nhận",
            "count": "Số nhiệm vụ chưa nộp báo cáo, quá hạn hoặc sắp đến hạn",
            "overdue": "Trong đó: số nhiệm vụ quá hạn",
            "soon": "Trong đó: số nhiệm vụ chưa đến hạn",
            "has_overdue": "Có nội dung quá hạn hay không (dùng trong {% if %})",
            "share_count": "Số phần trách nhiệm chưa giải trình xong",
            "points": "Tổng điểm còn thiếu của các nhiệm vụ",
            "next_due": "Hạn gần nhất chưa qua; rỗng khi tất cả đã quá hạn",
            "reply_by": "Ngày cuối phải trả lời nội dung quá hạn (sau 5 ngày làm việc)",
            "contact.name": "Người liên hệ (thẻ contact rỗng khi chưa có đầu mối: dùng {% if contact %})",
            "contact.email": "Thư điện tử của người liên hệ",
        },
    ),
    Part(
        "Từng nhiệm vụ",
        "task in tasks",
        _within(
            "task",
            {
                "number": "Số thứ tự",
                **{key: meaning for key, meaning in _TASK.items() if key != "agency"},
                "missing": "Nội dung còn thiếu",
            },
        ),
    ),
    Part(
        "Từng phần trách nhiệm",
        "share in shares",
        _within(
            "share",
            {
                **{key: _SHARE[key] for key in ("number", "what", "task", "quantity")},
                "due": _TASK["due"],
                "left": _TASK["left"],
                "missing": "Nội dung còn thiếu",
            },
        ),
    ),
)
TAGS: Final[Mapping[str, tuple[Part, ...]]] = {"report": REPORT, "urging_letter": LETTER}
