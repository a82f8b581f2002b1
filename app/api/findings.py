"""What pydantic finds wrong with a request: one finding for each field, in Vietnamese, with what is allowed there."""

import inspect
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import lru_cache, partial
from typing import Any, Final

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from pydantic import TypeAdapter

Path = tuple[str | int, ...]
Limits = Callable[[], Mapping[str, Any]]

PLACES: Final = ("body", "query", "path", "header")
MOST_NAME: Final = 100
"""Characters of a name that are repeated: it may come from the request."""

KINDS: Final[Mapping[str, str]] = {
    "string_type": "chuỗi trong ngoặc kép",
    "int_type": "số nguyên",
    "int_parsing": "số nguyên",
    "int_from_float": "số nguyên",
    "bool_type": "true hoặc false",
    "bool_parsing": "true hoặc false",
    "date_type": "ngày dạng 2025-07-01",
    "date_parsing": "ngày dạng 2025-07-01",
    "date_from_datetime_parsing": "ngày dạng 2025-07-01",
    "date_from_datetime_inexact": "ngày dạng 2025-07-01",
    "datetime_type": "thời điểm dạng 2025-07-01T08:00:00Z",
    "datetime_parsing": "thời điểm dạng 2025-07-01T08:00:00Z",
    "dict_type": "một đối tượng JSON",
    "model_attributes_type": "một đối tượng JSON",
    "model_type": "một đối tượng JSON",
    "list_type": "một danh sách",
}
"""What a value should have been. Where a field takes several kinds, pydantic finds fault once for each."""

WORDS: Final[Mapping[str, str]] = {
    "missing": "còn thiếu",
    "extra_forbidden": "không có trường này; hãy bỏ đi hoặc sửa lại tên",
    "string_too_long": "dài quá, tối đa {max_length} ký tự",
    "string_too_short": "phải có ít nhất {min_length} ký tự",
    "string_pattern_mismatch": "không đúng mẫu",
    "string_unicode": "có ký tự không hợp lệ (không phải Unicode)",
    "int_parsing_size": "số quá lớn",
    "too_long": "có quá nhiều phần tử, tối đa {max_length}",
    "too_short": "phải có ít nhất {min_length} phần tử",
}
_BOUNDS: Final = ("ge", "le", "gt", "lt")


def findings(error: RequestValidationError, request: Request) -> list[dict[str, str]]:
    """`{"field", "message"}` in the order in which fields were first found at fault. `field` is the path of names and
    positions in what was sent, without the marks that pydantic sets for the kinds a field may take."""
    found: dict[Path, list[Any]] = {}
    for one in error.errors():
        found.setdefault(_path(one, _source(one["loc"], error, request)), []).append(one)
    schema = _schema_of(request)
    return [
        {"field": _spelt(path), "message": _message(group, partial(_limits, schema, path))}
        for path, group in found.items()
    ]


# Where


def _source(loc: Path, error: RequestValidationError, request: Request) -> Any:
    """What the path leads through; None where that is not known."""
    if loc and loc[0] == "body":
        return error.body
    sources = {"query": request.query_params, "path": request.path_params, "header": request.headers}
    return sources.get(str(loc[0])) if loc else None


def _path(error: Any, source: Any) -> Path:
    """Names and positions that really stand in the request, and at the end the name of what is missing there."""
    loc: Path = error["loc"]
    if error["type"] == "json_invalid":
        return ()
    if not loc or loc[0] not in PLACES:
        return tuple(part for part in loc if part != "[key]")
    steps, last = loc[1:], len(loc) - 2
    path: list[str | int] = []
    for position, part in enumerate(steps):
        inside, source = _inside(source, part)
        if inside or (error["type"] == "missing" and position == last):
            path.append(part)
    return tuple(path)


def _inside(source: Any, part: str | int) -> tuple[bool, Any]:
    """Whether `source` holds `part`, and what is there; otherwise `source` again."""
    if isinstance(source, Mapping) and part in source:
        return True, source[part]
    if isinstance(source, list) and isinstance(part, int) and part < len(source):
        return True, source[part]
    return False, source


def _spelt(path: Path) -> str:
    return ".".join(str(part)[:MOST_NAME] for part in path) or "body"


# What


def _message(group: list[Any], limits: Limits) -> str:
    """All that was found at one place. That a value is not of another kind does not matter where it is of one."""
    kinds = dict.fromkeys(KINDS[one["type"]] for one in group if one["type"] in KINDS)
    others = dict.fromkeys(_words(one, limits) for one in group if one["type"] not in KINDS)
    return "; ".join(others) if others else f"phải là {' hoặc '.join(kinds)}"


def _words(error: Any, limits: Limits) -> str:
    """Our own validators speak Vietnamese already."""
    kind, given = error["type"], error.get("ctx", {})
    if kind == "value_error":
        return str(error["msg"]).removeprefix("Value error, ")
    if kind in ("literal_error", "enum"):
        return f"phải là một trong {given['expected'].replace(' or ', ', ')}"
    if kind == "json_invalid":
        return "không phải JSON hợp lệ" + "".join(f", sai từ ký tự thứ {place + 1}" for place in error["loc"][1:])
    if given.keys() & set(_BOUNDS):
        return _bounds({**limits(), **given})
    if kind == "string_too_short" and given["min_length"] == 1:
        return "không được để trống"
    words = WORDS.get(kind, "không hợp lệ").format(**{name: _shown(value) for name, value in given.items()})
    return f"tên này {words}" if error["loc"][-1:] == ("[key]",) else words


def _bounds(limits: Mapping[str, Any]) -> str:
    if "ge" in limits and "le" in limits:
        return f"phải từ {_shown(limits['ge'])} đến {_shown(limits['le'])}"
    signs = {"ge": "≥", "le": "≤", "gt": ">", "lt": "<"}
    return "phải " + " và ".join(f"{sign} {_shown(limits[name])}" for name, sign in signs.items() if name in limits)


def _shown(value: Any) -> str:
    return f"{value:,}".replace(",", ".") if isinstance(value, int) else str(value)


# Both ends of a range, where pydantic names only the one that was passed


def _schema_of(request: Request) -> Mapping[str, Any]:
    """The JSON schema of the route's body; empty where it has none."""
    endpoint = request.scope.get("endpoint")
    body = inspect.signature(endpoint).parameters.get("body") if endpoint else None
    return {} if body is None else _schema(body.annotation)


@lru_cache(maxsize=200)
def _schema(annotation: Any) -> Mapping[str, Any]:
    return TypeAdapter(annotation).json_schema()


def _limits(schema: Mapping[str, Any], path: Path) -> Mapping[str, Any]:
    nodes: list[Mapping[str, Any]] = [schema]
    for part in path:
        nodes = [child for node in nodes for one in _kinds(node, schema) for child in _children(one, part)]
    names = (("minimum", "ge"), ("maximum", "le"))
    found = (one for node in nodes for one in _kinds(node, schema))
    return {bound: one[name] for one in found for name, bound in names if name in one}


def _kinds(node: Mapping[str, Any], schema: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    if "$ref" in node:
        yield from _kinds(schema["$defs"][node["$ref"].rpartition("/")[2]], schema)
    elif "anyOf" in node:
        for one in node["anyOf"]:
            yield from _kinds(one, schema)
    else:
        yield node


def _children(node: Mapping[str, Any], part: str | int) -> Iterable[Mapping[str, Any]]:
    child = node.get("items") if isinstance(part, int) else node.get("properties", {}).get(part)
    return [child] if isinstance(child, Mapping) else []
