"""A telephone with an authenticator app, for tests."""

from dataclasses import dataclass
from datetime import datetime

import pyotp


@dataclass
class Phone:
    """`ahead`: by how many codes its clock is off."""

    secret: str
    ahead: int = 0

    def code(self, now: datetime) -> str:
        return pyotp.TOTP(self.secret).at(now, counter_offset=self.ahead)

    def wrong(self, now: datetime, number: int = 0) -> str:
        """Six digits that no step near `now` has."""
        near = {pyotp.TOTP(self.secret).at(now, counter_offset=step) for step in range(-2, 3)}
        return [code for code in (f"{n:06}" for n in range(100)) if code not in near][number]
