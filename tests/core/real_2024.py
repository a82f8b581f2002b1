"""Sóc Trăng 2024 as tables 1.2.1 and 1.2.2 of the report print it: what the tests of the core reckon with."""

from typing import Final, NamedTuple

from app.core.projection import CriterionState, FieldFrame
from app.core.scoring import Rule, parse_points, parse_rule


class Row(NamedTuple):
    number: int
    field: int
    max: str
    score: str


APPRAISED: Final = (
    Row(1, 1, "1.00", "0.8841"),
    Row(2, 1, "1.50", "1.4862"),
    Row(3, 2, "1.00", "0.4286"),
    Row(4, 3, "0.50", "0.0000"),
    Row(5, 3, "1.00", "0.8459"),
    Row(6, 3, "0.50", "0.0000"),
    Row(7, 3, "1.50", "1.0000"),
    Row(8, 4, "1.50", "1.3500"),
    Row(9, 5, "1.50", "0.5000"),
    Row(10, 5, "0.50", "0.0000"),
    Row(11, 6, "0.75", "0.2500"),
    Row(12, 6, "0.50", "0.4500"),
    Row(13, 6, "0.75", "0.5000"),
    Row(14, 7, "0.50", "0.0000"),
    Row(15, 7, "1.00", "0.5625"),
    Row(16, 7, "1.50", "0.8410"),
    Row(17, 7, "1.50", "0.5186"),
    Row(18, 8, "1.00", "0.00"),
    Row(19, 8, "1.00", "0.00"),
    Row(20, 8, "2.00", "1.50"),
    Row(21, 8, "1.50", "1.35"),
)

SURVEY: Final = (
    Row(1, 2, "1.0", "0.8346"),
    Row(2, 2, "1.0", "0.8594"),
    Row(3, 2, "1.0", "0.8526"),
    Row(4, 2, "1.0", "0.9184"),
    Row(5, 4, "1.0", "0.8678"),
    Row(6, 4, "1.0", "0.8499"),
    Row(7, 4, "1.0", "0.8626"),
    Row(8, 4, "1.0", "0.8841"),
    Row(9, 5, "1.0", "0.9014"),
    Row(10, 5, "1.0", "0.9116"),
    Row(11, 5, "1.0", "0.8846"),
    Row(12, 5, "1.0", "0.8949"),
    Row(13, 5, "1.0", "0.8072"),
    Row(14, 5, "1.0", "0.7995"),
    Row(15, 5, "1.0", "0.8074"),
    Row(16, 5, "1.0", "0.8667"),
    Row(17, 5, "1.0", "0.7284"),
    Row(18, 6, "1.0", "0.7706"),
    Row(19, 6, "1.0", "0.8395"),
    Row(20, 6, "1.0", "0.8450"),
    Row(21, 6, "1.0", "0.7772"),
    Row(22, 7, "1.0", "0.8617"),
    Row(23, 8, "1.5", "1.2375"),
    Row(24, 8, "1.5", "1.2375"),
    Row(25, 8, "2.5", "2.0808"),
    Row(26, 8, "2.5", "2.0720"),
    Row(27, 8, "2.0", "1.6074"),
)

FIELDS: Final = tuple(
    FieldFrame(number, parse_points(most))
    for number, most in enumerate(("9.5", "10", "13", "10.5", "15", "12", "13.5", "16.5"), start=1)
)
GROUP_MAXIMA: Final = {
    "appraisal": parse_points("61.5"),
    "socio_economic": parse_points("6.5"),
    "officials_survey": parse_points("22"),
    "sipas": parse_points("10"),
}

# Footnotes 9 to 11 and 1.3.1(8).
DATA_SERVICES: Final = parse_rule(
    {
        "kind": "ratios",
        "inputs": [
            {"name": "in_use", "label": "Số dịch vụ dữ liệu đã sử dụng", "unit": "dịch vụ", "published": "9"},
            {"name": "services", "label": "Số dịch vụ dữ liệu trên NDXP", "unit": "dịch vụ", "published": "16"},
        ],
        "terms": [{"points": "1.00", "numerator": "in_use", "denominator": "services"}],
        "confidence": "reproduces",
        "citation": "Báo cáo, chú thích 9",
    }
)
ONLINE_FILES: Final = parse_rule(
    {
        "kind": "ratios",
        "inputs": [
            {"name": "online", "label": "Hồ sơ trực tuyến", "unit": "hồ sơ", "published": "94511"},
            {"name": "files", "label": "Tổng số hồ sơ", "unit": "hồ sơ", "published": "168561"},
        ],
        "terms": [{"points": "1.5", "numerator": "online", "denominator": "files"}],
        "confidence": "reproduces",
        "citation": "Báo cáo, chú thích 10",
    }
)
ONLINE_PAYMENT: Final = parse_rule(
    {
        "kind": "ratios",
        "inputs": [
            {"name": "offered", "label": "TTHC đã triển khai", "unit": "TTHC", "published": "350"},
            {"name": "payable", "label": "TTHC có nghĩa vụ tài chính", "unit": "TTHC", "published": "512"},
            {"name": "used", "label": "TTHC có giao dịch", "unit": "TTHC", "published": "69"},
            {"name": "running", "label": "TTHC đang triển khai", "unit": "TTHC", "published": "350"},
            {"name": "paid", "label": "Hồ sơ có giao dịch", "unit": "hồ sơ", "published": "40190"},
            {"name": "settled", "label": "Hồ sơ đã giải quyết", "unit": "hồ sơ", "published": "256833"},
        ],
        "terms": [
            {"points": "0.5", "numerator": "offered", "denominator": "payable"},
            {"points": "0.5", "numerator": "used", "denominator": "running"},
            {"points": "0.5", "numerator": "paid", "denominator": "settled"},
        ],
        "confidence": "reproduces",
        "citation": "Báo cáo, chú thích 11",
    }
)
TARGETS: Final = parse_rule(
    {
        "kind": "weighted_counts",
        "inputs": [
            {"name": "targets", "label": "Tổng số chỉ tiêu", "unit": "chỉ tiêu", "published": "20"},
            {"name": "exceeded", "label": "Chỉ tiêu vượt", "unit": "chỉ tiêu", "published": "14"},
            {"name": "met", "label": "Chỉ tiêu đạt", "unit": "chỉ tiêu", "published": "6"},
            {"name": "missed", "label": "Chỉ tiêu không đạt", "unit": "chỉ tiêu", "optional": True},
        ],
        "total": "targets",
        "classes": [{"input": "exceeded", "points": "1.5"}, {"input": "met", "points": "1.0"}],
        "refused": ["missed"],
        "confidence": "reproduces",
        "citation": "Báo cáo, mục 1.3.1(8)",
    }
)
DECLARED: Final = Rule("declared")
SURVEYED: Final = Rule("survey")

EXECUTABLE: Final = {15: DATA_SERVICES, 16: ONLINE_FILES, 17: ONLINE_PAYMENT, 21: TARGETS}


def appraised(row: Row) -> CriterionState:
    return CriterionState(
        code=f"ST-2024-TC-{row.number:02d}",
        number=row.number,
        kind="appraised",
        group="socio_economic" if row.number >= 18 else "appraisal",
        field=row.field,
        agency="SNV",
        status="assigned",
        max_points=parse_points(row.max),
        published=parse_points(row.score),
        rule=EXECUTABLE.get(row.number, DECLARED),
    )


def survey(row: Row) -> CriterionState:
    return CriterionState(
        code=f"ST-2024-KS-{row.number:02d}",
        number=row.number,
        kind="survey",
        group="sipas" if row.number >= 23 else "officials_survey",
        field=row.field,
        agency="SNV",
        status="assigned",
        max_points=parse_points(row.max),
        published=parse_points(row.score),
        rule=SURVEYED,
    )


CRITERIA: Final = (*map(appraised, APPRAISED), *map(survey, SURVEY))
