"""Building blocks of a page in the layout of Nghị định 30/2020/NĐ-CP, Appendix I. Sizes in points and millimetres."""

import re
from collections.abc import Sequence
from typing import Any, Final

from docx import Document
from docx.document import Document as Doc
from docx.enum.section import WD_ORIENT, WD_SECTION
from docx.enum.style import WD_STYLE_TYPE
from docx.enum.table import WD_CELL_VERTICAL_ALIGNMENT, WD_TABLE_ALIGNMENT
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.section import Section
from docx.shared import Mm, Pt
from docx.styles.style import ParagraphStyle
from docx.table import Table, _Cell, _Row
from docx.text.paragraph import Paragraph

FONT: Final = "Times New Roman"
PAGE: Final = (210, 297)
TOP, BOTTOM, LEFT, RIGHT = 20, 20, 30, 15
"""Margins: 20–25, 20–25, 30–35 and 15–20 are allowed."""
NUMBER_AT: Final = 10
"""From the upper edge to the page number, which stands in the upper margin."""
PORTRAIT: Final = PAGE[0] - LEFT - RIGHT
LANDSCAPE: Final = PAGE[1] - LEFT - RIGHT
INDENT: Final = 12.7
CENTER, JUSTIFY, START, END = (
    WD_ALIGN_PARAGRAPH.CENTER,
    WD_ALIGN_PARAGRAPH.JUSTIFY,
    WD_ALIGN_PARAGRAPH.LEFT,
    WD_ALIGN_PARAGRAPH.RIGHT,
)
BODY, ITEM, PLAIN, CELL, CELL_MID, CELL_HEAD, CAPTION = (
    "Noi dung",
    "Gach dau dong",
    "Dong don",
    "O bang",
    "O bang giua",
    "Dau bang",
    "Ten bang",
)
"""Names of our own styles, without accents: some programs still garble accented ones."""
_KEPT: Final = {"Normal", "Header", "Footer", "Heading 1", "Heading 2", "Heading 3"}
_FONTS: Final = ("w:ascii", "w:hAnsi", "w:cs", "w:eastAsia")
_THEMED: Final = ("w:asciiTheme", "w:hAnsiTheme", "w:cstheme", "w:eastAsiaTheme")


# The document and its styles


def new_document() -> Doc:
    """An empty A4 page with our styles and no others."""
    document = Document()
    for style in list(document.styles):
        if style.type is not None and style.name not in _KEPT and not _is_default(style):
            style.delete()
    _set_defaults(document)
    _set_styles(document)
    for part in document.part.package.iter_parts():
        if str(part.partname).startswith("/word/theme/"):
            part._blob = re.sub(rb'(<a:latin typeface=")[^"]*', rb"\1" + FONT.encode(), part.blob)
    _set_compatibility(document)
    _drop_thumbnail(document)
    set_page(document.sections[0], landscape=False)
    return document


def _drop_thumbnail(document: Doc) -> None:
    """The library's own empty page."""
    links = document.part.package.rels
    for name in [name for name, link in links.items() if link.reltype.endswith("/thumbnail")]:
        links.pop(name)


def _is_default(style: Any) -> bool:
    return bool(style.element.get(qn("w:default")) == "1")


def _set_defaults(document: Doc) -> None:
    defaults = document.styles.element.find(qn("w:docDefaults"))
    properties = defaults.find(f"{qn('w:rPrDefault')}/{qn('w:rPr')}")
    for child in list(properties):
        properties.remove(child)
    set_font(properties)
    properties.append(made("w:sz", val="28"))
    properties.append(made("w:szCs", val="28"))
    properties.append(made("w:lang", val="vi-VN", eastAsia="vi-VN", bidi="ar-SA"))


def set_font(properties: Any) -> None:
    """Times New Roman for every script; a theme's font would win over a named one."""
    fonts = properties.find(qn("w:rFonts"))
    if fonts is None:
        fonts = made("w:rFonts")
        properties.insert(0, fonts)
    for name in _THEMED:
        fonts.attrib.pop(qn(name), None)
    for name in _FONTS:
        fonts.set(qn(name), FONT)


def _set_styles(document: Doc) -> None:
    normal = _restyled(document, "Normal", size=14)
    normal.paragraph_format.space_after = Pt(0)
    _restyled(document, "Header", size=14).paragraph_format.alignment = CENTER
    _restyled(document, "Footer", size=14)
    for name, italic in (("Heading 1", False), ("Heading 2", False), ("Heading 3", True)):
        heading = _restyled(document, name, size=14, bold=True, italic=italic)
        _set_paragraph(heading, JUSTIFY, before=6, after=6, indent=INDENT)
        heading.paragraph_format.keep_with_next = True
    _added(document, BODY, JUSTIFY, size=14, after=6, indent=INDENT, line=1.15)
    _added(document, ITEM, JUSTIFY, size=14, after=3, indent=INDENT, line=1.1)
    _added(document, PLAIN, CENTER, size=14)
    _added(document, CELL, START, size=11, before=1, after=1)
    _added(document, CELL_MID, CENTER, size=11, before=1, after=1)
    _added(document, CELL_HEAD, CENTER, size=11, before=1, after=1, bold=True)
    _added(document, CAPTION, CENTER, size=13, before=6, after=3, bold=True).paragraph_format.keep_with_next = True


def _restyled(
    document: Doc, name: str, *, size: float, bold: bool | None = None, italic: bool | None = None
) -> ParagraphStyle:
    style = document.styles[name]
    assert isinstance(style, ParagraphStyle)
    properties = style.element.get_or_add_rPr()
    for child in list(properties):
        properties.remove(child)
    style.font.size, style.font.bold, style.font.italic = Pt(size), bold, italic
    set_font(properties)
    return style


def _added(
    document: Doc,
    name: str,
    alignment: WD_ALIGN_PARAGRAPH,
    *,
    size: float,
    before: float = 0,
    after: float = 0,
    indent: float = 0,
    line: float = 1,
    bold: bool = False,
) -> ParagraphStyle:
    style = document.styles.add_style(name, WD_STYLE_TYPE.PARAGRAPH)
    assert isinstance(style, ParagraphStyle)
    style.base_style = document.styles["Normal"]
    style.font.size = Pt(size)
    style.font.bold = bold or None
    set_font(style.element.get_or_add_rPr())
    _set_paragraph(style, alignment, before=before, after=after, indent=indent, line=line)
    return style


def _set_paragraph(
    style: ParagraphStyle,
    alignment: WD_ALIGN_PARAGRAPH,
    *,
    before: float = 0,
    after: float = 0,
    indent: float = 0,
    line: float = 1,
) -> None:
    form = style.paragraph_format
    form.alignment, form.line_spacing = alignment, line
    form.space_before, form.space_after, form.first_line_indent = Pt(before), Pt(after), Mm(indent)


def _set_compatibility(document: Doc) -> None:
    """A line that ends in a line break is not stretched to the margin."""
    settings = document.settings.element
    for old in settings.findall(qn("w:compat")):
        settings.remove(old)
    compat = made("w:compat")
    compat.append(made("w:doNotExpandShiftReturn"))
    mode = made("w:compatSetting", name="compatibilityMode", uri="http://schemas.microsoft.com/office/word", val="15")
    compat.append(mode)
    settings.insert(_place_of_compat(settings), compat)


def _place_of_compat(settings: Any) -> int:
    """The schema wants an order: after footnote properties, before document variables, rsids, math and theme."""
    later = {"docVars", "rsids", "mathPr", "attachedSchema", "themeFontLang", "clrSchemeMapping", "shapeDefaults"}
    later |= {"doNotIncludeSubdocsInStats", "decimalSymbol", "listSeparator", "captions", "hdrShapeDefaults"}
    names = [child.tag.rsplit("}", 1)[-1] for child in settings]
    return next((index for index, name in enumerate(names) if name in later), len(names))


# Pages


def set_page(section: Section, *, landscape: bool) -> None:
    width, height = PAGE[::-1] if landscape else PAGE
    section.orientation = WD_ORIENT.LANDSCAPE if landscape else WD_ORIENT.PORTRAIT
    section.page_width, section.page_height = Mm(width), Mm(height)
    section.top_margin, section.bottom_margin = Mm(TOP), Mm(BOTTOM)
    section.left_margin, section.right_margin = Mm(LEFT), Mm(RIGHT)
    section.header_distance = section.footer_distance = Mm(NUMBER_AT)


def next_section(document: Doc, *, landscape: bool, restart: bool = False) -> Section:
    """A new page; `restart`: its pages count from 1 again and the first shows no number, as those of an annex."""
    section: Section = document.add_section(WD_SECTION.NEW_PAGE)
    set_page(section, landscape=landscape)
    section.different_first_page_header_footer = restart
    for old in section._sectPr.findall(qn("w:pgNumType")):
        section._sectPr.remove(old)
    if restart:
        numbers = made("w:pgNumType", start="1")
        section._sectPr.find(qn("w:pgMar")).addnext(numbers)
    return section


def number_pages(document: Doc) -> None:
    """Centred in the upper margin; the first page shows none."""
    first = document.sections[0]
    first.different_first_page_header_footer = True
    first.first_page_header.is_linked_to_previous = False
    paragraph = first.header.paragraphs[0]
    paragraph.style = document.styles["Header"]
    for kind, text in (("begin", ""), ("", " PAGE "), ("separate", ""), ("text", "2"), ("end", "")):
        run = paragraph.add_run(text if kind == "text" else "")
        if kind in ("begin", "separate", "end"):
            run._r.append(made("w:fldChar", fldCharType=kind))
        elif not kind:
            instruction = made("w:instrText")
            instruction.text = text
            run._r.append(instruction)


# Paragraphs


def add(
    where: Doc | _Cell,
    text: str,
    style: str = BODY,
    *,
    bold: bool | None = None,
    italic: bool | None = None,
    size: float | None = None,
    before: float | None = None,
    after: float | None = None,
    align: WD_ALIGN_PARAGRAPH | None = None,
    keep: bool = False,
) -> Paragraph:
    """A paragraph; in a fresh cell its one empty paragraph is taken. `**…**` within the text is bold."""
    paragraph = _fresh(where) if isinstance(where, _Cell) else None
    paragraph = where.add_paragraph() if paragraph is None else paragraph
    paragraph.style = style
    form = paragraph.paragraph_format
    if before is not None:
        form.space_before = Pt(before)
    if after is not None:
        form.space_after = Pt(after)
    if align is not None:
        form.alignment = align
    if keep:
        form.keep_with_next = True
    for index, part in enumerate(text.split("**")):
        if part:
            run = paragraph.add_run(part)
            run.bold = True if index % 2 else bold
            run.italic = italic
            run.font.size = Pt(size) if size else None
    return paragraph


def _fresh(cell: _Cell) -> Paragraph | None:
    only = cell.paragraphs[0]
    return only if len(cell.paragraphs) == 1 and not only.text and only.style and only.style.name == "Normal" else None


def add_rule(where: Doc | _Cell, length: float, width: float, *, after: float = 0) -> None:
    """A solid line of `length` mm in the middle of `width` mm, as under the names of agencies and the motto."""
    paragraph = add(where, "", PLAIN)
    form = paragraph.paragraph_format
    form.left_indent = form.right_indent = Mm((width - length) / 2)
    form.space_before, form.space_after, form.line_spacing = Pt(3), Pt(after), Pt(3)
    borders = made("w:pBdr")
    borders.append(made("w:top", val="single", sz="6", space="1", color="000000"))
    _insert_border(paragraph, borders)
    mark = made("w:rPr")
    mark.append(made("w:sz", val="4"))
    paragraph._p.get_or_add_pPr().append(mark)


def _insert_border(paragraph: Paragraph, borders: Any) -> None:
    """Before spacing and indents, as the schema orders them."""
    properties = paragraph._p.get_or_add_pPr()
    for name in ("w:shd", "w:tabs", "w:spacing", "w:ind", "w:jc"):
        found = properties.find(qn(name))
        if found is not None:
            found.addprevious(borders)
            return
    properties.append(borders)


# Tables


def add_grid(document: Doc, widths: Sequence[float], *, lines: bool) -> Table:
    """A table without rows of fixed column widths in mm; without `lines` it only places texts."""
    table: Table = document.add_table(rows=0, cols=len(widths))
    table.alignment = WD_TABLE_ALIGNMENT.CENTER
    table.autofit = False
    properties = table._tbl.tblPr
    for old in properties.findall(qn("w:tblStyle")):
        properties.remove(old)
    width = properties.find(qn("w:tblW"))
    if width is None:
        width = made("w:tblW")
        properties.insert(0, width)
    width.set(qn("w:w"), str(_twips(sum(widths))))
    width.set(qn("w:type"), "dxa")
    layout = properties.find(qn("w:tblLayout"))
    if lines:
        layout.addprevious(_borders())
    layout.addnext(_cell_margins(1.2 if lines else 0))
    for column, given in zip(table._tbl.tblGrid.findall(qn("w:gridCol")), widths, strict=True):
        column.set(qn("w:w"), str(_twips(given)))
    return table


def _borders() -> Any:
    borders = made("w:tblBorders")
    for side in ("top", "left", "bottom", "right", "insideH", "insideV"):
        borders.append(made(f"w:{side}", val="single", sz="4", space="0", color="000000"))
    return borders


def _cell_margins(sides: float) -> Any:
    margins = made("w:tblCellMar")
    for side in ("left", "right"):
        margins.append(made(f"w:{side}", w=str(_twips(sides)), type="dxa"))
    return margins


def add_row(
    table: Table,
    texts: Sequence[str],
    styles: Sequence[str],
    *,
    bold: bool = False,
    head: bool = False,
    span: tuple[int, int] | None = None,
) -> _Row:
    """`head`: repeated on each page. `span`: from the first to the last column that become one cell."""
    row: _Row = table.add_row()  # type: ignore[no-untyped-call]  # the library's own gap
    widths = [int(column.get(qn("w:w"))) for column in table._tbl.tblGrid.findall(qn("w:gridCol"))]
    for cell, width in zip(row.cells, widths, strict=True):
        _set_cell_width(cell, width)
    if span is not None:
        row.cells[span[0]].merge(row.cells[span[1]])
    for index, (text, style) in enumerate(zip(texts, styles, strict=True)):
        if span is None or index <= span[0] or index > span[1]:
            cell = row.cells[index]
            add(cell, text, style, bold=True if bold else None)
            cell.vertical_alignment = WD_CELL_VERTICAL_ALIGNMENT.CENTER if head else WD_CELL_VERTICAL_ALIGNMENT.TOP
    properties = row._tr.get_or_add_trPr()
    properties.append(made("w:cantSplit"))
    if head:
        properties.append(made("w:tblHeader"))
    return row


def add_tag_row(table: Table, tag: str) -> None:
    """A row that holds only a loop's or condition's tag: filling in takes it away."""
    count = len(table.columns)
    add_row(table, [tag, *[""] * (count - 1)], [CELL] * count, span=(0, count - 1))


def _set_cell_width(cell: _Cell, twips: int) -> None:
    width = cell._tc.get_or_add_tcPr().get_or_add_tcW()
    width.set(qn("w:w"), str(twips))
    width.set(qn("w:type"), "dxa")


# XML


def made(tag: str, /, **attributes: str) -> Any:
    """An element of the `w:` namespace with attributes of the same."""
    element = OxmlElement(tag)
    for key, value in attributes.items():
        element.set(qn(f"w:{key}"), value)
    return element


def _twips(millimetres: float) -> int:
    return round(millimetres / 25.4 * 1440)
