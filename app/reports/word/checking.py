"""Whether an uploaded template may take the place of the built-in one: what it is made of (`package`), and whether it
can be filled in."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from difflib import get_close_matches
from typing import Any

from app.errors import InvalidInput
from app.reports.word.apart import TRYING, Job, render_apart
from app.reports.word.package import check_finished, check_package
from app.reports.word.rendering import TemplateFault
from app.uploads import clean_filename


@dataclass(frozen=True, slots=True)
class Checked:
    """A template that was opened, looked through and filled in once with real data. Only `check_template` makes it."""

    kind: str
    filename: str
    content: bytes


def check_template(kind: str, filename: str, content: bytes, sample: Job, *, made_at: datetime) -> Checked:
    """Takes seconds and blocks: call it from a thread, outside any transaction.

    `sample`: real content and pictures of that kind. Raises `TooLarge`, `FileRefused` for what is no harmless .docx,
    and `InvalidInput` naming the tag that cannot be filled in, and where it stands.
    """
    name = clean_filename(filename)
    check_package(name, content)
    try:
        (made,) = render_apart(content, [sample], made_at=made_at, seconds=TRYING)
    except TemplateFault as fault:
        raise InvalidInput(fault_text(fault, sample[0]), field="file") from None
    check_finished(made)
    return Checked(kind, name, content)


def fault_text(fault: TemplateFault, content: Mapping[str, Any]) -> str:
    """One sentence or two for whoever edits the template."""
    where = f" ({fault.where})" if fault.where else ""
    near = get_close_matches(fault.name, sorted(_names(content)), 1) if fault.name else []
    return f"{fault.why}{where}.{f' Có phải là “{near[0]}”?' if near else ''}"


def _names(content: Any) -> set[str]:
    """Every name that stands in a content, however deep; lists are alike, so their first entry speaks for them."""
    if isinstance(content, Mapping):
        return set(content).union(*(_names(one) for one in content.values()))
    if isinstance(content, Sequence) and not isinstance(content, str) and content:
        return _names(content[0])
    return set()
