"""Work on uploads in a process of its own: bounded, and told nothing."""

from pathlib import Path

import pytest

from app.apart import run_apart
from app.settings import ROOT


def script(folder: Path, text: str) -> Path:
    path = folder / "worker.py"
    path.write_text(text)
    return path


def test_it_gets_its_arguments_and_its_input_and_nothing_of_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KHACPHUC_SMTP_PASSWORD", "bí mật")
    worker = script(
        tmp_path, "import os, sys; print(sys.argv[1:], sys.stdin.read(), 'KHACPHUC_SMTP_PASSWORD' in os.environ)"
    )
    assert run_apart(worker, "a", "b", given=b"c", seconds=10) == b"['a', 'b'] c False\n"


def test_it_puts_its_temporary_files_where_the_operator_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    worker = script(tmp_path, "import tempfile; print(tempfile.gettempdir())")
    assert run_apart(worker, seconds=10) == f"{tmp_path}\n".encode()


def test_it_looks_first_where_it_is_told(tmp_path: Path) -> None:
    worker = script(tmp_path, "import sys; print(sys.path[0])")
    assert run_apart(worker, seconds=10, path=[ROOT]) == f"{ROOT}\n".encode()
    assert run_apart(worker, seconds=10) != f"{ROOT}\n".encode()


@pytest.mark.parametrize(
    "text",
    [
        "while True: pass",
        "import time; time.sleep(60)",
        "held = bytearray(3_000_000_000)",
        "raise SystemExit(3)",
        "import os, signal; os.kill(os.getpid(), signal.SIGKILL)",
    ],
)
def test_what_takes_too_much_or_fails_says_nothing(tmp_path: Path, text: str) -> None:
    assert run_apart(script(tmp_path, text), seconds=1, patience=3) is None


def test_what_breaks_leaves_no_copy_of_its_memory(tmp_path: Path) -> None:
    worker = script(tmp_path, "import resource; print(resource.getrlimit(resource.RLIMIT_CORE))")
    assert run_apart(worker, seconds=10) == b"(0, 0)\n"
