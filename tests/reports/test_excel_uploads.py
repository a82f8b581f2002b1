"""What people and troublemakers upload: whatever is not a plain workbook is refused in words, quickly, and in bounded
memory."""

import contextlib
import io
import time
import zipfile
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.errors import FileRefused, Problem, TooLarge
from app.reports.excel.book import new_book
from app.reports.excel.reading import KEPT, MOST_KEPT, read_once
from app.reports.excel.roundtrip.filled import read_filled
from app.reports.excel.safe import MOST, MOST_UNPACKED, open_package, safe_text
from app.reports.excel.scanning import column_letters, read_reference, scan_sheet
from app.reports.excel.sheets import read_sheets
from tests.conftest import MAY
from tests.reports.workbook_files import repacked

SHEET = "xl/worksheets/sheet1.xml"
HEAD = b'<?xml version="1.0" encoding="UTF-8"?><worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'


def plain() -> bytes:
    book = new_book("x", now=MAY)
    sheet = book.sheet("Trang", header="a", footer="b")
    sheet.write_string(0, 0, "chữ")
    sheet.write_number(1, 2, 94511)
    return book.finish()


def refused(content: bytes, name: str = "a.xlsx") -> str:
    started = time.monotonic()
    with pytest.raises((FileRefused, TooLarge)) as error:
        read_sheets(content, name, ("Trang",))
    assert time.monotonic() - started < 10
    return error.value.detail


def test_a_plain_workbook_is_read() -> None:
    _, sheets = read_sheets(plain(), "a.xlsx", ("Trang", "Không có"))
    assert list(sheets) == ["Trang"]
    assert (sheets["Trang"].text(0, 0), sheets["Trang"].text(1, 2), sheets["Trang"].text(99, 99)) == (
        "chữ",
        "94511",
        "",
    )


@pytest.mark.parametrize(
    ("part", "almost"),
    [
        (SHEET, b"<f " * 300_000),
        (SHEET, b"<f>" + b"|" * 900_000),
        ("xl/_rels/workbook.xml.rels", b"<" * 90_000),
        ("xl/_rels/workbook.xml.rels", b'<a TargetMode="External"' * 40_000),
        (SHEET, b"<c " + b" ".join(b'a%x=""' % n for n in range(120_000))),
    ],
)
def test_what_almost_is_a_tag_takes_no_time(part: str, almost: bytes) -> None:
    """A pattern that looks for whole tags in these goes on for minutes, and holds all others up."""
    assert refused(repacked(plain(), {part: lambda _: b"<a>" + almost}))


@pytest.mark.parametrize("code", [b"cmd&#x7c;'/c calc'!A0", b"CA<!-- -->LL(1)", b"WEB&#83;ERVICE(A1)"])
def test_a_formula_that_calls_is_found_in_every_spelling(code: bytes) -> None:
    sheet = HEAD + b"<sheetData><row><c><f>" + code + b"</f></c></row></sheetData></worksheet>"
    assert "công thức gọi" in refused(repacked(plain(), {SHEET: lambda _: sheet}))


def test_other_formats_are_named() -> None:
    assert "rỗng" in refused(b"")
    assert ".csv" in refused(b"ma,ten\n1,2\n", "a.csv")
    assert "không phải tệp Excel" in refused(b"%PDF-1.7")
    ole = bytes.fromhex("d0cf11e0a1b11ae1") + b"\x00" * 600
    assert ".xls" in refused(ole, "a.xls")
    assert "mật khẩu" in refused(ole + "EncryptedPackage".encode("utf-16-le"))
    assert ".ods" in refused(
        _zip({"mimetype": b"application/vnd.oasis.opendocument.spreadsheet", "content.xml": b"<a/>"})
    )
    assert "Word" in refused(_zip({"word/document.xml": b"<a/>", "[Content_Types].xml": b"<a/>"}))
    assert ".xlsb" in refused(_zip({"xl/workbook.bin": b"x"}))
    assert "bị hỏng" in refused(plain()[:-40])


def _zip(parts: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, part in parts.items():
            packed.writestr(name, part)
    return out.getvalue()


@pytest.mark.parametrize(
    ("part", "word"),
    [
        ("xl__vbaProject.bin", "macro"),
        ("xl__externalLinks__externalLink1.xml", "liên kết"),
        ("xl__embeddings__oleObject1.bin", "OLE"),
        ("xl__activeX__activeX1.xml", "ActiveX"),
        ("xl__connections.xml", "kết nối dữ liệu"),
        ("xl__macrosheets__sheet1.xml", "macro"),
    ],
)
def test_macros_links_and_embedded_objects_are_refused(part: str, word: str) -> None:
    assert word in refused(repacked(plain(), {}, **{part: b"<x/>"}))


def test_a_macro_workbook_by_its_types_alone() -> None:
    mime = b"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"
    macro = b"application/vnd.ms-excel.sheet.macroEnabled.main+xml"
    assert ".xlsm" in refused(repacked(plain(), {"[Content_Types].xml": lambda part: part.replace(mime, macro)}))


def test_external_data_is_refused_but_a_hyperlink_is_not() -> None:
    rels = (
        b'<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId9" '
        b'Type="http://x/relationships/%s" Target="http://example.org" TargetMode="External"/></Relationships>'
    )
    part = "xl__worksheets___rels__sheet9.xml.rels"
    assert "bên ngoài" in refused(repacked(plain(), {}, **{part: rels % b"attachedTemplate"}))
    open_package(repacked(plain(), {}, **{part: rels % b"hyperlink"}), "a.xlsx")


@pytest.mark.parametrize(
    ("part", "markup"),
    [
        (SHEET, b"<row><c><f>cmd|'/C calc'!A0</f></c></row></sheetData>"),
        (SHEET, b'<x:row xmlns:x="a"><x:f t="array" ref="A1">DDE|"a"!b</x:f></x:row></sheetData>'),
        (
            "xl/workbook.xml",
            b'<definedName name="_xlnm.Auto_Open" hidden="1">exec ("calc")</definedName></definedNames>',
        ),
    ],
)
def test_formulas_that_start_programs_are_refused(part: str, markup: bytes) -> None:
    tag = markup[markup.rindex(b"<") :]
    content = plain() if part == SHEET else with_names()
    assert "gọi chương trình khác" in refused(repacked(content, {part: lambda old: old.replace(tag, markup)}))


def with_names() -> bytes:
    book = new_book("x", now=MAY)
    book.sheet("Trang", header="a", footer="b").repeat_rows(0)
    return book.finish()


def test_bombs_are_refused() -> None:
    assert "giải nén" in refused(repacked(plain(), {}, **{"xl__media__a.bin": b"\x00" * (MOST_UNPACKED + 1)}))
    assert "giải nén" in refused(repacked(plain(), {}, **{"xl__media__a.bin": b"\x00" * 3_000_000}))
    assert "5 MB" in refused(plain() + b"\x00" * 5_000_000)
    assert "thành phần" in refused(_zip({f"a{number}.xml": b"<a/>" for number in range(600)}))


def test_a_directory_that_lies_about_sizes_gains_nothing() -> None:
    """The entry says 10 bytes and unfolds to millions: a reader that believes the stream would take them all."""
    content = bytearray(
        _zip({"[Content_Types].xml": b"<a/>", "xl/workbook.xml": b"<a/>", "big.xml": b"<a/>" * 2_000_000})
    )
    true = (8_000_000).to_bytes(4, "little")
    while (place := content.find(true)) >= 0:
        content[place : place + 4] = (10).to_bytes(4, "little")
    refused(bytes(content))


def test_twice_the_same_part_is_refused() -> None:
    with pytest.warns(UserWarning, match="Duplicate"):
        content = repacked(plain(), {}, **{"xl__workbook.xml": b"<other/>"})
    assert "hai thành phần cùng tên" in refused(content)


@pytest.mark.parametrize(
    "xml",
    [
        b'<!DOCTYPE a [<!ENTITY b "c">]>' + HEAD + b"<sheetData>&b;</sheetData></worksheet>",
        HEAD.decode().replace("UTF-8", "UTF-16").encode("utf-16"),
        HEAD.replace(b"UTF-8", b"UTF-7") + b"</worksheet>",
    ],
)
def test_entities_and_odd_encodings_are_refused(xml: bytes) -> None:
    assert "XML bất thường" in refused(repacked(plain(), {SHEET: lambda _: xml}))


@pytest.mark.parametrize(
    "cells",
    [
        b'<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>',
        b'<row r="1"><c r="XFD1"><v>1</v></c></row>',
        b'<row r="1">' + b"<c><v>1</v></c>" * 200 + b"</row>",
        b'<row r="999999999999"/>',
        b'<row r="1"><c r="ZZZZZ99999999999"><v>1</v></c></row>',
        b'<row r="1"><c r="A1" t="s"><v>99999</v></c></row>',
        b'<row r="1"><c r="A1"><v>1</v></row>',
    ],
)
def test_sheets_that_reach_too_far_or_are_broken(cells: bytes) -> None:
    sheet = HEAD + b"<sheetData>" + cells + b"</sheetData></worksheet>"
    assert refused(repacked(plain(), {SHEET: lambda _: sheet}))


def test_a_coloured_row_to_the_end_of_the_sheet_is_nothing() -> None:
    empty = b"".join(b'<c r="%s1" s="0"/>' % column_letters(n).encode() for n in range(16_384))
    sheet = HEAD + b'<sheetData><row r="1"><c r="A1"><v>7</v></c>' + empty[18:] + b"</row></sheetData></worksheet>"
    _, sheets = read_sheets(repacked(plain(), {SHEET: lambda _: sheet}), "a.xlsx", ("Trang",))
    assert sheets["Trang"].text(0, 0) == "7"
    assert len(sheets["Trang"].rows[0]) < 200


def test_a_sheet_of_millions_of_elements_ends_soon() -> None:
    sheet = HEAD + b"<sheetData>" + b"<a/>" * 3_000_001 + b"</sheetData></worksheet>"
    started = time.monotonic()
    with pytest.raises(FileRefused, match="quá lớn"):
        scan_sheet(sheet, "Trang")
    assert time.monotonic() - started < 20
    with pytest.raises(FileRefused, match="quá lớn"):
        scan_sheet(HEAD + b"<sheetData>" + b"<row/>" * 200_001 + b"</sheetData></worksheet>", "Trang")


def merged(*references: str) -> bytes:
    cells = "".join(f'<mergeCell ref="{one}"/>' for one in references)
    return HEAD + f"<sheetData/><mergeCells>{cells}</mergeCells></worksheet>".encode()


@pytest.mark.parametrize(
    "references",
    [[f"A{row}:B{row}" for row in range(1, 1_100)], ["A1:XFD1048576"], ["A1:CV600", "A601:CV1100"], ["A1:Q1048576"]],
    ids=["many", "everything", "much", "columns"],
)
def test_merges_are_few_and_small(references: list[str]) -> None:
    assert "gộp quá nhiều ô" in refused(repacked(plain(), {SHEET: lambda _: merged(*references)}))


def test_merged_cells_are_known() -> None:
    found = scan_sheet(merged("B2:C3", "Z9"), "Trang").merged
    assert found == {(1, 1), (1, 2), (2, 1), (2, 2), (8, 25)}


@pytest.mark.parametrize(
    ("part", "unit", "what"),
    [
        (SHEET, b'<mergeCell ref="A1:B1"/>', "ô gộp"),
        (SHEET, b"<conditionalFormatting><cfRule/></conditionalFormatting>", "định dạng có điều kiện"),
        ("xl/workbook.xml", b"<definedName/>", "vùng đặt tên"),
    ],
)
def test_what_costs_much_more_than_its_bytes_is_counted(part: str, unit: bytes, what: str) -> None:
    most = next(most for most, named in MOST.values() if named == what)
    junk = unit * (2 * most + 1)
    content = repacked(plain(), {part: lambda old: old.replace(b"</", junk + b"</", 1)})
    assert f"quá nhiều {what}" in refused(content)


def test_text_may_speak_of_anything() -> None:
    """Only markup is counted."""
    book = new_book("x", now=MAY)
    book.sheet("Trang", header="a", footer="b").write_string(0, 0, "mergeCell " * 3_000)
    _, sheets = read_sheets(book.finish(), "a.xlsx", ("Trang",))
    assert sheets["Trang"].text(0, 0).startswith("mergeCell")


@pytest.mark.parametrize("name", ["xl__media__image1.png", "xl__sst.dat", "xl__printerSettings__p.bin"])
def test_a_dtd_hides_behind_no_name(name: str) -> None:
    dtd = b" " * 5_000 + b'<!DOCTYPE a [<!ENTITY b "c">]><a/>'
    assert "XML bất thường" in refused(repacked(plain(), {}, **{name: dtd}))
    assert "XML bất thường" in refused(repacked(plain(), {}, **{name: dtd.strip().decode().encode("utf-16")}))


def test_an_upload_is_read_once() -> None:
    read: list[str] = []

    def count(content: bytes, filename: str) -> Any:
        read.append(filename)
        return SimpleNamespace(size=len(content))

    first = read_once(count, b"mot", "a.xlsx")
    assert read_once(count, b"mot", "b.xlsx") is first
    for number in range(KEPT):
        read_once(count, b"%d" % number, "c.xlsx")
    assert read_once(count, b"mot", "d.xlsx") is not first  # only the last ones are kept
    big = b"x" * (MOST_KEPT + 1)
    assert read_once(count, big, "e.xlsx") is not read_once(count, big, "e.xlsx")


def test_references() -> None:
    assert [column_letters(n) for n in (0, 25, 26, 701, 702, 16_383)] == ["A", "Z", "AA", "ZZ", "AAA", "XFD"]
    assert read_reference("$B$7") == (6, 1)
    assert read_reference("B0") is None
    assert read_reference("7B") is None


@given(st.binary(max_size=400))
def test_no_bytes_make_it_stumble(junk: bytes) -> None:
    for content in (junk, b"PK\x03\x04" + junk, plain()[:200] + junk):
        with contextlib.suppress(Problem):
            read_filled(content, "a.xlsx")


@given(st.integers(0, 8_000), st.integers(0, 255))
def test_no_damaged_byte_makes_it_stumble(place: int, value: int) -> None:
    content = bytearray(_PLAIN)
    content[place % len(content)] = value
    with contextlib.suppress(Problem):
        read_sheets(bytes(content), "a.xlsx", ("Trang",))


_PLAIN = plain()


@pytest.mark.parametrize("text", ["=1+1", "+84 909", "-1+1", "@SUM(A1)", "\tx", " =1", "|calc", "＝1", "%0"])
def test_text_that_a_spreadsheet_could_run_is_neutralised(text: str) -> None:
    assert safe_text(text) == f"'{text}"


@pytest.mark.parametrize(
    ("text", "inert"),
    [
        ("xong,=1+1,x", "xong,'=1+1,x"),
        ("xong; = 1+1", "xong;' = 1+1"),
        ('xong,"=1+1', "xong,'\"=1+1"),
        ("a\n=1+1\t@SUM(A1)", "a\n'=1+1\t'@SUM(A1)"),
        ("a,-cmd|' /C calc'!A0", "a,'-cmd|' /C calc'!A0"),
        ("a;+1+HYPERLINK(A1)", "a;'+1+HYPERLINK(A1)"),
        ("=a,=b", "'=a,'=b"),
        ("\r=1", "'\r'=1"),
    ],
)
def test_a_cell_that_another_separator_would_begin_is_neutralised_too(text: str, inert: str) -> None:
    assert safe_text(text) == inert


LIST = "Gồm:\n- Kế hoạch 12/KH-SNV; -0,06 điểm\n+ 84 909 (máy), a@b.vn\n|x"


@pytest.mark.parametrize("text", ["", "chữ", "-0,06", "+3,13", "-94.511,5", "1=1", "'=1", "a@b", LIST])
def test_other_text_stays(text: str) -> None:
    assert safe_text(text) == text
