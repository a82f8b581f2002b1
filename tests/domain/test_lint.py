"""The linter: the report's contradictions are warnings, errors in the data are errors."""

import re
import shutil
from pathlib import Path

import pytest

from app.assessments.lint import Finding, check_seed, has_errors
from app.assessments.seedfile import load_seed

REPO = Path(__file__).parents[2]
SEED = REPO / "seeds" / "soc-trang-2024"
EXAMPLE = REPO / "tests" / "data" / "vi-du-2025.yaml"


@pytest.fixture(scope="module")
def findings() -> list[Finding]:
    return check_seed(load_seed(SEED))


def of_level(findings: list[Finding], level: str) -> list[Finding]:
    return [finding for finding in findings if finding.level == level]


def lint_changed(tmp_path: Path, file: str, old: str, new: str) -> list[Finding]:
    """The real seed with one text replaced."""
    copy = Path(shutil.copytree(SEED, tmp_path / "seed"))
    text = (copy / file).read_text("utf-8")
    assert old in text
    (copy / file).write_text(text.replace(old, new, 1), "utf-8")
    return check_seed(load_seed(copy))


def test_the_real_seed_has_no_error(findings: list[Finding]) -> None:
    assert of_level(findings, "error") == []
    assert not has_errors(findings)


@pytest.mark.parametrize(
    ("code", "figures"),
    [
        ("ho-so-tre-hen", ["2.217", "2.590"]),
        ("diem-dieu-tra-26-87", ["26,87", "26,8603", "57,97 + 26,87", "84,84"]),
        ("linh-vuc-cong-84-82", ["84,82", "84,83"]),
        ("cot-tang-giam-la-phan-so", ["0,04", "3,62", "22,18"]),
        ("giam-0-25-khong-phai-0-26", ["0,25", "0,26"]),
        ("sipas-hai-chieu", ["82,40 (+0,58)", "81,62 (-0,03)"]),
        ("thanh-tri", ["Thanh Trị", "Thạnh Trị"]),
        ("so-thong-tin-va-truyen-thong", ["Sở Thông tin và Truyền thông", "Sở Khoa học và Công nghệ"]),
        ("kien-truc-3-0-va-4-0", ["phiên bản 3.0", "phiên bản 4.0"]),
        ("ty-le-nhom-tu-so-da-lam-tron", ["88,00", "87,99"]),
        ("sipas-2023", ["81,82", "81,90"]),
        ("ngay-cong-bo", ["08/4/2025", "6/4"]),
    ],
)
def test_each_contradiction_of_the_report_is_a_warning(findings: list[Finding], code: str, figures: list[str]) -> None:
    (warning,) = [finding for finding in of_level(findings, "warning") if finding.check == code]
    assert warning.place.startswith("source_notes.yaml dòng ")
    assert not [figure for figure in figures if figure not in warning.message]
    assert "Cách giữ: " in warning.message


def test_there_is_no_other_warning(findings: list[Finding]) -> None:
    assert len(of_level(findings, "warning")) == 12


@pytest.mark.parametrize(
    "message",
    [
        "Tổng điểm: 100 - 10,0331 - 5,1397 = 84,8272.",
        "Tổng điểm chính xác của các phần: 57,9669 + 26,8603 = 84,8272.",
        "Điểm in của các lĩnh vực: khớp 8/8.",
        "Điểm in của các nhóm: khớp 4/4.",
        "Cột “điểm chưa đạt” của từng tiêu chí: khớp 48/48.",
        "Điểm tính theo công thức: khớp 4/4.",
        "Dòng cộng của từng lĩnh vực trong các bảng: khớp 42/42.",
        "Số tiêu chí: khớp 5/5.",
        "Tỷ lệ báo cáo in: khớp 8/8.",
        "Các mốc so sánh với nhau và với kết quả công bố: khớp 8/8.",
    ],
)
def test_what_was_reconciled_is_said(findings: list[Finding], message: str) -> None:
    assert message in [finding.message for finding in of_level(findings, "ok")]


def test_an_open_list_gives_a_lower_bound(findings: list[Finding]) -> None:
    assert any("32 quyết định là mức tối thiểu" in finding.message for finding in of_level(findings, "ok"))


def test_another_province_is_clean_without_notes() -> None:
    findings = check_seed(load_seed(EXAMPLE))
    assert {finding.level for finding in findings} == {"ok"}


# Errors in the data

ERRORS = {
    "a changed score breaks its own line and the totals": (
        "criteria.yaml",
        'score: "0.8841"',
        'score: "0.8741"',
        {"total", "short:ST-2024-TC-01", "field-score:1", "group-score:appraisal", "subtotal-score:1.2.1.1"},
    ),
    "a changed maximum": (
        "criteria.yaml",
        'max: "1.0000"',
        'max: "1.1000"',
        {"total", "short:ST-2024-TC-01", "subtotal-max:1.2.1.1"},
    ),
    "a criterion in another field": (
        "criteria.yaml",
        "kind: appraised\n    group: appraisal\n    field: 1",
        "kind: appraised\n    group: appraisal\n    field: 2",
        {"field-score:1", "field-score:2", "subtotal-max:1.2.1.1", "subtotal-max:1.2.1.2"},
    ),
    "a published total": ("assessment.yaml", 'exact: "84.8272"', 'exact: "84.8372"', {"total", "kind-exact-sum"}),
    "a printed total": ("assessment.yaml", 'printed: "84.83"', 'printed: "84.93"', {"total-printed"}),
    "a field's maximum": ("fields.yaml", 'max: "9.50"', 'max: "9.00"', {"field-max-sum", "field-score:1"}),
    "a group's maximum": ("assessment.yaml", 'max: "61.50"', 'max: "61.00"', {"group-max-sum", "kind-max:appraised"}),
    "a printed field score": ("fields.yaml", 'score: "9.37"', 'score: "9.38"', {"field-score:1"}),
    "a printed rate": ("fields.yaml", 'rate: "98.63"', 'rate: "98.64"', {"field-rate:1"}),
    "a rate of the year before": ("fields.yaml", 'rate: "95.01"', 'rate: "95.21"', {"field-previous-rate:1"}),
    "a rank": ("fields.yaml", "rank: 33", "rank: 34", {"field-change-rank:1"}),
    "a count in the report's words": ("assessment.yaml", "zero: 6", "zero: 7", {"stated-zero:appraised"}),
    "a subtotal": ("fields.yaml", 'short: "0.535"', 'short: "0.536"', {"subtotal-short:1.2.2.1"}),
    "a share": ("shares.yaml", "quantity: 129", "quantity: 128", {"share-total:ho-so-tre-hen"}),
    "a full list with another total": (
        "shares.yaml",
        "total: 19",
        "total: 20",
        {"share-total:can-bo-xa-chua-dat-chuan"},
    ),
    "a printed sum": ("checks.yaml", 'printed: "1.05"', 'printed: "1.06"', {"sum:giam-hai-long-phan-anh-kien-nghi"}),
    "a printed rate of counts": ("checks.yaml", "part: 110", "part: 111", {"rate:phong-dung-dinh-muc"}),
    "a misspelt unit": ("shares.yaml", "printed_as: Kế Sách", "printed_as: Kê Sách", {"spelling:ST-2024-TC-07.04"}),
}


@pytest.mark.parametrize("name", ERRORS)
def test_an_error_in_the_data_is_named_with_file_place_and_advice(tmp_path: Path, name: str) -> None:
    file, old, new, expected = ERRORS[name]
    findings = lint_changed(tmp_path, file, old, new)
    errors = {finding.check: finding for finding in of_level(findings, "error")}
    assert has_errors(findings)
    assert expected <= errors.keys()
    for check in expected:
        assert re.match(r"[\w-]+\.yaml dòng \d+, \w+", errors[check].place)
        assert "đối chiếu ra" in errors[check].message
        assert f"check: {check}." in errors[check].message


def test_an_error_is_placed_at_the_figure_that_does_not_fit(tmp_path: Path) -> None:
    findings = lint_changed(tmp_path, "criteria.yaml", 'score: "0.8841"', 'score: "0.8741"')
    lines = (SEED / "criteria.yaml").read_text("utf-8").splitlines()
    line = next(number for number, text in enumerate(lines, 1) if text.startswith("    short_printed: "))
    (error,) = [finding for finding in findings if finding.check == "short:ST-2024-TC-01"]
    assert error.place == f"criteria.yaml dòng {line}, criteria[0].short_printed"
    assert error.message.startswith("Điểm chưa đạt của ST-2024-TC-01: ghi 0,12, đối chiếu ra 0,1259.")


# Benchmarks

BENCHMARKS = {
    "a mean above the scale": ('score: "88.37"', 'score: "188.37"', {"benchmark-score:Trung bình cả nước"}),
    "a rank beyond the last": ("rank: 37", "rank: 370", {"benchmark-rank:Tỉnh Hòa Bình"}),
    "more provinces than there are": (
        "provinces: 63",
        "provinces: 64",
        {"benchmark-provinces:Nhóm B (từ 80% đến dưới 90%)"},
    ),
    "another year": (
        'year: 2024\n    score: "88.37"',
        'year: 2023\n    score: "88.37"',
        {"benchmark-year:Trung bình cả nước"},
    ),
    "our own score": ('score: "84.83"', 'score: "85.83"', {"benchmark-self-score:Tỉnh Sóc Trăng"}),
    "our own rank": ("rank: 58", "rank: 57", {"benchmark-self-rank:Tỉnh Sóc Trăng"}),
    "a mean above the best": ('score: "88.37"', 'score: "98.37"', {"benchmark-mean:Trung bình cả nước"}),
    "a mean below everybody": ('score: "88.37"', 'score: "78.37"', {"benchmark-mean:Trung bình cả nước"}),
    "a rank that its score contradicts": ('score: "88.18"', 'score: "97.18"', {"benchmark-standing:Tỉnh Hòa Bình"}),
    "a rank behind ours with a better score": ("rank: 37", "rank: 60", {"benchmark-standing:Tỉnh Hòa Bình"}),
    "a threshold that ours contradicts": (
        "provinces: 63",
        "provinces: 57",
        {"benchmark-standing:Nhóm B (từ 80% đến dưới 90%)"},
    ),
}


@pytest.mark.parametrize("name", BENCHMARKS)
def test_a_benchmark_that_cannot_be_true_is_named_with_file_line_and_advice(tmp_path: Path, name: str) -> None:
    old, new, expected = BENCHMARKS[name]
    findings = lint_changed(tmp_path, "benchmarks.yaml", old, new)
    errors = {finding.check: finding for finding in of_level(findings, "error")}
    assert errors.keys() == expected
    (error,) = errors.values()
    assert re.match(r"benchmarks\.yaml dòng \d+, benchmarks\[\d\]\.(score|rank|provinces|year)$", error.place)
    assert "ửa" in error.message or "xem lại nguồn" in error.message


def test_a_contradiction_between_benchmarks_says_why(tmp_path: Path) -> None:
    findings = lint_changed(tmp_path, "benchmarks.yaml", 'score: "88.18"', 'score: "97.18"')
    (error,) = of_level(findings, "error")
    assert error.message.startswith(
        "Mốc “Tỉnh Hòa Bình” so với các mốc ghi trước và kết quả công bố: ghi 97,1800 điểm, hạng 37, "
        "đối chiếu ra mâu thuẫn: Hạng 37 có điểm cao hơn một hạng đứng trên hoặc bằng. "
    )


def test_the_last_province_bounds_a_mean_from_below(tmp_path: Path) -> None:
    last = '88.18"\n    rank: 37', '84.00"\n    rank: 63'
    assert not has_errors(lint_changed(tmp_path, "benchmarks.yaml", *last))
    text = (tmp_path / "seed" / "benchmarks.yaml").read_text("utf-8").replace('score: "88.37"', 'score: "83.37"')
    (tmp_path / "seed" / "benchmarks.yaml").write_text(text, "utf-8")
    (error,) = of_level(check_seed(load_seed(tmp_path / "seed")), "error")
    assert "từ 83,9950 đến 96,1750 theo các mốc khác" in error.message


def test_a_published_total_without_rank_leaves_benchmarks_to_themselves(tmp_path: Path) -> None:
    findings = lint_changed(tmp_path, "assessment.yaml", "    rank: 58\n", "")
    assert not [finding for finding in of_level(findings, "error") if finding.check.startswith("benchmark")]


def test_no_note_excuses_what_is_impossible(tmp_path: Path) -> None:
    copy = Path(shutil.copytree(SEED, tmp_path / "seed"))
    marks, notes = copy / "benchmarks.yaml", copy / "source_notes.yaml"
    marks.write_text(marks.read_text("utf-8").replace("rank: 37", "rank: 370"), "utf-8")
    note = (
        "  - code: hang-370\n    title: Hạng 370\n    kept: Giữ\n    mismatches:\n"
        '      - { check: "benchmark-rank:Tỉnh Hòa Bình", printed: "370", computed: 1–63 }\n'
    )
    notes.write_text(notes.read_text("utf-8") + note, "utf-8")
    errors = {finding.check: finding.message for finding in of_level(check_seed(load_seed(copy)), "error")}
    assert errors.keys() == {"benchmark-rank:Tỉnh Hòa Bình", "hang-370"}
    assert "ghi chú không giải thích được" in errors["hang-370"]


def test_a_note_may_keep_two_sources_that_contradict_each_other(tmp_path: Path) -> None:
    copy = Path(shutil.copytree(SEED, tmp_path / "seed"))
    marks, notes = copy / "benchmarks.yaml", copy / "source_notes.yaml"
    marks.write_text(marks.read_text("utf-8").replace('score: "84.83"', 'score: "85.83"'), "utf-8")
    note = (
        "  - code: diem-khac\n    title: Hai nguồn khác nhau\n    kept: Giữ\n    mismatches:\n"
        '      - { check: "benchmark-self-score:Tỉnh Sóc Trăng", printed: "85,8300", computed: "84,83" }\n'
    )
    notes.write_text(notes.read_text("utf-8") + note, "utf-8")
    findings = check_seed(load_seed(copy))
    assert not has_errors(findings)
    assert "diem-khac" in {finding.check for finding in of_level(findings, "warning")}


# Source notes cannot hide what they do not say


def test_a_note_with_other_figures_confirms_nothing(tmp_path: Path) -> None:
    findings = lint_changed(tmp_path, "shares.yaml", "quantity: 129", "quantity: 128")
    errors = [finding for finding in of_level(findings, "error") if finding.check == "ho-so-tre-hen"]
    assert [error.place.split(", ")[1] for error in errors] == ["source_notes[0].mismatches[0]"]
    assert "nhưng nay là 2.217 và 2.589" in errors[0].message


def test_a_note_on_figures_that_agree_is_stale(tmp_path: Path) -> None:
    findings = lint_changed(tmp_path, "checks.yaml", 'printed: "0.26"', 'printed: "0.25"')
    (error,) = of_level(findings, "error")
    assert error.check == "giam-0-25-khong-phai-0-26"
    assert "số liệu nay đã khớp" in error.message


def test_a_note_on_an_unknown_check_is_an_error(tmp_path: Path) -> None:
    findings = lint_changed(tmp_path, "source_notes.yaml", "check: field-sum", "check: field-summ")
    assert {finding.check for finding in of_level(findings, "error")} == {"field-sum", "linh-vuc-cong-84-82"}
    assert any("không có phép kiểm tra `field-summ`" in finding.message for finding in findings)


def test_a_contradiction_without_its_note_is_an_error(tmp_path: Path) -> None:
    noted = {mismatch.check for note in load_seed(SEED).source_notes for mismatch in note.mismatches}
    copy = Path(shutil.copytree(SEED, tmp_path / "seed"))
    (copy / "source_notes.yaml").unlink()
    findings = check_seed(load_seed(copy))
    assert of_level(findings, "warning") == []
    assert {finding.check for finding in of_level(findings, "error")} == noted


def test_errors_come_first(tmp_path: Path) -> None:
    findings = lint_changed(tmp_path, "fields.yaml", "rank: 33", "rank: 34")
    order = [finding.level for finding in findings]
    assert order == sorted(order, key=["error", "warning", "ok"].index)


def test_linting_leaves_the_seed_alone() -> None:
    seed = load_seed(SEED)
    before = seed.model_dump_json()
    assert check_seed(seed) == check_seed(seed)
    assert seed.model_dump_json() == before
