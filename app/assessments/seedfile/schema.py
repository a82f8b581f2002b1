"""The form of a seed: any province and year. docs/seed-format.md shows it with examples.

`where` says in which place of the report (or of another source) a figure stands; nothing goes without it.
"""

from functools import cached_property
from typing import Annotated, NamedTuple

from pydantic import BaseModel, ConfigDict, Field, PrivateAttr

from app.assessments.seedfile.reading import Document
from app.assessments.seedfile.values import (
    AgencyCode,
    AgencyCodeOrAll,
    Basis,
    BenchmarkKind,
    Blank,
    Code,
    Count,
    Day,
    Flag,
    Group,
    Kind,
    Name,
    Points,
    Printed,
    RuleData,
    ShareKind,
    Signed,
    Slug,
    Text,
    Url,
)
from app.core.scoring import Rule, parse_rule


class Entry(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Province(Entry):
    code: Slug
    name: Name


class Decision(Entry):
    number: Name
    date: Day
    issuer: Name
    about: Text


class Mandate(Entry):
    """The province's order that makes the tasks binding (văn bản giao nhiệm vụ)."""

    number: Name
    date: Day


class Figure(Entry):
    """Score, rate in percent and rank as printed."""

    score: Printed
    rate: Printed
    rank: Annotated[Count | None, Blank] = None


class Change(Entry):
    """Differences to the year before as printed; ranks count places won."""

    score: Annotated[Printed | None, Blank] = None
    rate: Annotated[Printed | None, Blank] = None
    rank: Annotated[Signed | None, Blank] = None


class Published(Entry):
    exact: Points
    printed: Printed
    rate: Printed
    rank: Annotated[Count | None, Blank] = None
    provinces: Count
    """How many provinces were ranked."""


class PreviousYear(Figure):
    year: Count


class Assessment(Entry):
    code: Slug
    code_prefix: Code
    year: Count
    name: Name
    source: Text
    published: Published
    previous: Annotated[PreviousYear | None, Blank] = None
    change: Annotated[Change | None, Blank] = None
    decisions: list[Decision] = []
    announced_on: Annotated[Day | None, Blank] = None
    mandate: Annotated[Mandate | None, Blank] = None
    due_before: Day
    """Exclusive: the last good moment is the end of the day before."""
    where: Text


class Stated(Entry):
    """What the report's text says of a kind of criteria; counts of criteria, scores in points."""

    criteria: Count
    zero: Annotated[Count | None, Blank] = None
    partial: Annotated[Count | None, Blank] = None
    below_80_percent: Annotated[Count | None, Blank] = None
    score: Printed
    short: Printed
    where: Text


class KindTotal(Entry):
    kind: Kind
    name: Name
    max: Points
    current: Figure
    previous: Annotated[Figure | None, Blank] = None
    change: Annotated[Change | None, Blank] = None
    stated: Annotated[Stated | None, Blank] = None
    where: Text


class GroupTotal(Entry):
    code: Group
    name: Name
    max: Points
    field: Annotated[Count | None, Blank] = None
    """Number of the field that holds all of the group; such a field holds nothing else."""
    current: Figure
    previous: Annotated[Figure | None, Blank] = None
    change: Annotated[Change | None, Blank] = None
    where: Text


class FieldTotal(Entry):
    number: Count
    name: Name
    max: Points
    lead: Annotated[AgencyCode | None, Blank] = None
    current: Figure
    previous: Annotated[Figure | None, Blank] = None
    change: Annotated[Change | None, Blank] = None
    where: Text


class Subtotal(Entry):
    """The line above a field's criteria in the tables of unmet criteria."""

    section: Name
    kind: Kind
    field: Count
    max: Printed
    score: Printed
    short: Printed
    where: Text


class FormerName(Entry):
    name: Name
    until: Annotated[Day | None, Blank] = None


class Agency(Entry):
    code: AgencyCode
    name: Name
    former_names: list[FormerName] = []
    coordinator: Flag = False


class Fact(Entry):
    label: Text
    value: Name
    where: Text


class Criterion(Entry):
    """A scored item without its full score: it becomes exactly one task."""

    code: Code
    number: Count
    kind: Kind
    group: Group
    field: Count
    name: Text
    max: Points
    score: Points
    short_printed: Annotated[Printed | None, Blank] = None
    agency: AgencyCode
    former_agency: Annotated[Name | None, Blank] = None
    cooperating: list[AgencyCodeOrAll] = []
    assignment_basis: Basis
    rule: RuleData
    facts: list[Fact] = []
    where: Text

    @cached_property
    def parsed_rule(self) -> Rule:
        """Read once, for checking, linting and loading alike. SeedInvalid with the place at fault."""
        return parse_rule(self.rule, max_points=self.max)


class Cause(Entry):
    code: Code
    section: Name
    text: Text
    fields: list[Count] = []
    criteria: list[Code] = []
    where: Text


class Measure(Entry):
    code: Code
    section: Name
    text: Text
    agencies: list[AgencyCodeOrAll]
    former_agency: Annotated[Name | None, Blank] = None
    """Where the report still calls one of them by a former name."""
    fields: list[Count] = []
    criteria: list[Code] = []
    where: Text


class ShareItem(Entry):
    code: Code
    agency: AgencyCode
    printed_as: Annotated[Name | None, Blank] = None
    former_agencies: list[Name] = []
    quantity: Annotated[Count | None, Blank] = None
    """Empty: the report does not split the figure."""


class ShareList(Entry):
    """What one note of the report lays at several units' doors."""

    key: Slug
    task: Code
    kind: ShareKind
    what: Text
    unit: Name
    complete: Flag
    """False where the report's list is open-ended: the sum is a lower bound."""
    total: Annotated[Count | None, Blank] = None
    """The total as the report prints it, if it prints one."""
    where: Text
    shares: list[ShareItem]


class Benchmark(Entry):
    label: Name
    kind: BenchmarkKind
    year: Count
    score: Points
    rank: Annotated[Count | None, Blank] = None
    provinces: Annotated[Count | None, Blank] = None
    """Of a threshold: how many provinces reached it."""
    source: Text
    address: Annotated[Url | None, Blank] = None


class PrintedSum(Entry):
    """A sum or difference that the report prints."""

    code: Slug
    label: Text
    plus: list[Printed]
    minus: list[Printed] = []
    printed: Printed
    where: Text


class PrintedRate(Entry):
    """A percentage that the report prints with its two counts."""

    code: Slug
    label: Text
    part: Count
    whole: Count
    printed: Printed
    where: Text


class RelatedIndex(Entry):
    """An index of its own that also enters a group of this one."""

    code: Slug
    group: Group
    name: Name
    rate: Printed
    rank: Annotated[Count | None, Blank] = None
    change: Annotated[Change | None, Blank] = None
    where: Text


class Mismatch(Entry):
    """A check of the linter that the report itself fails, with both figures as the linter writes them."""

    check: Name
    printed: Name
    computed: Name


class Quote(Entry):
    text: Text
    where: Text


class SourceNote(Entry):
    """A contradiction of the report, kept as it stands there."""

    code: Slug
    title: Text
    kept: Text
    """What the seed keeps, and why."""
    mismatches: list[Mismatch] = []
    quotes: list[Quote] = []


class Share(NamedTuple):
    """One unit's share, as `Seed.shares` gives it: flat, with what its list says."""

    code: str
    task: str
    agency: str
    former_agency: str | None
    printed_as: str | None
    kind: str
    what: str
    quantity: int | None
    unit: str
    where: str


class Seed(Entry):
    """A whole assessment. Points are ints (ten-thousandths), printed figures Decimals, dates dates."""

    province: Province
    assessment: Assessment
    kinds: list[KindTotal] = []
    groups: Annotated[list[GroupTotal], Field(min_length=1)]
    fields: Annotated[list[FieldTotal], Field(min_length=1)]
    subtotals: list[Subtotal] = []
    agencies: Annotated[list[Agency], Field(min_length=1)]
    criteria: Annotated[list[Criterion], Field(min_length=1)]
    causes: list[Cause] = []
    measures: list[Measure] = []
    share_lists: list[ShareList] = []
    benchmarks: list[Benchmark] = []
    printed_sums: list[PrintedSum] = []
    printed_rates: list[PrintedRate] = []
    related_indexes: list[RelatedIndex] = []
    source_notes: list[SourceNote] = []
    _document: Document = PrivateAttr(default_factory=Document)

    def place(self, *route: str | int) -> str:
        """File, line and name of a value, for people who correct it."""
        return self._document.place(route)

    @property
    def shares(self) -> list[Share]:
        return [share_of(entry, item) for entry in self.share_lists for item in entry.shares]


def share_of(entry: ShareList, item: ShareItem) -> Share:
    return Share(
        code=item.code,
        task=entry.task,
        agency=item.agency,
        former_agency="; ".join(item.former_agencies) or None,
        printed_as=item.printed_as,
        kind=entry.kind,
        what=entry.what,
        quantity=item.quantity,
        unit=entry.unit,
        where=entry.where,
    )


def with_document(seed: Seed, document: Document) -> Seed:
    """The seed, knowing where each of its values stands."""
    seed._document = document
    return seed
