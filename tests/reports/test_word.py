"""The Word documents as somebody opens them: layout, fonts, blocks, tables, and that texts come out as written."""

import io
import re
import shutil
import subprocess
import unicodedata
import zipfile
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import docx
import pytest
from docx.document import Document as Doc
from docx.enum.section import WD_ORIENT
from docx.oxml.ns import qn
from sqlalchemy import update

from app import tasks
from app.errors import Conflict, Forbidden, InvalidInput, NotFound
from app.models import events, reports
from app.models import tasks as task_table
from app.reports.charts import Chart
from app.reports.charts.rendering import DrawingFailed
from app.reports.word import (
    checking,
    content,
    dossier,
    layout,
    letters,
    making,
    pictures,
    rendering,
    scaffold,
    tags,
    templates,
)
from app.reports.word.pictures import TALLEST, WIDTH, _width
from app.settings import ROOT
from app.tasks import Update
from tests.conftest import MAY, World
from tests.programs import SOFFICE, require
from tests.reports.word_files import edited, saved, text_of

SOC_TRANG = "soc-trang-2024"
JUNE = MAY.replace(month=6, day=24)
TEXTS = {"reason": "Chưa kết nối đủ", "progress": "Đã kết nối thêm", "remedy": "Hoàn thành trong quý III"}


@pytest.fixture
def world(seeded: World) -> World:
    """A week before the deadline, one report handed in."""
    seeded.at(JUNE)
    report(seeded, "STP", "ST-2024-TC-03", status="submitted", texts=TEXTS, declared_score="0.8")
    return seeded


def report(world: World, who: str, code: str, **update: Any) -> None:
    version = world.read(tasks.get_task, world.actor(who), code)["version"]
    world.write(tasks.record_update, world.actor(who), code, Update(**update), version=version)


def gathered(world: World, who: str = "coordinator", **given: Any) -> making.Material:
    found: making.Material = world.read(making.gather_report, world.actor(who), SOC_TRANG, **given)
    return found


def made_report(world: World, **given: Any) -> Doc:
    return docx.Document(io.BytesIO(making.make_report(gathered(world, **given), made_at=world.now).content))


def made_letter(world: World, agency: str) -> Doc:
    material = world.read(making.gather_letters, world.actor("coordinator"), SOC_TRANG, agency=agency)
    (letter,) = making.make_letters(material, made_at=world.now)
    return docx.Document(io.BytesIO(letter.content))


def rows_of(table: Any) -> list[list[str]]:
    return [[cell.text for cell in row.cells] for row in table.rows]


def table_with(document: Doc, *heads: str) -> Any:
    return next(one for one in document.tables if set(heads) <= {cell.text for cell in one.rows[0].cells})


def criteria_tables(document: Doc) -> list[list[list[str]]]:
    return [rows_of(one) for one in document.tables if one.rows[0].cells[-1].text == "Biện pháp khắc phục, tiến độ"]


def number(text: str) -> Decimal:
    return Decimal(text.replace(".", "").replace(",", "."))


# Layout


def test_pages_have_the_size_and_margins_of_the_decree(world: World) -> None:
    for document in (made_report(world), made_letter(world, "STC")):
        for section in document.sections:
            assert section.page_width is not None
            assert section.page_height is not None
            sides = sorted((round(section.page_width.mm), round(section.page_height.mm)))
            assert sides == [210, 297]
            margins = [section.top_margin, section.bottom_margin, section.left_margin, section.right_margin]
            top, bottom, left, right = (round(one.mm) for one in margins if one is not None)
            assert 20 <= top <= 25
            assert 20 <= bottom <= 25
            assert 30 <= left <= 35
            assert 15 <= right <= 20
    turned = [section.orientation for section in made_report(world).sections]
    assert turned == [WD_ORIENT.PORTRAIT, WD_ORIENT.LANDSCAPE, WD_ORIENT.PORTRAIT, WD_ORIENT.LANDSCAPE]


def test_every_letter_is_times_new_roman(world: World) -> None:
    for document in (made_report(world), made_letter(world, "STC")):
        defaults = document.styles.element.find(f"{qn('w:docDefaults')}/{qn('w:rPrDefault')}/{qn('w:rPr')}")
        parts = [defaults, document.styles.element, document.element, *(s.header._element for s in document.sections)]
        fonts = [one for part in parts for one in part.iter(qn("w:rFonts"))]
        assert fonts
        for one in fonts:
            assert set(one.attrib.values()) == {"Times New Roman"}
        for script in ("ascii", "hAnsi", "cs", "eastAsia"):
            assert defaults.find(qn("w:rFonts")).get(qn(f"w:{script}")) == "Times New Roman"
        with zipfile.ZipFile(saved(document)) as package:
            theme = package.read("word/theme/theme1.xml").decode()
        assert set(re.findall(r'<a:latin typeface="([^"]*)"', theme)) == {"Times New Roman"}


def test_the_report_has_every_block_of_the_decree(world: World) -> None:
    document = made_report(world)
    text = text_of(document)
    for block in (
        "UBND TỈNH SÓC TRĂNG",
        "SỞ NỘI VỤ",
        "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM",
        "Độc lập - Tự do - Hạnh phúc",
        "/BC-SNV",
        "tháng 6 năm 2025",
        "BÁO CÁO",
        "Kính gửi: Ủy ban nhân dân tỉnh Sóc Trăng",
        "Quyết định số 268/QĐ-BNV ngày 28 tháng 3 năm 2025 của Bộ Nội vụ",
        "Nơi nhận:",
        "GIÁM ĐỐC",
        "./.",
        "Phụ lục",
    ):
        assert block in text
    title = next(one for one in document.paragraphs if one.text == "BÁO CÁO")
    assert (title.runs[0].bold, title.runs[0].font.size, title.alignment) == (True, layout.Pt(14), None)
    assert "{{" not in text
    assert "{%" not in text
    assert document.core_properties.title == "Chỉ số cải cách hành chính tỉnh Sóc Trăng năm 2024"


def test_titles_have_the_sizes_of_the_decree(world: World) -> None:
    head = made_report(world).tables[0]
    parent, nation = head.rows[0].cells
    sizes = {
        run.text: (run.font.size.pt, bool(run.bold))
        for cell in (parent, nation)
        for p in cell.paragraphs
        for run in p.runs
    }
    assert sizes == {
        "UBND TỈNH SÓC TRĂNG": (13, False),
        "SỞ NỘI VỤ": (13, True),
        "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM": (13, True),
        "Độc lập - Tự do - Hạnh phúc": (14, True),
    }
    dated = head.rows[1].cells[1].paragraphs[0].runs[0]
    assert (dated.italic, dated.font.size.pt) == (True, 14)


def test_the_body_is_justified_indented_and_of_14_points(world: World) -> None:
    style: Any = made_report(world).styles[layout.BODY]
    form = style.paragraph_format
    assert (style.font.size.pt, form.alignment) == (14, layout.JUSTIFY)
    assert 10 <= form.first_line_indent.mm <= 12.7
    assert form.space_after.pt >= 6
    assert 1 <= form.line_spacing <= 1.5


def test_pages_are_numbered_above_the_text_but_the_first(world: World) -> None:
    for document in (made_report(world), made_letter(world, "STC")):
        first = document.sections[0]
        assert first.different_first_page_header_footer
        assert " PAGE " in "".join(one.text for one in first.header._element.iter(qn("w:instrText")))
        assert first.first_page_header._element.find(f".//{qn('w:instrText')}") is None
    annex = made_report(world).sections[-1]
    assert annex._sectPr.find(qn("w:pgNumType")).get(qn("w:start")) == "1"


def test_heads_of_tables_repeat_and_short_rows_stay_whole(world: World) -> None:
    for document in (made_report(world), made_letter(world, "STC")):
        lined = [one for one in document.tables if one._tbl.tblPr.find(qn("w:tblBorders")) is not None]
        assert lined
        for table in lined:
            assert table.rows[0]._tr.trPr.find(qn("w:tblHeader")) is not None
            assert all(row._tr.trPr.find(qn("w:cantSplit")) is not None for row in table.rows)


def test_small_tables_may_break_but_leave_no_sum_alone(world: World) -> None:
    """A table that is kept whole leaves up to a third of a page blank."""
    table = table_with(made_report(world), "Cơ quan", "Quá hạn")
    kept = [all(p.paragraph_format.keep_with_next for c in row.cells for p in c.paragraphs) for row in table.rows]
    assert kept == [True, False, False, False, False, True, False]


def test_the_chart_of_fields_stands_where_the_page_has_room_for_it(world: World) -> None:
    """After the page is turned, and before the table, which may break."""
    texts = [one.text for one in made_report(world).paragraphs]
    assert texts.index("Biểu đồ tỷ lệ điểm theo lĩnh vực") < texts.index("Điểm theo lĩnh vực")


# Content


def test_tables_of_criteria_have_the_rows_and_sums_of_the_report_of_2024(world: World) -> None:
    appraised, survey = criteria_tables(made_report(world))
    for table, kind, rows in ((appraised, "appraised", 21), (survey, "survey", 27)):
        own = [row for row in table if row[0].startswith("(")]
        assert [row[0] for row in own] == [f"({place})" for place in range(1, rows + 1)]
        sums = [sum(number(row[column]) for row in own) for column in (2, 3)]
        total = table[-1]
        assert total[1] == "Tổng cộng"
        assert [number(total[2]), number(total[3])] == [sums[0], round(sums[1], 2 if kind == "appraised" else 4)]
    assert [row[:5] for row in appraised if row[0] == "1.2.1.1"] == [
        ["1.2.1.1", "Công tác chỉ đạo, điều hành cải cách hành chính", "2,50", "2,37", "0,13"]
    ]
    assert appraised[2][:6] == [
        "(1)",
        "Xử lý các vấn đề phát hiện qua kiểm tra cải cách hành chính",
        "1,00",
        "0,8841",
        "0,12",
        "Sở Nội vụ",
    ]
    assert [row[0] for row in appraised if row[0].startswith("1.")] == [f"1.2.1.{place}" for place in range(1, 9)]
    assert [row[0] for row in survey if row[0].startswith("1.")] == [f"1.2.2.{place}" for place in range(1, 7)]
    assert survey[-1][2:5] == ["32,00", "26,8603", "5,1397"]
    assert appraised[-1][4] == "10,03"


def test_the_report_says_what_stands_and_what_is_expected(world: World) -> None:
    report(world, "SKHCN", "ST-2024-TC-16", status="in_progress", texts={"remedy": "Mở thêm dịch vụ"}, percent=40)
    document = made_report(world)
    text = text_of(document)
    assert "đạt 84,83/100,00 điểm, xếp hạng 58/63" in text
    assert "85,20 (tăng 0,37 điểm so với công bố)" in text
    assert "So với Nhóm A (từ 90% trở lên), mốc 90,00 điểm: điểm công bố còn thiếu 5,17 điểm" in text
    assert "48 nhiệm vụ khắc phục" in text
    assert "không có nhiệm vụ quá hạn" in text
    appraised, _survey = criteria_tables(document)
    (third,) = (row for row in appraised if row[0] == "(3)")
    assert third[6:8] == ["Chờ xác nhận", "0,8000"]
    assert "Hoàn thành trong quý III" in third[8]
    (sixteenth,) = (row for row in appraised if row[0] == "(16)")
    assert sixteenth[5] == "Sở Khoa học và Công nghệ (trước đây: Sở Thông tin và Truyền thông)"
    assert sixteenth[8] == "Biện pháp: Mở thêm dịch vụ\nĐã thực hiện 40%."


def test_each_agency_has_its_tasks_in_the_annex_and_each_unit_its_shares(world: World) -> None:
    document = made_report(world)
    annexed = [one for one in document.tables if "Báo cáo giải trình" in rows_of(one)[0]]
    assert sum(len(one.rows) - 1 for one in annexed) == 48
    held = [one for one in document.tables if "Số lượng theo báo cáo" in rows_of(one)[0]]
    shares = [row for one in held for row in rows_of(one)[1:] if row[0].isdigit()]
    assert len(shares) == len(gathered(world).dossier.shares) == 51
    text = text_of(document)
    for heading in ("1. Sở Nội vụ", "Ủy ban nhân dân huyện Mỹ Xuyên", "921 hồ sơ"):
        assert heading in text


def test_overdue_tasks_are_named_on_the_day_they_become_overdue(world: World) -> None:
    world.at(JUNE + timedelta(days=7))
    text = text_of(made_report(world))
    assert "47 nhiệm vụ quá hạn" in text
    assert "trước ngày 01/07/2025\n(quá hạn 1 ngày)" in text
    assert "Đề nghị Ủy ban nhân dân tỉnh Sóc Trăng chỉ đạo Sở" in text


def test_a_past_day_has_its_own_figures_and_no_later_texts(world: World) -> None:
    before = text_of(made_report(world, as_of=(JUNE - timedelta(days=1)).date()))
    assert "Đến ngày 23/06/2025" in before
    assert "Hoàn thành trong quý III" not in before
    assert "cập nhật sau ngày lấy số liệu" in before
    assert "45 nhiệm vụ" not in before
    with pytest.raises(InvalidInput):
        made_report(world, as_of=date(2030, 1, 1))


def test_the_mandate_is_named_once_there_is_one(world: World) -> None:
    from app.assessments.read import change_assessment

    change = {"mandate": {"number": "1234/QĐ-UBND", "date": date(2025, 5, 2)}}
    world.write(change_assessment, world.actor("coordinator"), SOC_TRANG, change, version=None)
    assert "Văn bản số 1234/QĐ-UBND ngày 02 tháng 5 năm 2025" in text_of(made_report(world))


def test_charts_stand_in_the_report(world: World) -> None:
    assert len(made_report(world).inline_shapes) >= 3


def test_a_report_without_charts_is_better_than_none(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_given: Any, **_named: Any) -> bytes:
        raise DrawingFailed("x")

    monkeypatch.setattr(pictures, "as_png", fail)
    document = made_report(world)
    assert len(document.inline_shapes) == 0
    assert "Biểu đồ" not in text_of(document)


def test_agencies_get_neither_report_nor_letters(world: World) -> None:
    for gather in (making.gather_report, making.gather_letters):
        with pytest.raises(Forbidden):
            world.read(gather, world.actor("STP"), SOC_TRANG)
        for who in ("leadership", "admin"):
            assert world.read(gather, world.actor(who), SOC_TRANG).dossier.day == JUNE.date()


# Letters


def test_a_letter_names_what_is_owed_by_when(world: World) -> None:
    document = made_letter(world, "STP")
    text = text_of(document)
    assert "Kính gửi: Sở Tư pháp" in text
    assert "/SNV-CCHC" in text
    assert "V/v đôn đốc" in text
    table = rows_of(table_with(document, "Nhiệm vụ khắc phục", "Nội dung còn thiếu"))
    assert len(table) == 1 + 4  # one of five was handed in
    assert table[1][3:] == ["trước ngày 01/07/2025\n(còn 7 ngày)", "Chưa có báo cáo giải trình"]
    assert "trước ngày 01/07/2025 đối với nội dung chưa đến hạn" in text
    assert "chậm nhất ngày" not in text


def test_a_letter_after_the_deadline_asks_for_an_answer_within_five_working_days(world: World) -> None:
    world.at(JUNE + timedelta(days=9))
    text = text_of(made_letter(world, "STP"))
    assert "04 nhiệm vụ đã quá hạn" in text
    assert "chậm nhất ngày 10/07/2025" in text
    assert "(quá hạn 3 ngày)" in text


def test_a_returned_report_is_asked_for_in_the_words_of_the_review(world: World) -> None:
    from app.tasks import Decision, review

    version = world.read(tasks.get_task, world.actor("coordinator"), "ST-2024-TC-03")["version"]
    decision = Decision("returned", comment="Thiếu văn bản xử lý", resubmit_before=JUNE.date() + timedelta(days=5))
    world.write(review, world.actor("coordinator"), "ST-2024-TC-03", decision, version=version)
    assert "Bổ sung, hoàn thiện theo yêu cầu: “Thiếu văn bản xử lý”" in text_of(made_letter(world, "STP"))


def test_units_with_shares_alone_get_a_letter_about_those(world: World) -> None:
    document = made_letter(world, "HMX")
    text = text_of(document)
    assert "Kính gửi: Ủy ban nhân dân huyện Mỹ Xuyên" in text
    assert "921 hồ sơ" in text
    assert "nhiệm vụ chưa nộp báo cáo" not in text


def test_who_owes_what_is_one_list_and_one_archive(world: World) -> None:
    material = world.read(making.gather_letters, world.actor("coordinator"), SOC_TRANG)
    codes = [one.code for one in material.owing]
    assert codes[:2] == ["STC", "SKHCN"]
    assert "SNV" not in codes
    assert [len(one.tasks) for one in material.owing if one.code == "STP"] == [4]
    packed = making.make_letters_zip(material, made_at=world.now)
    with zipfile.ZipFile(io.BytesIO(packed.content)) as archive:
        assert len(archive.namelist()) == len(codes)
        assert "Kính gửi: Sở Tài chính" in text_of(docx.Document(archive.open(archive.namelist()[0])))


def test_letters_go_neither_to_oneself_nor_to_who_owes_nothing_nor_to_nobody(world: World) -> None:
    for agency, wrong in (("SNV", Conflict), ("NOPE", NotFound)):
        with pytest.raises(wrong):
            made_letter(world, agency)
    world.at(MAY - timedelta(days=15))  # more than the first milestone before the deadline
    with pytest.raises(Conflict):
        made_letter(world, "STC")
    with pytest.raises(Conflict):
        making.make_letters_zip(
            world.read(making.gather_letters, world.actor("coordinator"), SOC_TRANG), made_at=world.now
        )


# What people write

NASTY = [
    "{{ 7*7 }} {% for a in b %}",
    "{_{ 7*7 }_} {_% x %_}",
    "<w:p><w:r/></w:p> &amp; &lt; \"'",
    "a & b < c > d",
    "\x00\x0b\x1f\ufffe\u202eẩn",
    unicodedata.normalize("NFD", "Tiếng Việt có dấu"),
    "dòng một\ndòng hai\tsau tab",
    "Ạ" * 10_000,
    "=1+1",
    "${jndi} %s %(x)s {0}",
]


@pytest.mark.parametrize("nasty", NASTY, ids=range(len(NASTY)))
def test_texts_come_out_as_they_were_written(world: World, nasty: str) -> None:
    """Also such as no form lets in: old rows may hold them."""
    with world.db.transaction() as connection:
        found = nasty.replace("\x00", "") if not world.db.sqlite else nasty
        connection.execute(update(reports).values(reason=found, progress=found, remedy=found, difficulties=found))
    wanted = unicodedata.normalize("NFC", re.sub(r"[\x00\x0b\x1f\u202e\ufffe]", "", nasty)).replace("\t", " ")
    assert wanted in text_of(made_report(world))


def test_long_texts_may_run_over_the_page(world: World) -> None:
    with world.db.transaction() as connection:
        connection.execute(update(reports).values(remedy="rất dài " * 300))
    document = made_report(world)
    split = [
        row
        for one in document.tables
        for row in one.rows
        if row._tr.trPr is not None and row._tr.trPr.find(qn("w:cantSplit")) is None
    ]
    assert len(split) == 1


# Templates


@pytest.mark.parametrize("kind", scaffold.FILES)
def test_the_committed_template_is_what_the_scaffold_makes(kind: str) -> None:
    committed = (scaffold.FOLDER / scaffold.FILES[kind]).read_bytes()
    with (
        zipfile.ZipFile(io.BytesIO(committed)) as left,
        zipfile.ZipFile(io.BytesIO(scaffold.make_template(kind))) as right,
    ):
        assert left.namelist() == right.namelist()
        for name in left.namelist():
            assert left.read(name) == right.read(name), f"{name}: run python -m app.reports.word.scaffold"


def job_of(world: World, kind: str) -> Any:
    return making.sample_job(world.read(making.gather_sample, world.actor("coordinator"), SOC_TRANG, kind))


@pytest.mark.parametrize("kind", scaffold.FILES)
def test_every_tag_is_listed_and_every_listed_tag_is_there(world: World, kind: str) -> None:
    world.at(JUNE + timedelta(days=9))  # so that there are overdue tasks, and difficulties
    report(world, "SKHCN", "ST-2024-TC-16", status="in_progress", texts={"difficulties": "Thiếu kinh phí"})
    given, pictures = job_of(world, kind)
    given = {**given, "charts": dict.fromkeys(("total", "fields", "agencies", "trend"), "")}
    assert set(pictures) <= set(given["charts"])
    given["contact"] = {"name": "A", "email": "a@example.vn"}
    listed: set[str] = set()
    for part in tags.TAGS[kind]:
        known = dict(given)
        for loop in loops_of(part, tags.TAGS[kind]):
            name, _, path = loop.partition(" in ")
            known[name] = at(known, path)[0]
            listed.add(path.split(".")[0])
        for tag in part.tags:
            assert at(known, tag) is not None, tag
        listed |= {tag.split(".")[0] for tag in part.tags}
    assert set(given) - listed <= ({"contact"} if kind == "report" else {"charts"})


def loops_of(part: tags.Part, parts: tuple[tags.Part, ...]) -> Iterator[str]:
    """The loops around a part, the outermost first: `part in appraised.groups`, then `one in part.criteria`."""
    if not part.loop:
        return
    start = part.loop.partition(" in ")[2].split(".")[0]
    for other in reversed(parts[: parts.index(part)]):
        if other.loop.startswith(f"{start} in "):
            yield from loops_of(other, parts)
            break
    yield part.loop


def at(content: Any, path: str) -> Any:
    for name in path.split("."):
        content = content[name]
    return content


def test_the_documentation_lists_every_tag() -> None:
    text = (ROOT / "docs" / "documents.md").read_text()
    for parts in tags.TAGS.values():
        for part in parts:
            assert not part.loop or f"`{part.loop}`" in text, part.loop
            for tag in part.tags:
                assert f"`{tag}`" in text, tag


def check(world: World, data: bytes, kind: str = "urging_letter", name: str = "mau.docx") -> checking.Checked:
    return checking.check_template(kind, name, data, job_of(world, kind), made_at=world.now)


def test_an_edited_template_takes_the_place_of_the_built_in_one_and_goes_again(world: World) -> None:
    coordinator = world.actor("coordinator")
    checked = check(world, edited("urging_letter", "Kính gửi:", "Trân trọng kính gửi:"), name="C:\\tmp\\mẫu mới.docx")
    found = world.write(templates.replace_template, coordinator, checked)
    assert (found.filename, found.built_in, found.by) == ("mẫu mới.docx", False, "coordinator")
    assert "Trân trọng kính gửi: Sở Tài chính" in text_of(made_letter(world, "STC"))
    world.write(templates.replace_template, coordinator, check(world, edited("urging_letter", "Kính gửi", "Gửi")))
    assert "Gửi: Sở Tài chính" in text_of(made_letter(world, "STC"))
    assert world.write(templates.reset_template, coordinator, "urging_letter").built_in
    world.write(templates.reset_template, coordinator, "urging_letter")
    assert "Kính gửi: Sở Tài chính" in text_of(made_letter(world, "STC"))
    with world.db.snapshot() as connection:
        rows = connection.execute(events.select().where(events.c.entity == "document_template")).all()
    assert [row.action.split(".")[1] for row in rows] == ["replaced", "replaced", "reset"]
    assert rows[1].before["filename"] == "mẫu mới.docx"
    assert "content" not in rows[0].after


def test_only_the_coordinator_edits_templates(world: World) -> None:
    checked = checking.Checked("report", "x.docx", b"")
    for who in ("STP", "leadership", "admin"):
        with pytest.raises(Forbidden):
            world.write(templates.replace_template, world.actor(who), checked)
        with pytest.raises(Forbidden):
            world.write(templates.reset_template, world.actor(who), "report")
    with pytest.raises(NotFound):
        world.read(templates.get_template, world.actor("coordinator"), "nothing")


@pytest.mark.parametrize(
    ("new", "said"),
    [
        (
            "{{ recipent }}",
            "Không có thẻ “recipent” (thân văn bản, gần đoạn “Kính gửi: {{ recipent }}”). Có phải là “recipient”?",
        ),
        ("{{ recipient", "sai"),
        ("{% for a in tasks %}", "sai"),
        ("{%tr for a in tasks %}", "không khớp với thẻ mở"),
        ("{{ recipient.__class__.__mro__ }}", "không được phép"),
        ("{{ tasks.append(1) }}", "không được phép"),
        ("{{ recipient|safe }}", "Không có bộ lọc “safe”"),
        ("{% nothing %}", "Không có lệnh “nothing”"),
        ("{{ range(10) }}", "không được phép"),
        ("{% include 'x' %}", "không được phép"),
        ("{{ 1/0 }}", "không được phép"),
        ("{{ 1 - tasks }}", "không tính được"),
    ],
)
def test_a_template_that_cannot_be_filled_in_is_refused_with_the_tag_and_the_place(
    world: World, new: str, said: str
) -> None:
    with pytest.raises(InvalidInput) as refused:
        check(world, edited("urging_letter", "{{ recipient }}", new))
    assert said in refused.value.detail
    assert refused.value.field == "file"


def test_a_template_that_loops_for_ever_is_stopped(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    inner = "{% for a in tasks %}" * 9 + "x" + "{% endfor %}" * 9
    data = edited("urging_letter", "Kính gửi: {{ recipient }}", inner)
    from app.reports.word import apart

    with pytest.raises(rendering.TemplateFault, match="quá 2 giây"):
        apart.render_apart(data, [job_of(world, "urging_letter")], made_at=world.now, seconds=2)


def test_a_template_that_no_longer_fits_is_told_and_the_built_in_one_helps(world: World) -> None:
    coordinator = world.actor("coordinator")
    checked = checking.Checked("report", "cu.docx", edited("report", "{{ as_of }}", "{{ gone }}"))
    world.write(templates.replace_template, coordinator, checked)
    with pytest.raises(Conflict, match=r"Mẫu “cu.docx”.*“gone”.*dùng lại mẫu gốc"):
        made_report(world)
    world.write(templates.reset_template, coordinator, "report")
    assert made_report(world)


# As somebody prints it


@pytest.fixture
def soffice() -> str:
    return require(SOFFICE, "LibreOffice")


def test_libreoffice_prints_pages_of_a4(world: World, soffice: str, tmp_path: Path) -> None:
    (tmp_path / "report.docx").write_bytes(making.make_report(gathered(world), made_at=world.now).content)
    (tmp_path / "letter.docx").write_bytes(saved(made_letter(world, "STC")).getvalue())
    subprocess.run(
        [
            soffice,
            f"-env:UserInstallation=file://{tmp_path}/profile",
            "--headless",
            "--convert-to",
            "pdf",
            "--outdir",
            str(tmp_path),
            str(tmp_path / "report.docx"),
            str(tmp_path / "letter.docx"),
        ],
        check=True,
        capture_output=True,
        timeout=180,
    )
    report_pages, letter_pages = (page_sizes(tmp_path / f"{name}.pdf") for name in ("report", "letter"))
    assert set(letter_pages) == {(595, 842)}
    assert len(letter_pages) == 2
    assert report_pages[0] == (595, 842)
    assert set(report_pages) == {(595, 842), (842, 595)}
    assert 15 <= len(report_pages) <= 35


def page_sizes(pdf: Path) -> list[tuple[int, int]]:
    pdfinfo = shutil.which("pdfinfo")
    if pdfinfo is None:
        pytest.skip("pdfinfo is not installed")
    told = subprocess.run([pdfinfo, "-l", "1000", str(pdf)], check=True, capture_output=True, text=True).stdout
    found = re.findall(r"Page +\d+ size: +([\d.]+) x ([\d.]+)", told)
    return [(round(float(width)), round(float(height))) for width, height in found]


def test_the_dossier_holds_a_thousand_tasks_at_most(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dossier, "MOST_TASKS", 47)
    with pytest.raises(Conflict):
        gathered(world)


def test_shares_cleared_or_not_yet_due_are_not_urged(world: World) -> None:
    found = world.read(making.gather_letters, world.actor("coordinator"), SOC_TRANG, agency="HMX").owing[0]
    done = [{**one, "done": True} for one in found.shares]
    material = world.read(dossier.gather_dossier, world.actor("coordinator"), SOC_TRANG)
    changed = dossier.Dossier(**{**{name: getattr(material, name) for name in material.__slots__}, "shares": done})
    with pytest.raises(Conflict):
        letters.find_owing(changed, "HMX")
    assert content.share_state(done[0]).startswith("Đã")


def test_accepted_and_closed_tasks_are_not_urged(world: World) -> None:
    with world.db.transaction() as connection:
        connection.execute(update(task_table).where(task_table.c.code != "ST-2024-TC-03").values(status="closed"))
    material = world.read(making.gather_letters, world.actor("coordinator"), SOC_TRANG)
    assert not any(one.tasks for one in material.owing)
    assert {share["task"]["code"] for one in material.owing for share in one.shares} == {"ST-2024-TC-03"}


def test_a_tall_chart_is_drawn_so_that_it_fits_its_page() -> None:
    usual, tall = (Chart("", "", 640, height, {}, (), ()) for height in (400, 1_200))
    assert _width("agencies", usual) == _width("fields", usual) == WIDTH
    assert _width("agencies", tall) * 1_200 / 640 <= TALLEST + 0.1
    assert _width("fields", tall) < _width("agencies", tall) < WIDTH
