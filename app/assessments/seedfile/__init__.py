"""A seed: one assessment of any province and year, as files that people can read and correct.

`load_seed` takes a folder (its *.yaml files are one document) or one file with the same keys. A seed that loads has the
right form and no dangling names; whether its figures add up is for `app.assessments.lint`.
"""

from collections.abc import Iterable
from pathlib import Path

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from app.assessments.seedfile.reading import Document, Route, read_document, refuse
from app.assessments.seedfile.references import check_references
from app.assessments.seedfile.schema import Seed, Share, with_document

__all__ = ["Document", "Seed", "Share", "load_seed", "read_seed"]

FORM = {
    "missing": "thiếu khóa này; bổ sung.",
    "extra_forbidden": "không có khóa này trong mẫu; sửa chính tả hoặc bỏ.",
    "model_type": "cần một nhóm khóa; xem docs/seed-format.md.",
    "list_type": "cần một danh sách, mỗi mục một dòng bắt đầu bằng `- `.",
    "too_short": "danh sách đang trống; bổ sung ít nhất một mục.",
}


def load_seed(path: Path) -> Seed:
    """Read and check a seed. `"*"` among agencies has been replaced by every other agency.

    SeedInvalid lists every error found, one a line: file, line, place, what to do; `extra["errors"]` is the list.
    Errors of syntax hide those of form, and those hide dangling names, because the later ones would only follow.
    """
    return read_seed(read_document(path))


def read_seed(document: Document) -> Seed:
    """The same for a document that was read from elsewhere: only strings, lists and mappings in `data`; its `place`
    tells people where a value stands."""
    try:
        seed = Seed.model_validate(document.data)
    except ValidationError as error:
        raise refuse([describe(document, one) for one in error.errors(include_url=False)]) from None
    if faults := check_references(seed):
        raise refuse([f"{document.place(route)}: {what}" for route, what in faults])
    return with_document(expand(seed), document)


def describe(document: Document, error: ErrorDetails) -> str:
    route: Route = error["loc"]
    return f"{document.place(route)}: {FORM.get(error['type'], error['msg'])}"


def expand(seed: Seed) -> Seed:
    codes = [one.code for one in seed.agencies]
    criteria = [
        one.model_copy(update={"cooperating": others(one.cooperating, codes, {one.agency})}) for one in seed.criteria
    ]
    measures = [one.model_copy(update={"agencies": others(one.agencies, codes, ())}) for one in seed.measures]
    return seed.model_copy(update={"criteria": criteria, "measures": measures})


def others(given: list[str], every: list[str], but: Iterable[str]) -> list[str]:
    return [code for code in every if code not in but] if "*" in given else given
