"""What recipients are called: in the database, in answers and in letters."""

LEADERSHIP = "leadership"


def recipient_of(province: str, seat: str) -> str:
    """Unique in the whole database; `seat` is an agency's code or `LEADERSHIP`."""
    return f"{province}/{seat}"


def label(recipient: str, *, several: bool) -> str:
    """As people see it: the agency's code; with the province in front only where the database has several."""
    return recipient if several else recipient.rpartition("/")[2]


def leadership_name(province: str) -> str:
    """The province's name as it stands inside a sentence: "Tỉnh Sóc Trăng" → "… tỉnh Sóc Trăng"."""
    return f"Lãnh đạo Ủy ban nhân dân {province[:1].lower()}{province[1:]}"
