"""What an uploaded Word template may be made of, and what it may compute; nothing here needs a database."""

import io
import zipfile
from datetime import UTC, datetime

import docx
import pytest
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls, qn
from lxml import etree  # type: ignore[import-untyped]  # it ships no types

from app.errors import Conflict, FileRefused, InvalidInput, Problem, TooLarge
from app.reports.plain_xml import is_plain_xml
from app.reports.word import apart, checking, fields, making, package, rendering, templates
from tests.reports.word_files import committed, edited, repacked, saved

DAY = datetime(2025, 6, 24, tzinfo=UTC)
WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
STRICT = "http://purl.oclc.org/ooxml/wordprocessingml/main"
RELATION = b"http://schemas.openxmlformats.org/officeDocument/2006/relationships/"
RELS = b'<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">%b</Relationships>'
LINK = b'<Relationship Id="rId99" Type="%b" Target="%b" TargetMode="External"/>'
INSIDE = b'<Relationship Id="rId99" Type="%b" Target="%b"/>'
TYPES = "[Content_Types].xml"


def part(inner: str, space: str = WORD, prefix: str = "w") -> bytes:
    spaces = f'xmlns:{prefix}="{space}" xmlns:v="urn:schemas-microsoft-com:vml" xmlns:x="urn:x"'
    spaces += ' xmlns:o="urn:schemas-microsoft-com:office:office"'
    return f"<{prefix}:ftr {spaces}>{inner}</{prefix}:ftr>".encode()


def typed(override: str) -> bytes:
    """The list of content types with one more in it."""
    with zipfile.ZipFile(io.BytesIO(committed("urging_letter"))) as source:
        return source.read(TYPES).replace(b"</Types>", override.encode() + b"</Types>")


def refusal(data: bytes | dict[str, bytes]) -> Problem:
    given = data if isinstance(data, bytes) else repacked("urging_letter", **data)
    with pytest.raises(Problem) as refused:
        package.check_package("mau.docx", given)
    assert type(refused.value) in (FileRefused, TooLarge)
    assert refused.value.field == "file"
    return refused.value


# Parts, relationships, elements


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"PK\x03\x04nonsense", "bị hỏng"),
        (b"plain text", "Chỉ nhận"),
        (b"x" * 2_000_001, "2 MB"),
        ({"word/vbaProject.bin": b"x"}, "macro"),
        ({"word/embeddings/oleObject1.bin": b"x"}, "đối tượng nhúng"),
        ({"word/notes/1.html": b"x"}, "đối tượng nhúng"),
        ({TYPES: typed('<Override PartName="/word/x.xml" ContentType="text/html"/>')}, "text/html"),
        ({"Word/Document.XML": b"<a/>"}, "cùng tên"),
        ({"word/_rels/f.xml.rels": RELS % (LINK % (RELATION + b"image", b"http://evil/x.png"))}, "liên kết ra ngoài"),
        ({"word/_rels/f.xml.rels": RELS % (INSIDE % (RELATION + b"image", b"file://evil/x.png"))}, "ra ngoài"),
        ({"word/_rels/f.xml.rels": RELS % (INSIDE % (RELATION + b"image", b"\\\\evil\\x.png"))}, "ra ngoài"),
        ({"word/_rels/f.xml.rels": RELS % (LINK % (RELATION + b"attachedTemplate", b"file:///n.dotm"))}, "mẫu đính"),
        ({"word/_rels/f.xml.rels": RELS % (LINK % (RELATION + b"hyperlink", b"file://server/x"))}, "ra ngoài"),
        ({"word/_rels/f.xml.rels": RELS % (INSIDE % (RELATION + b"aFChunk", b"x.xml"))}, "aFChunk"),
        ({"word/_rels/f.xml.rels": RELS % (INSIDE % (b"http://other/image", b"x.xml"))}, "không phải chữ"),
        (
            {
                "word/_rels/f.xml.rels": RELS
                % (INSIDE % (b"http://purl.oclc.org/ooxml/officeDocument/relationships/oleObject", b"x.xml"))
            },
            "oleObject",
        ),
        ({"word/x.xml": b"<a><b></a>"}, "bị hỏng"),
        ({"word/x.xml": b'<!DOCTYPE a [<!ENTITY e "x">]><a>&e;</a>'}, "DTD"),
        ({"word/x.xml": '<!DOCTYPE a [<!ENTITY e "x">]><a>&e;</a>'.encode("utf-16")}, "DTD"),
        ({"word/x.xml": part("<w:object/>")}, "đối tượng nhúng"),
        ({"word/x.xml": part("<word-2:altChunk/>", prefix="word-2")}, "altChunk"),
        ({"word/x.xml": part("<w:subDoc/>", STRICT)}, "subDoc"),
        ({"word/x.xml": part("<o:OLEObject/>")}, "OLEObject"),
        ({"word/x.xml": part('<v:imagedata src="http://evil/x.png"/>')}, "ra ngoài"),
        ({"word/x.xml": part('<v:imagedata o:href="\\\\evil\\x.png"/>')}, "ra ngoài"),
        ({"word/x.xml": part('<v:shape href="file://evil/x"/>')}, "ra ngoài"),
        ({"word/x.bin": b"\x00" * 40_000_000}, "phình"),
    ],
    ids=lambda given: given if isinstance(given, str) else "",
)
def test_templates_that_could_run_or_reach_out_are_refused(data: bytes | dict[str, bytes], said: str) -> None:
    assert said in refusal(data).detail


def test_ordinary_links_and_other_kinds_of_files_are_told_apart() -> None:
    links = RELS % (LINK % (RELATION + b"hyperlink", b"mailto:snv@example.vn"))
    drawn = part('<v:shape href="https://example.vn"><v:imagedata o:title="x"/></v:shape>')
    package.check_package(
        "mau.docx", repacked("urging_letter", **{"word/_rels/f.xml.rels": links, "word/f.xml": drawn})
    )
    with pytest.raises(FileRefused, match=r"không đúng với đuôi|là loại khác"):
        package.check_package("mau.xlsx", committed("report"))


@pytest.mark.parametrize("kind", templates.FILES)
def test_built_in_templates_and_what_the_library_makes_pass(kind: str) -> None:
    package.check_package("mau.docx", committed(kind))
    package.check_package("mau.docx", saved(docx.Document()).getvalue())


@pytest.mark.parametrize(
    ("content", "plain"),
    [
        (b"<a/>", True),
        (b'\xef\xbb\xbf<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\r\n<!-- x --><a>&lt;!DOCTYPE', True),
        (b"<a><![CDATA[<!DOCTYPE x>]]></a>", True),
        (b"<!DOCTYPE a><a/>", False),
        (b"<!--" + b" " * 9_000 + b"--><!DOCTYPE a><a/>", False),
        ("<a/>".encode("utf-16"), False),
        ("<a/>".encode("utf-16-le"), False),
        ("<a/>".encode("utf-32"), False),
        (b'<?xml version="1.0"' + b" " * 400 + b'encoding="UTF-7"?><a/>', False),
        (b"<?xml version='1.0' encoding='iso-8859-1'?><a/>", False),
        (b"<?xml version='1.0' encoding='nothing'?><a/>", False),
        ('<?xml version="1.0" encoding="cp037"?><a/>'.encode("cp037"), False),
        (b"", False),
        (b"text", False),
    ],
)
def test_plain_xml_has_no_dtd_and_no_other_encoding(content: bytes, plain: bool) -> None:
    assert is_plain_xml(content) is plain


# Fields


def mark(kind: str) -> str:
    return f'<w:r><w:fldChar w:fldCharType="{kind}"/></w:r>'


def code(text: str) -> str:
    return f"<w:r><w:instrText>{text}</w:instrText></w:r>"


def said(text: str) -> str:
    return f"<w:r><w:t>{text}</w:t></w:r>"


def field(*inside: str, result: str = "") -> str:
    return "".join([mark("begin"), *inside, mark("separate"), result, mark("end")])


def fault_of(inner: str, space: str = WORD) -> str | None:
    parser = etree.XMLParser(remove_comments=True, remove_pis=True)
    return fields.find_field_fault(etree.fromstring(part(f"<w:p>{inner}</w:p>", space), parser))


@pytest.mark.parametrize(
    "inner",
    [
        field(code(" PAGE "), result=said("2")),
        field(code(" NUM"), code("PAGES \\* MERGEFORMAT")),
        field(code(' DATE \\@ "dd/MM/yyyy" ')),
        mark("begin") + code("PAGE") + mark("end"),
        field(
            code('TOC \\o "1-3" \\h'), result=field(code('HYPERLINK \\l "_Toc1"'), result=field(code("PAGEREF _Toc1")))
        ),
        field(code('HYPERLINK "https://example.vn/a" \\o "xem" \\t "_blank"')),
        field(code('hyperlink "mailto:snv@example.vn"')),
        f"<w:ins>{mark('begin')}</w:ins><w:ins>{code('PAGE')}{mark('end')}</w:ins>",
        '<w:fldSimple w:instr=" STYLEREF 1 "><w:r><w:t>{{ issuer }}</w:t></w:r></w:fldSimple>',
        said("{% if charts %}") + field(code("PAGE"), result=said("{{ count }}")) + said("{% endif %}"),
        field(code(" ")),
    ],
)
def test_fields_that_count_date_and_refer_are_ordinary(inner: str) -> None:
    assert fault_of(inner) is None
    assert fault_of(inner, STRICT) is None


@pytest.mark.parametrize(
    ("inner", "why"),
    [
        (field(code("DDEAUTO c x")), "DDEAUTO"),
        (field(code(" DDE"), code("AUTO c")), "DDEAUTO"),
        (field(code("D<!-- x -->DE c")), "DDE"),
        (field(code("dde c")), "dde"),
        (field(code("DATEX")), "DATEX"),
        (field(code("= 1")), "= 1"),
        (field(code("IF 1 = 1 a b")), "IF"),
        (code("DDE c"), "ngoài trường"),
        ('<w:fldSimple w:instr="INCLUDEPICTURE http://x"/>', "INCLUDEPICTURE"),
        ('<w:fldSimple w:instr="{{ issuer }}"/>', "thẻ"),
        (field(code("{% if charts %}D{% endif %}DEAUTO c")), "thẻ"),
        (field(code("PAGE {"), code("{ issuer }}")), "thẻ"),
        (field(code("DATE {# "), code("#}DDE")), "thẻ"),
        (said("{%") + field(code(" if a %}DDE")), "thẻ"),
        (field(said("{% if a %}"), code("PAGE")), "nằm trong mã"),
        (field(code("REF x"), said("{{ issuer }}")), "nằm trong mã"),
        (field(field(code("QUOTE D")), code("DE c")), "lồng"),
        (field(code("PAGE"), '<w:fldSimple w:instr="PAGE"/>'), "lồng"),
        (field(code("D"), f"<x:a>{code('ATE ')}</x:a>", code("DEAUTO")), "chia cắt"),
        (field(code("D"), f"<w:ins>{code('ATE ')}</w:ins>", code("DEAUTO")), "chia cắt"),
        (field("<w:r><w:instrText>D<x:a>ATE </x:a>DE</w:instrText></w:r>"), "chia cắt"),
        (field("<w:r><w:delInstrText>PAGE</w:delInstrText></w:r>"), "theo dõi thay đổi"),
        (mark("begin") + code("PAGE"), "chưa khép"),
        (mark("end"), "mở đầu"),
        (mark("{{ kind }}"), "không hợp lệ"),
        (field(code('HYPERLINK "file://server/x"')), "ra ngoài"),
        (field(code("HYPERLINK \\\\\\\\server\\\\x")), "ra ngoài"),
        (field(code("HYPERLINK “\\\\server\\x”")), "ra ngoài"),
        (field(code('HYPERLINK \\l \\\\server\\x "https://a"')), "ra ngoài"),
        (field(code('HYPERLINK "https://a" "C:\\x.exe"')), "ra ngoài"),
        (field(code("PAGE")) * 4_000, "quá nhiều"),
    ],
)
def test_fields_that_reach_out_or_that_tags_could_change_are_refused(inner: str, why: str) -> None:
    for space in (WORD, STRICT):
        fault = fault_of(inner, space)
        assert fault is not None
        assert why in fault


def choosing_template() -> bytes:
    """Harmless as it stands; filling it in takes away the paragraph in which the code of a field ended."""
    document = docx.Document()
    for inner in (
        mark("begin") + code("REF x"),
        mark("separate") + said("{%p if true %}"),
        said("AUTO c"),
        said("{%p endif %}"),
        mark("end"),
    ):
        document.element.body.insert_element_before(parse_xml(f"<w:p {nsdecls('w')}>{inner}</w:p>"), "w:sectPr")
    return saved(document).getvalue()


def test_what_a_template_makes_is_looked_through_too() -> None:
    data = choosing_template()
    package.check_package("mau.docx", data)
    with pytest.raises(FileRefused, match="mã trường"):
        checking.check_template("report", "mau.docx", data, ({}, {}), made_at=DAY)
    stored = templates.Template("report", "cũ.docx", data, built_in=False)
    with pytest.raises(Conflict, match=r"Mẫu “cũ.docx”.*mã trường.*dùng lại mẫu gốc"):
        making._filled(stored, [({}, {})], made_at=DAY)


def test_a_part_of_too_many_tags_is_not_even_parsed(monkeypatch: pytest.MonkeyPatch) -> None:
    made = saved(docx.Document()).getvalue()
    package.check_finished(made)
    monkeypatch.setattr(package, "MOST_TAGS", 50)
    with pytest.raises(FileRefused, match="quá nhiều thành phần"):
        package.check_finished(made)


def test_a_choice_between_whole_fields_comes_out_whole() -> None:
    document = docx.Document()
    for inner in (said("{%p if not gone %}"), field(code(" PAGE "), result=said("{{ n }}")), said("{%p endif %}")):
        document.element.body.insert_element_before(parse_xml(f"<w:p {nsdecls('w')}>{inner}</w:p>"), "w:sectPr")
    data = saved(document).getvalue()
    package.check_package("mau.docx", data)
    made = rendering.render(data, {"gone": False, "n": "7"}, made_at=DAY)
    package.check_finished(made)
    assert [one.text for one in docx.Document(io.BytesIO(made)).element.iter(qn("w:instrText"))] == [" PAGE "]


# What tags may compute


@pytest.mark.parametrize(
    "tag",
    [
        "{{ 9**99999999 }}",
        "{{ 'x' * 999999999 }}",
        "{{ '%999999999d' % 1 }}",
        "{{ tasks * 99999999 }}",
        "{{ range(999999999) }}",
        "{{ 'x'.center(999999999) }}",
        "{{ '{:>999999999}'.format(1) }}",
        "{{ 1 // 3 }}",
        "{% set x = 'a' %}",
        "{% macro m() %}a{% endmacro %}",
        "{% filter upper %}a{% endfilter %}",
        "{% include 'x' %}",
        "{% block a %}a{% endblock %}",
        "{% autoescape false %}a{% endautoescape %}",
    ],
)
def test_tags_loop_and_choose_and_compute_nothing_large(tag: str) -> None:
    data = edited("urging_letter", "{{ recipient }}", tag)
    with pytest.raises(rendering.TemplateFault, match="không được phép") as fault:
        rendering.render(data, {"index_year": "2024", "recipient": "A", "tasks": ["a"]}, made_at=DAY)
    assert "Kính gửi" in fault.value.where


@pytest.mark.parametrize("tag", ["{{ 'x'|center(999999999) }}", "{{ 'x'|indent(99) }}", "{{ 'x'|format(1) }}"])
def test_filters_with_widths_are_none(tag: str) -> None:
    with pytest.raises(rendering.TemplateFault, match="Không có bộ lọc"):
        rendering.render(edited("urging_letter", "{{ recipient }}", tag), {"index_year": "2024"}, made_at=DAY)


def test_loops_choices_comparisons_and_joining_stay() -> None:
    made = rendering.environment().from_string(
        "{% for one in all[:2] if one.n != '0' %}{{ loop.index + 1 }}{{ ': ' ~ one.n|default('x')|upper }}"
        "{% if not loop.last and one.n is defined %}, {% else %}.{% endif %}{% endfor %}"
        "{{ 'có' if all|length > 1 else 'không' }}"
    )
    assert made.render(all=[{"n": "a"}, {"n": "b"}, {"n": "c"}]) == "2: A, 3: B.có"


def test_a_template_that_computes_too_long_is_refused_when_it_is_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []

    def endless(*_given: object, seconds: int, **_named: object) -> list[bytes]:
        asked.append(seconds)
        raise apart._too_much(seconds)

    monkeypatch.setattr(checking, "render_apart", endless)
    with pytest.raises(InvalidInput, match=r"quá \d giây.*xem lại các vòng lặp"):
        checking.check_template("report", "mau.docx", committed("report"), ({}, {}), made_at=DAY)
    assert asked == [apart.TRYING]
    assert apart.TRYING <= 5
    assert apart.TRYING < apart.seconds_for(1) < apart.seconds_for(100) == apart.MOST_SECONDS
