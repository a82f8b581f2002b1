"""A criterion's rule of its year: what is measured and how it becomes a score. A rule is never guessed.

A rule is kept as a JSON-able mapping. `kind` decides the shape:

- `ratios`: `terms`, each `{"points": "0.5000", "numerator": "a", "denominator": "b"}`. Score = Σ points × num / den.
- `weighted_counts`: `total` (an input), `classes`, each `{"input": "exceeded", "points": "1.5"}`, and `refused`
  (inputs; may be missing). Score = Σ points × count / total; the classes add up to the total; a count of a refused
  class other than 0 lies outside what was observed, and there the rule gives no score.
- `declared`: no rule is known, the agency declares a score in [0, max].
- `survey`: the next survey decides; no score and no measurement is taken.

Executable rules (the first two) name their `inputs`, each `{"name", "label", "unit", "published", "optional"}`, and
say with `confidence` how far they are to be trusted: `cited` (the ministry's text stands behind it) or `reproduces`
(it fits the published figure, nobody confirmed it). Rules without a formula have the confidence `declared`.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, NamedTuple, NoReturn

from app.core.scoring.counts import canonical_count
from app.core.scoring.points import POINT, format_points, in_vietnamese, parse_points
from app.errors import InvalidInput, NegativeMeasurement, SeedInvalid

_NAME = re.compile(r"[a-z][a-z0-9_]{0,63}")
_COMMON: Final = frozenset({"kind", "inputs", "confidence", "citation"})
_KEYS: Final[Mapping[str, frozenset[str]]] = {
    "ratios": _COMMON | {"terms"},
    "weighted_counts": _COMMON | {"total", "classes", "refused"},
    "declared": _COMMON,
    "survey": _COMMON,
}
_EXECUTABLE_CONFIDENCE: Final = ("cited", "reproduces")
_MOST: Final = 100 * POINT
_MEASURE = re.compile(
    r"(?:%|‰|tỷ lệ|tỉ lệ|phần trăm|điểm|năm|quý|tháng|tuần|ngày|giờ|phút|giây|[ckm]?m[23²³]?|ha|lít|kg|tạ|tấn|[km]wh?"
    r"|[kmgt]b)(?: .*)?|(?:(?:trăm|nghìn|ngàn|triệu|tỷ|tỉ) )*đồng|vnd|usd|.+/.+"
)
"""Units of which there are parts. Whatever else a unit names is a thing that is counted."""


class Input(NamedTuple):
    """One number that an agency measures. `published` is the year's value in the report, canonical, where it stands."""

    name: str
    label: str
    unit: str = ""
    published: str | None = None
    optional: bool = False  # counts as 0 when not given

    @property
    def counted(self) -> bool:
        """Whether its unit is one of things ("hồ sơ", "văn bản"), of which there is no half."""
        unit = " ".join(self.unit.casefold().split())
        return unit != "" and not _MEASURE.fullmatch(unit)


class Term(NamedTuple):
    points: int
    numerator: str
    denominator: str


class Ratios(NamedTuple):
    terms: tuple[Term, ...]

    @property
    def best(self) -> int:
        """The most that the rule can yield, in ten-thousandths."""
        return sum(term.points for term in self.terms)


class CountClass(NamedTuple):
    input: str
    points: int


class WeightedCounts(NamedTuple):
    total: str
    classes: tuple[CountClass, ...]
    refused: tuple[str, ...] = ()

    @property
    def best(self) -> int:
        """The most that the rule can yield, in ten-thousandths: everything in the best class."""
        return self.best_class.points

    @property
    def best_class(self) -> CountClass:
        return max(self.classes, key=lambda one: one.points)


@dataclass(frozen=True, slots=True)
class Rule:
    kind: str
    inputs: tuple[Input, ...] = ()
    confidence: str = "declared"
    citation: str = ""
    formula: Ratios | WeightedCounts | None = None

    @property
    def executable(self) -> bool:
        """Whether measurements give the score. Otherwise it is declared, or comes from a survey."""
        return self.formula is not None

    @property
    def published_measurements(self) -> dict[str, str]:
        """What the report says of the inputs; an input that it does not state is missing."""
        return {one.name: one.published for one in self.inputs if one.published is not None}

    def label(self, name: str) -> str:
        """The Vietnamese name of an input of this rule; KeyError for any other name."""
        return {one.name: one.label for one in self.inputs}[name]

    def as_dict(self) -> dict[str, Any]:
        """JSON-able; `parse_rule` reads it back as an equal rule."""
        data: dict[str, Any] = {"kind": self.kind, "confidence": self.confidence, "citation": self.citation}
        if self.formula is not None:
            data["inputs"] = [one._asdict() for one in self.inputs]
            data |= _formula_as_dict(self.formula)
        return data


def _formula_as_dict(formula: Ratios | WeightedCounts) -> dict[str, Any]:
    if isinstance(formula, Ratios):
        return {"terms": [term._asdict() | {"points": format_points(term.points)} for term in formula.terms]}
    return {
        "total": formula.total,
        "classes": [one._asdict() | {"points": format_points(one.points)} for one in formula.classes],
        "refused": list(formula.refused),
    }


def parse_rule(data: Mapping[str, Any], *, max_points: int | None = None) -> Rule:
    """The rule of a mapping as described above. With `max_points` (ten-thousandths) it must not yield more than that,
    otherwise not more than 100 points.

    SeedInvalid, with a detail that names the place: unknown kind or key, wrong type, an input that is named twice, not
    defined or not used, the same ratio twice, an optional input that a division needs, points that are not positive or
    exceed the maximum, a confidence that does not fit the kind, an executable rule without citation.
    """
    kind = _text(_mapping(data, "rule"), "kind", "rule")
    if kind not in _KEYS:
        _refuse("rule.kind", f"“{kind}” không phải loại công thức; chọn một trong: {', '.join(_KEYS)}.")
    _known_keys(data, _KEYS[kind], "rule")
    if kind in ("declared", "survey"):
        return _parse_unruled(data, kind)
    confidence = _text(data, "confidence", "rule")
    if confidence not in _EXECUTABLE_CONFIDENCE:
        _refuse("rule.confidence", f"chọn một trong: {', '.join(_EXECUTABLE_CONFIDENCE)}.")
    inputs = tuple(_parse_input(one, place) for one, place in _items(data, "inputs", "rule"))
    formula = _parse_ratios(data) if kind == "ratios" else _parse_weighted_counts(data)
    _check_inputs(inputs, formula)
    check_best(formula.best, _MOST if max_points is None else max_points)
    return Rule(kind, inputs, confidence, _text(data, "citation", "rule"), formula)


def _parse_unruled(data: Mapping[str, Any], kind: str) -> Rule:
    if data.get("inputs"):
        _refuse("rule.inputs", f"loại “{kind}” không nhận số liệu; bỏ phần này.")
    if data.get("confidence", "declared") != "declared":
        _refuse("rule.confidence", f"loại “{kind}” không có công thức; ghi “declared” hoặc bỏ trống.")
    return Rule(kind, citation=_text(data, "citation", "rule", default=""))


def _parse_input(data: Any, place: str) -> Input:
    _known_keys(_mapping(data, place), frozenset(Input._fields), place)
    name = _text(data, "name", place)
    if not _NAME.fullmatch(name):
        _refuse(f"{place}.name", "chỉ dùng chữ thường không dấu, chữ số và dấu gạch dưới, tối đa 64 ký tự.")
    optional = data.get("optional", False)
    if not isinstance(optional, bool):
        _refuse(f"{place}.optional", "ghi true hoặc false.")
    published = _parse_published(data.get("published"), f"{place}.published")
    return Input(name, _text(data, "label", place), _text(data, "unit", place, default=""), published, optional)


def _parse_published(value: Any, place: str) -> str | None:
    if value is None:
        return None
    try:
        return canonical_count(value, label=place, field=place)
    except (InvalidInput, NegativeMeasurement) as problem:
        raise SeedInvalid(problem.detail, field=place) from problem


def _parse_ratios(data: Mapping[str, Any]) -> Ratios:
    terms = tuple(_parse_term(one, place) for one, place in _items(data, "terms", "rule"))
    _no_duplicates(((term.numerator, term.denominator) for term in terms), "rule.terms")
    return Ratios(terms)


def _parse_term(data: Any, place: str) -> Term:
    _known_keys(_mapping(data, place), frozenset(Term._fields), place)
    numerator, denominator = _text(data, "numerator", place), _text(data, "denominator", place)
    if numerator == denominator:
        _refuse(place, "tử số và mẫu số là cùng một số liệu.")
    return Term(_positive_points(data, place), numerator, denominator)


def _parse_weighted_counts(data: Mapping[str, Any]) -> WeightedCounts:
    classes = tuple(_parse_class(one, place) for one, place in _items(data, "classes", "rule"))
    refused = data.get("refused", [])
    if not isinstance(refused, list | tuple) or not all(isinstance(name, str) for name in refused):
        _refuse("rule.refused", "ghi danh sách tên số liệu.")
    formula = WeightedCounts(_text(data, "total", "rule"), classes, tuple(refused))
    _no_duplicates(_names(formula), "rule.classes")
    return formula


def _parse_class(data: Any, place: str) -> CountClass:
    _known_keys(_mapping(data, place), frozenset(CountClass._fields), place)
    return CountClass(_text(data, "input", place), _positive_points(data, place))


def _names(formula: Ratios | WeightedCounts) -> list[str]:
    if isinstance(formula, Ratios):
        return [name for term in formula.terms for name in (term.numerator, term.denominator)]
    return [formula.total, *(one.input for one in formula.classes), *formula.refused]


def _check_inputs(inputs: tuple[Input, ...], formula: Ratios | WeightedCounts) -> None:
    _no_duplicates((one.name for one in inputs), "rule.inputs")
    defined, named = {one.name for one in inputs}, set(_names(formula))
    if named - defined:
        _refuse("rule.inputs", f"công thức dùng số liệu chưa khai báo: {', '.join(sorted(named - defined))}.")
    if defined - named:
        _refuse("rule.inputs", f"công thức không dùng các số liệu: {', '.join(sorted(defined - named))}.")
    needed = {formula.total} if isinstance(formula, WeightedCounts) else named
    if any(one.optional and one.name in needed for one in inputs):
        _refuse("rule.inputs", "tử số, mẫu số và tổng số không được là số liệu tùy chọn.")


def check_best(best: int, most: int) -> None:
    """SeedInvalid when a formula can yield more (ten-thousandths) than its criterion allows: no score is right then."""
    if best > most:
        high, limit = in_vietnamese(format_points(best)), in_vietnamese(format_points(most))
        _refuse("rule", f"công thức cho tới {high} điểm, quá mức tối đa {limit} điểm.")


def _positive_points(data: Mapping[str, Any], place: str) -> int:
    try:
        points = parse_points(data.get("points", ""))
    except InvalidInput as problem:
        raise SeedInvalid(f"{place}.points: {problem.detail}", field=f"{place}.points") from problem
    if points <= 0:
        _refuse(f"{place}.points", "điểm phải lớn hơn 0.")
    return points


def _items(data: Mapping[str, Any], key: str, place: str) -> list[tuple[Any, str]]:
    items = data.get(key)
    if not isinstance(items, list | tuple) or not items:
        _refuse(f"{place}.{key}", "ghi một danh sách có ít nhất một mục.")
    return [(one, f"{place}.{key}[{position}]") for position, one in enumerate(items)]


def _mapping(data: Any, place: str) -> Mapping[str, Any]:
    if not isinstance(data, Mapping):
        _refuse(place, "ghi các cặp khóa và giá trị.")
    return data


def _known_keys(data: Mapping[str, Any], known: frozenset[str], place: str) -> None:
    unknown = sorted(str(key) for key in data if key not in known)
    if unknown:
        _refuse(place, f"không có khóa {', '.join(unknown)}; các khóa hợp lệ: {', '.join(sorted(known))}.")


def _text(data: Mapping[str, Any], key: str, place: str, *, default: str | None = None) -> str:
    value = data.get(key, default)
    if not isinstance(value, str) or (default is None and not value.strip()):
        _refuse(f"{place}.{key}", "ghi một chuỗi ký tự không để trống." if default is None else "ghi một chuỗi ký tự.")
    return value


def _no_duplicates(names: Iterable[Any], place: str) -> None:
    seen = list(names)
    if len(set(seen)) != len(seen):
        _refuse(place, "có mục bị lặp lại; mỗi mục chỉ ghi một lần.")


def _refuse(place: str, what: str) -> NoReturn:
    raise SeedInvalid(f"{place}: {what}", field=place)
