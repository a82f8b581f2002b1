"""Programs that some tests need and a user's machine may lack: skipped there in plain sight, a failure in CI."""

import os
import shutil

import pytest

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
NGINX = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin")
SOFFICE = shutil.which("soffice") or shutil.which("libreoffice")


def require(path: str | None, name: str) -> str:
    """The program's path; without it the test is skipped, or fails where CI=true."""
    if path is not None:
        return path
    if os.environ.get("CI") == "true":
        pytest.fail(f"{name} is missing: run .ci/install-programs")
    pytest.skip(f"{name} is not installed")
