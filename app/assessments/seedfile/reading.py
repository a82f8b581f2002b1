"""YAML as plain text: every scalar stays the exact string, and every value remembers its file and line.

The tree is built from parser events with an explicit stack, so nesting cannot exhaust the interpreter's stack, and
aliases are refused before anything expands. Text is composed (NFC), whatever keyboard it came from.
"""

import unicodedata
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from app.errors import SeedInvalid

MAX_BYTES = 5_000_000
MAX_FILES = 50
MAX_DEPTH = 12
SHOWN = 50

Route = tuple[str | int, ...]
Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True)
class Mark:
    file: str
    line: int
    """Counted from 1, as editors do."""


@dataclass
class Document:
    """What stands in one file or one folder: plain dicts, lists and strings, and where each of them stands."""

    data: dict[str, Any] = field(default_factory=dict)
    marks: dict[Route, Mark] = field(default_factory=dict)

    def place(self, route: Route) -> str:
        """`criteria.yaml dòng 120, criteria[3].score`; what is missing is placed at what should hold it."""
        for length in range(len(route), 0, -1):
            if mark := self.marks.get(route[:length]):
                return f"{mark.file} dòng {mark.line}, {spell(route)}"
        return spell(route)


def spell(route: Route) -> str:
    """`criteria[3].score`, counted from 0 as the schema does."""
    text = ""
    for part in route:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else str(part)
    return text


def refuse(errors: list[str]) -> SeedInvalid:
    """One error that carries all of them; the detail shows the first ones, `extra` holds every one."""
    shown = errors[:SHOWN]
    if len(errors) > SHOWN:
        shown.append(f"… và {len(errors) - SHOWN} lỗi khác.")
    return SeedInvalid("\n".join(shown), extra={"errors": errors})


def read_document(path: Path) -> Document:
    """Read one YAML file, or every *.yaml of a folder as one document spread over files."""
    document, errors = Document(), []
    for file in find_files(path):
        try:
            merge(document, read_file(file))
        except SeedInvalid as problem:
            errors += problem.extra["errors"]
    if errors:
        raise refuse(errors)
    return document


def find_files(path: Path) -> list[Path]:
    if path.is_file():
        return [path]
    if not path.is_dir():
        raise refuse([f"{path}: không có tệp hoặc thư mục này; kiểm tra lại đường dẫn."])
    files = sorted(file for file in path.iterdir() if file.suffix in (".yaml", ".yml") and file.is_file())
    if not files:
        raise refuse([f"{path}: thư mục không có tệp .yaml nào; chỉ đúng thư mục dữ liệu của kỳ đánh giá."])
    if len(files) > MAX_FILES:
        raise refuse([f"{path}: có {len(files)} tệp .yaml, tối đa {MAX_FILES}; gộp bớt tệp."])
    return files


def merge(document: Document, part: Document) -> None:
    errors = [
        f"{part.place((key,))}: khóa này đã có ở {document.place((key,))}; gộp vào một tệp."
        for key in part.data
        if key in document.data
    ]
    if errors:
        raise refuse(errors)
    document.data.update(part.data)
    document.marks.update(part.marks)


def read_file(file: Path) -> Document:
    if file.stat().st_size > MAX_BYTES:
        raise refuse([f"{file.name}: tệp lớn hơn {MAX_BYTES // 1_000_000} MB; chia nhỏ tệp hoặc bỏ phần thừa."])
    try:
        text = file.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError:
        raise refuse([f"{file.name}: không phải văn bản UTF-8; lưu lại tệp với bảng mã UTF-8."]) from None
    return read_text(unicodedata.normalize("NFC", text), file.name)


def read_text(text: str, name: str) -> Document:
    builder = Builder(name)
    try:
        for event in yaml.parse(text, Loader=Loader):
            builder.take(event)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        builder.complain(mark.line if mark else 0, f"sai cú pháp YAML ({error.problem}); {SYNTAX_ADVICE}")
    except yaml.YAMLError as error:
        builder.complain(0, f"tệp có ký tự không đọc được ({str(error).splitlines()[0]}); {SYNTAX_ADVICE}")
    except Unusable:
        pass
    if not builder.errors and not isinstance(builder.root, dict):
        builder.complain(0, "tệp phải gồm các khóa ở mức ngoài cùng, ví dụ `criteria:`; xem docs/seed-format.md.")
    if builder.errors:
        raise refuse(builder.errors)
    return Document(builder.root, builder.marks)


def line_of(event: yaml.Event) -> int:
    """From 0; events of a parser always carry a mark, its type just does not say so."""
    return event.start_mark.line if event.start_mark else 0


SYNTAX_ADVICE = "kiểm tra thụt dòng, dấu hai chấm và dấu nháy ở dòng này"


class Unusable(Exception):
    """Reading on would only produce errors that follow from the last one."""


@dataclass
class Frame:
    """A mapping or list that is still open."""

    value: dict[str, Any] | list[Any]
    route: Route
    key: str | None = None


class Builder:
    """Takes parser events one by one; collects what it can complain about without losing its place."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.root: Any = None
        self.marks: dict[Route, Mark] = {}
        self.errors: list[str] = []
        self.stack: list[Frame] = []
        self.documents = 0

    def complain(self, line: int, what: str, route: Route = ()) -> None:
        place = f"{self.name} dòng {line + 1}" + (f", {spell(route)}" if route else "")
        self.errors.append(f"{place}: {what}")

    def give_up(self, line: int, what: str) -> None:
        self.complain(line, what)
        raise Unusable

    def take(self, event: yaml.Event) -> None:
        if isinstance(event, yaml.NodeEvent):
            self.refuse_tricks(event)
        if isinstance(event, yaml.DocumentStartEvent):
            self.documents += 1
            if self.documents > 1:
                self.give_up(line_of(event), "một tệp chỉ được có một tài liệu YAML; bỏ dòng `---`.")
        elif isinstance(event, yaml.ScalarEvent):
            self.take_scalar(event)
        elif isinstance(event, yaml.MappingStartEvent):
            self.open({}, line_of(event))
        elif isinstance(event, yaml.SequenceStartEvent):
            self.open([], line_of(event))
        elif isinstance(event, yaml.CollectionEndEvent):
            self.stack.pop()

    def refuse_tricks(self, event: yaml.NodeEvent) -> None:
        line = line_of(event)
        if isinstance(event, yaml.AliasEvent) or event.anchor is not None:
            self.give_up(
                line, "không dùng neo và bí danh YAML (`&tên`, `*tên`); chép lại giá trị, hoặc đặt trong nháy."
            )
        if getattr(event, "tag", None) is not None:
            self.give_up(line, "không dùng thẻ kiểu YAML (`!…`); bỏ thẻ, hoặc đặt giá trị trong nháy.")

    def take_scalar(self, event: yaml.ScalarEvent) -> None:
        frame = self.stack[-1] if self.stack else None
        if frame is not None and isinstance(frame.value, dict) and frame.key is None:
            self.take_key(frame, event.value, line_of(event))
        else:
            self.put(event.value, line_of(event))

    def take_key(self, frame: Frame, key: str, line: int) -> None:
        route = (*frame.route, key)
        if key in frame.value:
            first = self.marks[route].line
            self.complain(line, f"khóa `{key}` lặp lại, lần đầu ở dòng {first}; giữ lại một.", route)
        frame.key = key
        self.marks.setdefault(route, Mark(self.name, line + 1))

    def open(self, value: dict[str, Any] | list[Any], line: int) -> None:
        if len(self.stack) >= MAX_DEPTH:
            self.give_up(line, f"lồng nhau quá {MAX_DEPTH} cấp; xem mẫu ở docs/seed-format.md.")
        frame = self.stack[-1] if self.stack else None
        if frame is not None and isinstance(frame.value, dict) and frame.key is None:
            self.give_up(line, "khóa phải là chữ, không phải danh sách hay nhóm khóa.")
        self.stack.append(Frame(value, self.put(value, line)))

    def put(self, value: Any, line: int) -> Route:
        """Attach a value to what is open; answers its route."""
        if not self.stack:
            self.root = value
            return ()
        frame = self.stack[-1]
        if isinstance(frame.value, dict):
            assert frame.key is not None
            route, frame.value[frame.key], frame.key = (*frame.route, frame.key), value, None
            return route
        route = (*frame.route, len(frame.value))
        frame.value.append(value)
        self.marks[route] = Mark(self.name, line + 1)
        return route
