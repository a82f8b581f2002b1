"""The choices of a seed in the words of the workbook's drop-downs, short since Excel bounds a list at 255 letters."""

from collections.abc import Mapping
from typing import Final

YES, NO = "Có", "Không"
FLAGS: Final[Mapping[str, str]] = {"true": YES, "false": NO}
KINDS: Final[Mapping[str, str]] = {"appraised": "Tự chấm", "survey": "Điều tra xã hội học"}
GROUPS: Final[Mapping[str, str]] = {
    "appraisal": "Thẩm định",
    "socio_economic": "Tác động kinh tế - xã hội",
    "officials_survey": "Khảo sát công chức",
    "sipas": "SIPAS",
}
BASES: Final[Mapping[str, str]] = {
    "report": "Báo cáo giao",
    "field_lead": "Phụ trách lĩnh vực",
    "part_iii": "Theo phần III",
    "chosen": "Chọn theo tên",
}
RULES: Final[Mapping[str, str]] = {
    "ratios": "Tổng tỷ lệ",
    "weighted_counts": "Đếm có trọng số",
    "declared": "Tự chấm điểm",
    "survey": "Theo khảo sát",
}
CONFIDENCES: Final[Mapping[str, str]] = {"cited": "Có văn bản", "reproduces": "Khớp số công bố"}
SHARES: Final[Mapping[str, str]] = {"clearable": "Khắc phục được", "occurred": "Đã xảy ra"}
BENCHMARKS: Final[Mapping[str, str]] = {
    "threshold": "Ngưỡng xếp nhóm",
    "mean": "Trung bình",
    "province": "Tỉnh khác",
    "self": "Chính tỉnh này",
}
