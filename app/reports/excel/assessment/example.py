"""A real assessment to look at: the one that comes with the program."""

from typing import Any, Final

from app.assessments.seedfile.reading import read_document
from app.errors import NotFound
from app.settings import ROOT

SEED: Final = ROOT / "seeds" / "soc-trang-2024"


def load() -> dict[str, Any]:
    """NotFound where the program was installed without its seeds."""
    if not SEED.is_dir():
        raise NotFound("Bản cài đặt này không kèm dữ liệu mẫu; hãy dùng mẫu trống.")
    return read_document(SEED).data
