"""Whether there is still room on the disk: better known before somebody's report is refused."""

import tempfile
from pathlib import Path

from app import reasons
from app.errors import Unwritable

LEAST = 1 << 20
"""Bytes that must fit; what one busy minute writes."""


def check(folder: Path) -> None:
    """Raises `Unwritable` when the folder cannot take `LEAST` bytes; leaves nothing there and waits for no disk."""
    try:
        with tempfile.TemporaryFile(dir=folder) as probe:
            probe.write(bytes(LEAST))
    except OSError as error:
        raise refused(folder, error) from error


def refused(folder: Path, error: OSError) -> Unwritable:
    return Unwritable(
        f"Máy chủ không ghi được vào thư mục {folder.name} ({reasons.of_system(error)}) nên chưa có gì được ghi. "
        "Xin báo bộ phận kỹ thuật, sau đó hãy gửi lại."
    )
