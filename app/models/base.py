"""What all tables share: names of constraints, closed vocabularies, JSON."""

from typing import Any, cast

from sqlalchemy import JSON, CheckConstraint, Column, Table
from sqlmodel import SQLModel

# Alembic can only alter what has a name, and SQLite names nothing by itself.
SQLModel.metadata.naming_convention = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}

Json = dict[str, Any]


def json_column(*, nullable: bool = False) -> Any:
    return Column(JSON(none_as_null=True), nullable=nullable)


def one_of(column: str, *values: str) -> CheckConstraint:
    """A CHECK that holds a text column to a vocabulary, on both engines."""
    listed = ", ".join(f"'{value}'" for value in values)
    return CheckConstraint(f'"{column}" IN ({listed})', name=column)


def table(model: type[SQLModel]) -> Table:
    """The Core table behind a model, for column-wise statements."""
    return cast(Table, model.__table__)  # type: ignore[attr-defined]
