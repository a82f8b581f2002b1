"""What a browser calls itself, in words that tell people which of their devices it is."""

_PROGRAMS = (
    ("Zalo", "Zalo"),
    ("coc_coc", "Cốc Cốc"),
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser", "Samsung Internet"),
    ("Firefox", "Firefox"),
    ("FxiOS", "Firefox"),
    ("CriOS", "Chrome"),
    ("Chrome", "Chrome"),
    ("Safari", "Safari"),
)
"""Sign → name. Most browsers also claim to be Chrome and Safari, so the first that fits counts."""
_SYSTEMS = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("Mac OS X", "máy Mac"),
    ("CrOS", "Chromebook"),
    ("Linux", "Linux"),
)


def in_words(user_agent: str) -> str:
    """ "Chrome trên Windows"; what is not known stays "trình duyệt khác"."""
    program = _first(user_agent, _PROGRAMS) or "Trình duyệt khác"
    system = _first(user_agent, _SYSTEMS)
    return f"{program} trên {system}" if system else program


def _first(user_agent: str, signs: tuple[tuple[str, str], ...]) -> str | None:
    return next((name for sign, name in signs if sign in user_agent), None)
