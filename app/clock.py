"""The only place that reads the machine's clock. Everything below the edge gets `now` as an argument."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta


@dataclass(frozen=True, slots=True)
class Clock:
    """Aware UTC now, moved by `offset` on a demo database (`khacphuc serve --at …`)."""

    offset: timedelta = timedelta(0)

    def now(self) -> datetime:
        return datetime.now(UTC) + self.offset

    @staticmethod
    def real_now() -> datetime:
        """What the machine says, for timers that must not follow a demo clock."""
        return datetime.now(UTC)

    @property
    def demo(self) -> bool:
        return self.offset != timedelta(0)

    @staticmethod
    def starting_at(start: datetime) -> "Clock":
        """A clock that shows `start` (aware) at this moment and goes on from there."""
        return Clock(offset=start - datetime.now(UTC))
