"""docxtpl, told to say where it failed, and what is done to the document afterwards.

Loaded with the first document: these libraries are large.
"""

import re
from html import unescape
from io import BytesIO
from typing import Any, Final

from docx.oxml.ns import qn
from docx.shared import Mm
from docxtpl import DocxTemplate, InlineImage  # type: ignore[import-untyped]  # it ships no types
from lxml import etree  # type: ignore[import-untyped]  # it ships no types

from app.reports.word.rendering import LONGEST_MARKUP, TemplateFault, fault_of

SHORT_ROW: Final = 600
"""Characters of a table row that moves to the next page as a whole; longer rows may break."""

LONGEST_PROPERTY: Final = 255
_PROPERTIES: Final = ("author", "comments", "identifier", "language", "subject", "title")


class Filled(DocxTemplate):  # type: ignore[misc]  # untyped
    """Reports faults with the paragraph they stand in, and refuses what it would otherwise silently mend."""

    def render_xml_part(self, src_xml: str, part: Any, context: Any, jinja_env: Any = None) -> str:
        lines = re.sub(r"<w:p([ >])", r"\n<w:p\1", src_xml).splitlines()
        try:
            found = str(super().render_xml_part(src_xml, part, context, jinja_env))
        except Exception as error:
            raise fault_of(error, lines, part) from error
        if len(found) > LONGEST_MARKUP:
            raise TemplateFault("Văn bản dựng ra quá lớn; hãy xem lại các vòng lặp")
        return found

    def render_properties(self, context: Any, jinja_env: Any = None) -> None:
        """Title and author are plain text: no entities, and Word takes no more than `LONGEST_PROPERTY`."""
        held = self.docx.core_properties
        for name in _PROPERTIES:
            filled = jinja_env.from_string(getattr(held, name)).render(context)
            setattr(held, name, unescape(filled)[:LONGEST_PROPERTY])

    def fix_tables(self, xml: str) -> Any:
        try:
            etree.fromstring(xml.encode())
        except etree.XMLSyntaxError:
            raise TemplateFault(
                "Có thẻ đặt sai chỗ: {%tr …%} phải nằm trong một dòng riêng của bảng, {%p …%} phải nằm trong một đoạn "
                "riêng, và mỗi thẻ mở phải có thẻ đóng cùng loại"
            ) from None
        return super().fix_tables(xml)


def inline(document: Any, png: bytes, width: float) -> Any:
    """A picture in the text, `width` in millimetres."""
    return InlineImage(document, BytesIO(png), width=Mm(width))


def keep_short_rows(body: Any) -> None:
    """Short rows stay whole, long ones may run over the page."""
    for row in body.iter(qn("w:tr")):
        length = sum(len(text.text or "") for text in row.iter(qn("w:t")))
        properties = row.find(qn("w:trPr"))
        mark = None if properties is None else properties.find(qn("w:cantSplit"))
        if length > SHORT_ROW and mark is not None:
            properties.remove(mark)


def keep_last_rows(body: Any) -> None:
    """The last two rows of a table with a repeated head stay together: sums do not stand alone on a page."""
    for table in body.iter(qn("w:tbl")):
        rows = table.findall(qn("w:tr"))
        if len(rows) > 2 and rows[0].find(f"{qn('w:trPr')}/{qn('w:tblHeader')}") is not None:
            for paragraph in rows[-2].iter(qn("w:p")):
                paragraph.get_or_add_pPr().get_or_add_keepNext()
