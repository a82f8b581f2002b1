"""The parts of a seed as tables: what tells rows apart, and which facts are compared with what stands already."""

from typing import Final

from app.assessments.merge import Noun, day_shown, points_shown, shown
from app.models import (
    agencies,
    agency_names,
    assessments,
    benchmarks,
    causes,
    criteria,
    fields,
    measures,
    provinces,
    shares,
    tasks,
)

SERIES: Final = {"appraised": "tự chấm", "survey": "điều tra xã hội học"}
_NAME = {"name": ("tên", shown)}
_MAX = {"max": ("điểm tối đa", points_shown)}
_PUBLISHED = {"published": ("điểm công bố", points_shown)}
_WORDS = {"text": ("nội dung", None), "where": ("vị trí trong báo cáo", shown)}

PROVINCES = Noun(provinces, "provinces", "Tỉnh", ("code",), _NAME)
AGENCIES = Noun(
    agencies,
    "agencies",
    "Cơ quan",
    ("code",),
    _NAME | {"is_coordinator": ("là cơ quan thường trực", lambda yes: "có" if yes else "không")},
    whole=False,
)
FORMER_NAMES = Noun(
    agency_names,
    "former_names",
    "Tên cũ",
    ("agency_id", "name"),
    {"until": ("dùng đến", day_shown)},
    say=lambda key: f"“{key[1]}”",
    whole=False,
)
ASSESSMENTS = Noun(
    assessments,
    "assessments",
    "Kỳ đánh giá",
    ("code",),
    _NAME
    | _PUBLISHED
    | {
        "published_rank": ("thứ hạng công bố", shown),
        "province_count": ("số tỉnh được xếp hạng", shown),
        "groups": ("các nhóm điểm", None),
        "source": ("ghi chép từ báo cáo", None),
        "due_before": ("hạn báo cáo (trước ngày)", day_shown),
    },
)
FIELDS = Noun(
    fields, "fields", "Lĩnh vực", ("number",), _NAME | _MAX | _PUBLISHED | {"figures": ("số liệu in kèm", None)}
)
BENCHMARKS = Noun(
    benchmarks,
    "benchmarks",
    "Mốc so sánh",
    ("label",),
    {
        "kind": ("loại", shown),
        "score": ("điểm", points_shown),
        "rank": ("thứ hạng", shown),
        "provinces": ("số tỉnh đạt ngưỡng", shown),
        "source": ("nguồn", shown),
    },
)
CRITERIA = Noun(
    criteria,
    "criteria",
    "Tiêu chí",
    ("kind", "number"),
    _NAME
    | _MAX
    | _PUBLISHED
    | {
        "field_id": ("lĩnh vực", None),
        "group": ("nhóm điểm", shown),
        "rule": ("công thức", None),
        "facts": ("số liệu kèm theo", None),
        "where": ("vị trí trong báo cáo", shown),
    },
    say=lambda key: f"{SERIES[key[0]]} số {key[1]}",
)
TASKS = Noun(tasks, "tasks", "Nhiệm vụ", ("code",))
SHARES = Noun(
    shares,
    "shares",
    "Phần trách nhiệm",
    ("code",),
    {
        "kind": ("loại", shown),
        "what": ("nội dung", shown),
        "quantity": ("số lượng", shown),
        "unit": ("đơn vị tính", shown),
        "where": ("vị trí trong báo cáo", shown),
    },
)
CAUSES = Noun(causes, "causes", "Nguyên nhân", ("code",), _WORDS)
MEASURES = Noun(measures, "measures", "Giải pháp", ("code",), _WORDS)
