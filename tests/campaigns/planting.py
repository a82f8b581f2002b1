"""Nasty texts in every column of every table that holds what people typed or what a seed brought."""

from collections.abc import Iterator, Mapping
from typing import Any

from sqlalchemy import JSON, Column, Connection, Table, select, text, update

from app.models import metadata
from app.uploads import clean_filename
from tests.campaigns.nasty import kept, pack

NOT_TEXT = frozenset(
    {
        # codes, keys and vocabularies, each checked where it comes in
        "*.code", "*.kind", "*.group", "*.state", "*.status", "*.role", "*.hash", "*.sha256", "*.token_hash",
        "*.former_agency", "*.recipient", "*.subject", "meta.key", "meta.value", "event.entity", "event.entity_code",
        "event.action", "account.name", "account.password_hash", "contact.email", "contact.webhook_secret",
        "api_key.prefix", "delivery.message_key", "delivery.claim_token", "delivery.channel", "evidence.media_type",
        "review.decision", "succession.mapping", "task.assignment_basis", "login_session.browser",
        "login_session.client",
        # made by the product from what stands elsewhere
        "task.search", "idempotent_answer.key", "idempotent_answer.request", "idempotent_answer.answer",
        "workbook.content", "document_template.content",
    }
)  # fmt: skip
LONG = frozenset(
    {"text", "reason", "progress", "remedy", "difficulties", "comment", "why", "evidence_waiver", "withdrawn_why"}
)
MOST_LONG, MOST_SHORT = 20_000, 400
URL = "https://hooks.example.vn/?\"><kp-url>'javascript:alert(1)"
UNIQUE = frozenset({"agency_name.name", "benchmark.label"})


def is_text(table: Table, column: Column[Any]) -> bool:
    names = {f"{table.name}.{column.name}", f"*.{column.name}"}
    return type(column.type).__name__ == "AutoString" and not names & NOT_TEXT


def plant(connection: Connection) -> int:
    """Overwrite every text of an SQLite database with others, each row's with its own; returns how many."""
    planted = 0
    for (trigger,) in connection.execute(text("SELECT name FROM sqlite_master WHERE type = 'trigger'")).all():
        connection.execute(text(f"DROP TRIGGER {trigger}"))  # the log may not be rewritten otherwise
    for table in metadata.sorted_tables:
        keys = list(table.primary_key.columns)
        texts = [column for column in table.columns if is_text(table, column)]
        bags = [column for column in table.columns if isinstance(column.type, JSON)]
        for number, row in enumerate(connection.execute(select(table)).mappings().all()):
            given = [column for column in texts if row[column.name] is not None]
            values = {column.name: _nasty(table, column, number + place) for place, column in enumerate(given)}
            values |= {column.name: _sown(row[column.name], number) for column in bags if row[column.name]}
            if values:
                mine = [key == row[key.name] for key in keys]
                connection.execute(update(table).where(*mine).values(values))
            planted += len(values)
    return planted


def _nasty(table: Table, column: Column[Any], start: int) -> str:
    if column.name == "webhook_url":
        return URL
    if column.name == "filename":
        return clean_filename(f"{pack(100, start)}.docx")
    nasty = kept(pack(MOST_LONG if column.name in LONG else MOST_SHORT, start))
    return f"{nasty} {start}" if f"{table.name}.{column.name}" in UNIQUE else nasty


TEXT_NAMES = LONG | {"note", "title", "number", "signer", "period", "display_name", "label", "on_behalf_of"}


def _sown(bag: Any, start: int, name: str = "") -> Any:
    """The same in what the log, drafts and what was handed in hold."""
    if isinstance(bag, Mapping):
        return {key: _sown(value, start, str(key)) for key, value in bag.items()}
    if isinstance(bag, list):
        return [_sown(one, start, name) for one in bag]
    return kept(pack(2_000, start)) if isinstance(bag, str) and name in TEXT_NAMES else bag


def string_fields(
    schema: Mapping[str, Any], known: Mapping[str, Any], path: tuple[str, ...] = ()
) -> Iterator[tuple[str, ...]]:
    """Where a JSON body may hold a text of its own choice; "*" stands for any name and "0" for the first of a list."""
    if "$ref" in schema:
        schema = known[schema["$ref"].rsplit("/", 1)[-1]]
    for choice in schema.get("anyOf", ()):
        yield from string_fields(choice, known, path)
    if schema.get("type") == "string" and not {"enum", "const"} & set(schema):
        yield path
    for name, inner in schema.get("properties", {}).items():
        yield from string_fields(inner, known, (*path, name))
    if isinstance(more := schema.get("additionalProperties"), Mapping):
        yield from string_fields(more, known, (*path, "*"))
    if schema.get("type") == "array":
        yield from string_fields(schema["items"], known, (*path, "0"))
