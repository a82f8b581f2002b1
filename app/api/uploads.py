"""Files that people upload, for the API and the pages alike: whatever they are for, the virus scanner looks at them
before anything of them is stored, and few are in work at once, one of each account."""

from collections.abc import Callable
from functools import partial
from io import BytesIO
from typing import Final, ParamSpec, TypeVar

from anyio import CapacityLimiter, to_thread

from app import uploads
from app.api.deps import Call
from app.errors import Busy
from app.settings import Settings

P = ParamSpec("P")
T = TypeVar("T")
TRANSFERS: Final = 8
"""Files that come in and go out at once."""
MOST_WAITING: Final = 16
"""For a place among them; more could wait longer than a proxy does."""
MOST_OF_ONE: Final = 4
"""Files of one account that wait for one another."""


async def check_viruses(call: Call, filename: str, content: bytes) -> None:
    """Raises `FileRefused` for what the scanner names, `SetupProblem` where it does not answer. **A route that takes a
    file calls this before it reads the file**, or `evidence.receive`, which asks the scanner itself."""
    name = uploads.clean_filename(filename)
    await take_in(call, uploads.check_viruses, BytesIO(content), name, scanner_of(call.settings))


def scanner_of(settings: Settings) -> uploads.Scanner | None:
    """The operator's, if there is one."""
    return uploads.Scanner(settings.virus_scanner, settings.virus_scan_timeout) if settings.virus_scanner else None


async def take_in(call: Call, fn: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """As `transfer`, one file of an account after the other: whoever sends many that take long to look into keeps only
    oneself waiting."""
    turns: dict[int | None, CapacityLimiter] = call.request.app.state.turns
    own = turns.setdefault(call.actor.account_id, CapacityLimiter(1))
    if own.statistics().tasks_waiting >= MOST_OF_ONE:
        raise Busy(
            "Tài khoản này đang gửi nhiều tệp khác; chưa có gì được ghi. Hãy chờ các tệp đó xong rồi gửi lại.",
            extra={"retry_after": 30},
        )
    async with own:
        return await transfer(call, fn, *args, **kwargs)


async def transfer(call: Call, fn: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Few at once, so that a store or a scanner that is slow takes no threads from anything but files. Raises `Busy`
    where many wait already."""
    transfers: CapacityLimiter = call.request.app.state.transfers
    if transfers.statistics().tasks_waiting >= MOST_WAITING:
        raise Busy(
            "Hệ thống đang nhận và gửi nhiều tệp khác; chưa có gì được ghi. Hãy chờ một lát rồi thử lại.",
            extra={"retry_after": 30},
        )
    return await to_thread.run_sync(partial(fn, *args, **kwargs), limiter=transfers)
