"""The real 2024 report as data, and what loading refuses."""

import re
import shutil
import unicodedata
from collections import Counter
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple

import pytest

from app.assessments.seedfile import Seed, load_seed
from app.core.scoring import format_points, parse_rule, score_measurements
from app.errors import SeedInvalid

REPO = Path(__file__).parents[2]
SEED = REPO / "seeds" / "soc-trang-2024"
EXAMPLE = REPO / "tests" / "data" / "vi-du-2025.yaml"


@pytest.fixture(scope="module")
def seed() -> Seed:
    return load_seed(SEED)


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    return Path(shutil.copytree(SEED, tmp_path / "seed"))


def errors_of(path: Path) -> list[str]:
    with pytest.raises(SeedInvalid) as caught:
        load_seed(path)
    errors: list[str] = caught.value.extra["errors"]
    assert caught.value.detail.splitlines()[0] == errors[0]
    return errors


# The data


def test_there_are_48_unmet_criteria_with_codes_in_order(seed: Seed) -> None:
    codes = [one.code for one in seed.criteria]
    appraised = [f"ST-2024-TC-{number:02d}" for number in range(1, 22)]
    survey = [f"ST-2024-KS-{number:02d}" for number in range(1, 28)]
    assert codes == appraised + survey


def test_shortfalls_add_up_exactly_in_three_parts(seed: Seed) -> None:
    short: Counter[str] = Counter()
    for one in seed.criteria:
        short[one.group] += one.max - one.score
    assert format_points(short["appraisal"]) == "7.3831"
    assert format_points(short["socio_economic"]) == "2.6500"
    assert format_points(short["officials_survey"] + short["sipas"]) == "5.1397"
    assert format_points(1_000_000 - short.total()) == "84.8272" == format_points(seed.assessment.published.exact)


@pytest.mark.parametrize(
    ("number", "exact", "rank", "rank_before"),
    [
        (1, "9.3703", 33, 39),
        (2, "8.8936", 50, 14),
        (3, "11.3459", 60, 38),
        (4, "9.8144", 15, 5),
        (5, "12.1017", 48, 41),
        (6, "10.4323", 26, 63),
        (7, "10.7838", 56, 62),
        (8, "12.0852", 54, 54),
    ],
)
def test_each_field_has_its_exact_score_and_ranks(
    seed: Seed, number: int, exact: str, rank: int, rank_before: int
) -> None:
    field = seed.fields[number - 1]
    short = sum(one.max - one.score for one in seed.criteria if one.field == number)
    assert format_points(field.max - short) == exact
    assert field.previous is not None
    assert (field.number, field.current.rank, field.previous.rank) == (number, rank, rank_before)


def test_a_rule_is_read_once(seed: Seed) -> None:
    for one in seed.criteria:
        assert one.parsed_rule is one.parsed_rule == parse_rule(one.rule, max_points=one.max)


def test_executable_rules_give_the_published_scores(seed: Seed) -> None:
    computed = {}
    for one in seed.criteria:
        rule = parse_rule(one.rule, max_points=one.max)
        if rule.executable:
            assert rule.confidence == "reproduces"
            assert "Báo cáo" in rule.citation
            computed[one.code] = format_points(score_measurements(rule, one.max, rule.published_measurements))
    assert computed == {
        "ST-2024-TC-15": "0.5625",
        "ST-2024-TC-16": "0.8410",
        "ST-2024-TC-17": "0.5186",
        "ST-2024-TC-21": "1.3500",
    }


def test_every_other_appraised_criterion_is_declared_and_every_survey_one_waits_for_a_survey(seed: Seed) -> None:
    kinds = Counter((one.kind, one.rule["kind"]) for one in seed.criteria)
    assert kinds == {
        ("appraised", "declared"): 17,
        ("appraised", "ratios"): 3,
        ("appraised", "weighted_counts"): 1,
        ("survey", "survey"): 27,
    }


def test_appraised_criteria_are_assigned_as_table_1_2_1_says(seed: Seed) -> None:
    by_agency: dict[str, list[int]] = {}
    for one in seed.criteria:
        if one.kind == "appraised":
            assert one.assignment_basis == "report"
            by_agency.setdefault(one.agency, []).append(one.number)
    assert by_agency == {
        "SNV": [1, 8, 9, 10],
        "VPUB": [2, 4, 5, 6, 7],
        "STP": [3],
        "STC": [11, 12, 13, 18, 19, 20, 21],
        "SKHCN": [14, 15, 16, 17],
    }


def test_survey_criteria_say_on_which_basis_they_are_assigned(seed: Seed) -> None:
    survey = [one for one in seed.criteria if one.kind == "survey"]
    assert Counter(one.assignment_basis for one in survey) == {"field_lead": 21, "part_iii": 5, "chosen": 1}
    assert [(one.number, one.agency) for one in survey if one.assignment_basis == "chosen"] == [(7, "VPUB")]
    assert {one.agency for one in survey if one.assignment_basis == "part_iii"} == {"SNV"}
    assert next(one.cooperating for one in survey if one.number == 22) == ["SVHTTDL"]


def test_satisfaction_items_are_done_with_every_other_agency(seed: Seed) -> None:
    others = [one.code for one in seed.agencies if one.code != "SNV"]
    assert all(one.cooperating == others for one in seed.criteria if one.group == "sipas")


def test_tasks_belong_to_the_successor_and_keep_the_former_name(seed: Seed) -> None:
    former = {one.number: one.former_agency for one in seed.criteria if one.former_agency}
    assert {former[number] for number in (14, 15, 16, 17)} == {"Sở Thông tin và Truyền thông"}
    assert {former[number] for number in (18, 19, 20, 21)} == {"Sở Kế hoạch và Đầu tư"}
    assert len(former) == 8
    assert all(name.until is None for one in seed.agencies for name in one.former_names)


def test_agencies_have_one_coordinator_and_eleven_districts(seed: Seed) -> None:
    assert [one.code for one in seed.agencies if one.coordinator] == ["SNV"]
    assert sum(one.name.startswith("Ủy ban nhân dân ") for one in seed.agencies) == 11


def test_shares_hold_what_the_notes_say(seed: Seed) -> None:
    total: Counter[str] = Counter()
    for entry in seed.share_lists:
        total[entry.key] += sum(share.quantity or 0 for share in entry.shares)
    assert total == {
        "van-ban-trai-phap-luat": 0,
        "quyet-dinh-cong-bo-tre": 32,
        "ho-so-tre-hen": 2590,
        "phong-vuot-cap-pho": 0,
        "ky-luat-lanh-dao-so-huyen": 4,
        "ky-luat-lanh-dao-phong": 13,
        "can-bo-xa-chua-dat-chuan": 19,
        "cong-chuc-xa-chua-dat-chuan": 9,
    }
    assert len({share.code for share in seed.shares}) == len(seed.shares) == 51


def test_a_share_that_the_report_does_not_split_has_no_quantity(seed: Seed) -> None:
    unsplit = [share for share in seed.shares if share.quantity is None]
    assert {share.task for share in unsplit} == {"ST-2024-TC-03", "ST-2024-TC-08"}
    late = next(share for share in seed.shares if share.code == "ST-2024-TC-04.03")
    assert late.former_agency == "Sở Nông nghiệp và Phát triển nông thôn; Sở Tài nguyên và Môi trường"
    assert (late.agency, late.kind, late.quantity, late.unit) == ("SNNMT", "occurred", 10, "quyết định")


def test_values_are_ints_dates_and_decimals(seed: Seed) -> None:
    assert seed.criteria[0].score == 8841
    assert seed.assessment.due_before == date(2025, 7, 1)
    assert seed.assessment.mandate is None
    assert str(seed.fields[0].current.score) == "9.37"
    assert seed.fields[0].change
    assert seed.fields[0].change.rate == Decimal("0.04")


def test_benchmarks_carry_their_sources(seed: Seed) -> None:
    marks = {one.label: one for one in seed.benchmarks}
    assert marks["Trung bình cả nước"].score == 883_700
    assert [(one.rank, one.score) for one in seed.benchmarks if one.kind == "self"] == [(58, 848_300)]
    assert all(one.address for one in seed.benchmarks if one.kind != "self")
    assert {one.year for one in seed.benchmarks} == {2024}


def test_every_task_has_a_cause_and_a_measure(seed: Seed) -> None:
    for entries in (seed.causes, seed.measures):
        linked = {code for entry in entries for code in entry.criteria}
        fields = {number for entry in entries for number in entry.fields}
        assert not [one.code for one in seed.criteria if one.code not in linked and one.field not in fields]


def test_every_file_is_composed_unicode() -> None:
    for file in SEED.iterdir():
        text = file.read_text("utf-8")
        assert text == unicodedata.normalize("NFC", text)


# Any province and year


def test_another_province_and_year_loads_from_one_file() -> None:
    seed = load_seed(EXAMPLE)
    assert (seed.province.code, seed.assessment.year, len(seed.criteria)) == ("vi-du", 2025, 4)
    assert seed.criteria[2].cooperating == ["STC"]
    assert seed.place("criteria", 1, "score") == "vi-du-2025.yaml dòng 57, criteria[1].score"


def test_a_folder_may_spread_the_same_keys_over_files(tmp_path: Path) -> None:
    text = EXAMPLE.read_text("utf-8")
    cut = text.index("criteria:")
    (tmp_path / "a.yaml").write_text(text[:cut], "utf-8")
    (tmp_path / "b.yml").write_text(text[cut:], "utf-8")
    (tmp_path / "note.txt").write_text("not a seed", "utf-8")
    assert load_seed(tmp_path).criteria == load_seed(EXAMPLE).criteria


def test_text_typed_decomposed_is_composed(tmp_path: Path) -> None:
    decomposed = unicodedata.normalize("NFD", EXAMPLE.read_text("utf-8"))
    (tmp_path / "nfd.yaml").write_text(decomposed, "utf-8")
    assert load_seed(tmp_path / "nfd.yaml").criteria == load_seed(EXAMPLE).criteria


def test_a_byte_order_mark_is_harmless(tmp_path: Path) -> None:
    (tmp_path / "bom.yaml").write_text(EXAMPLE.read_text("utf-8"), "utf-8-sig")
    assert load_seed(tmp_path / "bom.yaml").province.name == "Tỉnh Ví Dụ"


# Corruptions: each is named with file, line, place and what to do


class Corruption(NamedTuple):
    file: str
    old: str
    new: str
    at: str
    """The text in whose first line the error must be; empty where it shows up in another file or item."""
    place: str
    advice: str


CORRUPTIONS = {
    "duplicate code": Corruption(
        "agencies.yaml", "code: STC", "code: STP", "- code: STP\n    name: Sở Tài chính", "agencies[3].code", "mã riêng"
    ),
    "duplicate criterion": Corruption(
        "criteria.yaml",
        "code: ST-2024-TC-02\n    number: 2",
        "code: ST-2024-TC-01\n    number: 1",
        "- code: ST-2024-TC-01\n    number: 1\n    kind: appraised\n    group: appraisal\n    field: 1\n    name: Thực",
        "criteria[1].code",
        "đã dùng ở criteria[0]",
    ),
    "unknown agency": Corruption(
        "criteria.yaml", "agency: VPUB", "agency: VPUBND", "agency: VPUBND", "criteria[1].agency", "có phải là `VPUB`?"
    ),
    "score above max": Corruption(
        "criteria.yaml",
        'score: "0.8841"',
        'score: "1.8841"',
        'score: "1.8841"',
        "criteria[0].score",
        "điểm 1.8841 lớn hơn điểm tối đa 1.0000; sửa một trong hai",
    ),
    "full score": Corruption(
        "criteria.yaml", 'score: "0.8841"', 'score: "1.0000"', 'score: "1.0000"', "criteria[0].score", "đã đạt tối đa"
    ),
    "missing key": Corruption(
        "criteria.yaml",
        "    agency: SNV\n",
        "",
        "- code: ST-2024-TC-01",
        "criteria[0].agency",
        "thiếu khóa này; bổ sung",
    ),
    "unknown key": Corruption(
        "criteria.yaml",
        "    agency: SNV",
        "    agence: SNV",
        "agence: SNV",
        "criteria[0].agence",
        "sửa chính tả hoặc bỏ",
    ),
    "decimal comma": Corruption(
        "criteria.yaml",
        'score: "0.8841"',
        'score: "0,8841"',
        'score: "0,8841"',
        "criteria[0].score",
        "dấu chấm thập phân",
    ),
    "five decimals": Corruption(
        "criteria.yaml",
        'score: "0.8841"',
        'score: "0.88411"',
        'score: "0.88411"',
        "criteria[0].score",
        "tối đa 4 chữ số lẻ",
    ),
    "wrong type": Corruption(
        "criteria.yaml", "number: 1\n", "number: [1]\n", "number: [1]", "criteria[0].number", "cần một dòng chữ"
    ),
    "list missing": Corruption(
        "shares.yaml",
        "    shares:\n      - { code: ST-2024-TC-03.01",
        "    shares: none\n    x:\n      - { code: ST-2024-TC-03.01",
        "shares: none",
        "share_lists[0].shares",
        "cần một danh sách",
    ),
    "impossible date": Corruption(
        "assessment.yaml",
        "due_before: 2025-07-01",
        "due_before: 2025-06-31",
        "due_before: 2025-06-31",
        "assessment.due_before",
        "không phải một ngày có thật",
    ),
    "due date missing": Corruption(
        "assessment.yaml",
        "due_before: 2025-07-01",
        "due_before:",
        "due_before:",
        "assessment.due_before",
        "đang để trống",
    ),
    "due before announced": Corruption(
        "assessment.yaml",
        "due_before: 2025-07-01",
        "due_before: 2025-04-01",
        "due_before: 2025-04-01",
        "assessment.due_before",
        "phải sau ngày công bố",
    ),
    "unknown field": Corruption(
        "criteria.yaml", "    field: 1\n", "    field: 9\n", "field: 9", "criteria[0].field", "không có lĩnh vực số 9"
    ),
    "group of another kind": Corruption(
        "criteria.yaml",
        "group: appraisal",
        "group: sipas",
        "group: sipas",
        "criteria[0].group",
        "gồm tiêu chí loại `survey`",
    ),
    "group of another field": Corruption(
        "criteria.yaml",
        "group: appraisal",
        "group: socio_economic",
        "field: 1\n",
        "criteria[0].field",
        "không thuộc nhóm `socio_economic`",
    ),
    "code that does not fit its number": Corruption(
        "criteria.yaml",
        "code: ST-2024-TC-01",
        "code: ST-2024-TC-99",
        "code: ST-2024-TC-99",
        "criteria[0].code",
        "phải là `ST-2024-TC-01`",
    ),
    "field lead that is not": Corruption(
        "fields.yaml", "lead: STP", "lead: SNV", "", "criteria[21].assignment_basis", "có lead là `SNV`"
    ),
    "former name unknown": Corruption(
        "agencies.yaml",
        "Sở Kế hoạch và Đầu tư, until",
        "Sở Kế hoạch, until",
        "",
        "criteria[17].former_agency",
        "bổ sung",
    ),
    "rule misses its score": Corruption(
        "criteria.yaml", 'published: "94511"', 'published: "94611"', "", "criteria[15].score", "công thức cho 0.8419"
    ),
    "rule of unknown kind": Corruption(
        "criteria.yaml",
        "rule: { kind: declared }",
        "rule: { kind: guessed }",
        "rule: { kind: guessed }",
        "criteria[0].rule.kind",
        "không phải loại công thức",
    ),
    "survey rule on an appraised criterion": Corruption(
        "criteria.yaml",
        "rule: { kind: declared }",
        "rule: { kind: survey }",
        "rule: { kind: survey }",
        "criteria[0].rule.kind",
        "không dùng công thức `survey`",
    ),
    "second coordinator": Corruption(
        "agencies.yaml",
        "name: Sở Tư pháp",
        "name: Sở Tư pháp\n    coordinator: true",
        "coordinator: true\n  - code: STC",
        "agencies[2].coordinator",
        "chỉ một cơ quan",
    ),
    "no coordinator": Corruption(
        "agencies.yaml",
        "coordinator: true",
        "coordinator: false",
        "agencies:",
        "agencies",
        "chưa có cơ quan thường trực",
    ),
    "cause of an unknown criterion": Corruption(
        "causes.yaml",
        "criteria: [ST-2024-TC-03]",
        "criteria: [ST-2024-TC-33]",
        "[ST-2024-TC-33]",
        "causes[2].criteria[0]",
        "không có tiêu chí `ST-2024-TC-33`",
    ),
    "measure without anything": Corruption(
        "measures.yaml",
        "fields: [1, 2, 3, 4, 5, 6, 7, 8]",
        "criteria: []",
        "- code: ST-2024-GP-01",
        "measures[0]",
        "điền fields hoặc criteria",
    ),
    "share of an unknown task": Corruption(
        "shares.yaml",
        "task: ST-2024-TC-03",
        "task: ST-2024-TC-30",
        "task: ST-2024-TC-30",
        "share_lists[0].task",
        "không có tiêu chí `ST-2024-TC-30`",
    ),
    "note without anything": Corruption(
        "source_notes.yaml",
        '      - { text: "Khung kiến trúc Chính quyền số, phiên bản 4.0", where: "III.2(4)" }\n',
        "",
        "- code: kien-truc-3-0-va-4-0",
        "source_notes[8]",
        "ít nhất hai quotes",
    ),
    "duplicate key": Corruption(
        "criteria.yaml",
        '    score: "0.8841"\n',
        '    score: "0.8841"\n    score: "0.7841"\n',
        'score: "0.7841"',
        "criteria[0].score",
        "giữ lại một",
    ),
    "alias": Corruption(
        "criteria.yaml", "agency: SNV", "agency: *snv", "agency: *snv", "", "không dùng neo và bí danh YAML"
    ),
    "anchor": Corruption(
        "criteria.yaml", "agency: SNV", "agency: &snv SNV", "agency: &snv", "", "không dùng neo và bí danh YAML"
    ),
    "tag": Corruption(
        "criteria.yaml", "agency: SNV", "agency: !!str SNV", "agency: !!str", "", "không dùng thẻ kiểu YAML"
    ),
    "bad syntax": Corruption(
        "criteria.yaml", "    agency: SNV\n", "   agency: SNV\n", "   agency: SNV", "", "kiểm tra thụt dòng"
    ),
    "section in two files": Corruption(
        "causes.yaml", "causes:\n", "agencies: []\ncauses:\n", "agencies: []", "agencies", "gộp vào một tệp"
    ),
    "two documents": Corruption("causes.yaml", "causes:\n", "a: b\n---\ncauses:\n", "---", "", "bỏ dòng `---`"),
}


@pytest.mark.parametrize("name", CORRUPTIONS)
def test_a_corruption_is_named_with_file_line_and_advice(copy: Path, name: str) -> None:
    case = CORRUPTIONS[name]
    file = copy / case.file
    text = file.read_text("utf-8")
    assert case.old in text
    text = text.replace(case.old, case.new, 1)
    file.write_text(text, "utf-8")

    matching = [error for error in errors_of(copy) if case.advice in error]

    assert matching, errors_of(copy)
    place = re.fullmatch(r"([\w.-]+) dòng (\d+)(?:, ([\w.\[\]]+))?: .+", matching[0])
    assert place, matching[0]
    assert (place[3] or "") == case.place
    if case.at:
        assert (place[1], int(place[2])) == (case.file, text.count("\n", 0, text.index(case.at)) + 1)


def test_all_errors_are_reported_at_once(copy: Path) -> None:
    file = copy / "criteria.yaml"
    text = file.read_text("utf-8").replace("agency: SNV\n", "agency: XXX\n")
    file.write_text(text.replace('score: "0.4286"', 'score: "1.4286"'), "utf-8")
    errors = errors_of(copy)
    assert sum("không có cơ quan `XXX`" in error for error in errors) == text.count("agency: XXX\n")
    assert sum("lớn hơn điểm tối đa" in error for error in errors) == 1


def test_many_errors_are_cut_in_the_detail_and_whole_in_extra(copy: Path) -> None:
    file = copy / "criteria.yaml"
    file.write_text(re.sub(r"(?m)^    (kind|group): \w+", r"    \1: other", file.read_text("utf-8")), "utf-8")
    with pytest.raises(SeedInvalid) as caught:
        load_seed(copy)
    assert len(caught.value.extra["errors"]) == 96
    assert caught.value.detail.endswith("… và 46 lỗi khác.")


def test_a_file_too_big_is_refused_unread(tmp_path: Path) -> None:
    (tmp_path / "big.yaml").write_text("a: b\n" + "#" * 5_000_000, "utf-8")
    assert errors_of(tmp_path) == ["big.yaml: tệp lớn hơn 5 MB; chia nhỏ tệp hoặc bỏ phần thừa."]


def test_deep_nesting_is_refused_without_exhausting_the_stack(tmp_path: Path) -> None:
    for name, text in (("deep", "[" * 200 + "]" * 200), ("deeper", "[" * 100_000), ("keys", "{a: " * 100_000)):
        (tmp_path / f"{name}.yaml").write_text(f"a: {text}", "utf-8")
    first, *others = errors_of(tmp_path)
    assert first.startswith("deep.yaml dòng 1: lồng nhau quá 12 cấp")
    assert [error.split(" dòng")[0] for error in others] == ["deeper.yaml", "keys.yaml"]


def test_text_that_is_not_utf8_is_refused(tmp_path: Path) -> None:
    (tmp_path / "old.yaml").write_bytes("province: tỉnh".encode("cp1258", "replace") + b"\xff")
    assert "lưu lại tệp với bảng mã UTF-8" in errors_of(tmp_path)[0]


def test_control_characters_are_refused(tmp_path: Path) -> None:
    (tmp_path / "control.yaml").write_text("a: \x07", "utf-8")
    assert errors_of(tmp_path)[0].startswith("control.yaml dòng 1: ")


def test_a_file_without_keys_is_refused(tmp_path: Path) -> None:
    for name, text in (("empty.yaml", ""), ("list.yaml", "- a\n"), ("word.yaml", "a\n")):
        (tmp_path / name).write_text(text, "utf-8")
    assert [error.split(":")[0] for error in errors_of(tmp_path)] == [
        "empty.yaml dòng 1",
        "list.yaml dòng 1",
        "word.yaml dòng 1",
    ]


def test_a_path_that_is_not_there_and_a_folder_without_seed_are_refused(tmp_path: Path) -> None:
    assert "không có tệp hoặc thư mục này" in errors_of(tmp_path / "nowhere")[0]
    assert "không có tệp .yaml nào" in errors_of(tmp_path)[0]
