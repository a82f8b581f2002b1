"""Codes of authenticator apps (TOTP, RFC 6238) and recovery codes: made, read as people type them, compared."""

import base64
import hashlib
import hmac
import re
import secrets
import unicodedata
from datetime import datetime

import pyotp

PERIOD = 30
"""Seconds that an app shows a code for; with six digits and SHA-1 it is what every app knows."""
DRIFT = 1
"""Steps that a phone's clock may be ahead or behind."""
RECOVERY_CODES = 10
_APP_CODE = re.compile(r"[0-9]{6}")
_GROUP = 4
_LOOKALIKES = str.maketrans("018", "OIB")
"""Digits that the letters of recovery codes leave out, as who copies from paper may read them."""


def new_secret() -> str:
    """160 random bits, as RFC 4226 recommends, in base32."""
    return pyotp.random_base32()


def new_recovery_codes() -> list[str]:
    """120 random bits each: more than the 112 from which on a plain hash keeps them safe (ASVS 6.5.2)."""
    return [in_fours(base64.b32encode(secrets.token_bytes(15)).decode(), "-") for _ in range(RECOVERY_CODES)]


def authenticator_uri(secret: str, *, account: str, issuer: str) -> str:
    """What an app reads from the picture."""
    return pyotp.TOTP(secret, interval=PERIOD).provisioning_uri(name=account, issuer_name=issuer)


def in_fours(text: str, by: str = " ") -> str:
    """In fours, to be read and typed."""
    return by.join(text[at : at + _GROUP] for at in range(0, len(text), _GROUP))


def normal(typed: str) -> str:
    """Letters and digits only: "123 456", full-width digits and small letters are the same code."""
    return "".join(filter(str.isalnum, unicodedata.normalize("NFKC", typed[:100]))).upper()


def is_app_code(code: str) -> bool:
    return _APP_CODE.fullmatch(code) is not None


def matching_step(secret: str, code: str, *, now: datetime) -> int | None:
    """The time step whose code this is, of the present one and those beside it; None for another code."""
    if not is_app_code(code):
        return None
    app, present = pyotp.TOTP(secret, interval=PERIOD), int(now.timestamp()) // PERIOD
    nearest = sorted(range(present - DRIFT, present + DRIFT + 1), key=lambda step: abs(step - present))
    return next((step for step in nearest if hmac.compare_digest(app.generate_otp(step), code)), None)


def hash_recovery(code: str) -> str:
    return hashlib.sha256(b"recovery:" + code.translate(_LOOKALIKES).encode()).hexdigest()
