"""Agencies and the people behind them: directory, contacts, calendar, succession."""

from app.agencies.calendar import clear_holiday, list_holidays, set_holiday, work_calendar
from app.agencies.contacts import (
    NewContact,
    Reachable,
    change_contact,
    create_contact,
    list_contacts,
    reachable_contacts,
)
