"""Agencies and the people behind them: directory, contacts, calendar, succession."""

from app.agencies.calendar import (
    FIRST_YEAR,
    LAST_YEAR,
    calendar_around,
    clear_holiday,
    list_holidays,
    set_holiday,
    work_calendar,
)
from app.agencies.contacts import (
    NewContact,
    change_contact,
    create_contact,
    deactivate_contact,
    get_contact,
    list_contacts,
)
from app.agencies.directory import (
    create_agency,
    create_province,
    get_agency,
    list_agencies,
    list_provinces,
    rename_agency,
)
from app.agencies.foreseeing import foresee_merger, foresee_succession
from app.agencies.merging import ProvinceOrder, succeed_province
from app.agencies.orders import get_order, list_orders
from app.agencies.reach import (
    Reachable,
    active_contacts,
    list_without_contacts,
    reachable_contacts,
    reachable_of,
)
from app.agencies.succession import (
    apply_due_successions,
    cancel_succession,
    succeed_agency,
)

__all__ = [
    "FIRST_YEAR",
    "LAST_YEAR",
    "NewContact",
    "ProvinceOrder",
    "Reachable",
    "active_contacts",
    "apply_due_successions",
    "calendar_around",
    "cancel_succession",
    "change_contact",
    "clear_holiday",
    "create_agency",
    "create_contact",
    "create_province",
    "deactivate_contact",
    "foresee_merger",
    "foresee_succession",
    "get_agency",
    "get_contact",
    "get_order",
    "list_agencies",
    "list_contacts",
    "list_holidays",
    "list_orders",
    "list_provinces",
    "list_without_contacts",
    "reachable_contacts",
    "reachable_of",
    "rename_agency",
    "set_holiday",
    "succeed_agency",
    "succeed_province",
    "work_calendar",
]
