"""Vendored files are what their projects published."""

import hashlib

from app.settings import ROOT

VENDOR = ROOT / "app" / "web" / "static" / "vendor"


def test_vendored_files_have_the_listed_hashes_a_licence_and_a_version() -> None:
    folders = [folder for folder in VENDOR.iterdir() if folder.is_dir()]
    assert len(folders) >= 3
    for folder in folders:
        listed = dict(reversed(line.split()) for line in (folder / "SHA256SUMS").read_text().splitlines())
        shipped = {path.name for path in folder.iterdir()} - {"SHA256SUMS", "LICENSE", "VERSION"}
        assert set(listed) == shipped
        for name, sha256 in listed.items():
            assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == sha256
        assert (folder / "VERSION").read_text().strip()
        assert (folder / "LICENSE").read_text()
