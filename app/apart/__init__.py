"""Work on what people upload, in a process of its own: whatever a file does to its reader, it does there."""

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

MEMORY: Final = 1_500_000_000
"""Bytes of address space."""
_START: Final = Path(__file__).with_name("start.py")
_TOLD: Final = ("PATH", "SYSTEMROOT", "LD_LIBRARY_PATH", "TMPDIR", "TEMP", "TMP")
"""All of the environment that it gets: no database address, no mail password."""


def run_apart(
    worker: Path, *arguments: str, given: bytes = b"", seconds: int, patience: int = 2, path: Sequence[Path] = ()
) -> bytes | None:
    """What the script `worker` wrote for `given`; None when it failed, or was stopped past `seconds` of computing or
    `MEMORY`.

    `patience`: how often longer it may take where others compute too. `path`: folders that it looks into first
    for what it imports.
    """
    command = [sys.executable, "-I", str(_START), str(seconds), str(MEMORY), os.pathsep.join(map(str, path))]
    try:
        done = subprocess.run(
            [*command, str(worker), *arguments],
            check=False,
            input=given,
            capture_output=True,
            timeout=seconds * patience,
            env=_environment(),
        )
    except subprocess.TimeoutExpired:
        return None
    return done.stdout if done.returncode == 0 else None


def _environment() -> Mapping[str, str]:
    return {name: os.environ[name] for name in _TOLD if name in os.environ}
