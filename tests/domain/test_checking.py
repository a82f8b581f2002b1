"""Where a file is looked into: here when that takes a moment, else in a process of its own, with the same answer."""

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from app.errors import Busy, FileRefused
from app.uploads import check, checking
from tests.campaigns.hostile import docx, field, relation, xlsx
from tests.domain.evidence_samples import DOCX, EXE, JPEG, ODT, PDF, PNG, XLSX, pdf

SAMPLES = {
    "a.docx": DOCX,
    "a.xlsx": XLSX,
    "a.odt": ODT,
    "a.png": PNG,
    "ảnh chụp “đợt 2”.jpg": JPEG,
    "a.pdf": PDF,
    "b.pdf": DOCX,
    "b.png": PNG[:-20],
    "b.docx": DOCX[:-30],
    "công văn.docx": docx({"word/document.xml": field("DDEAUTO cmd")}),
    "c.xlsx": xlsx({"xl/_rels/workbook.xml.rels": relation("oleObject", "x", external=False)}),
    "c.pdf": pdf("/OpenAction << /S /JavaScript /JS (x) >>"),
    "d.exe": EXE,
}


def told(path: Path) -> str:
    try:
        return check(path, path.name)
    except FileRefused as refusal:
        return f"{refusal.field}: {refusal.detail}"


def saved(folder: Path, name: str, content: bytes) -> Path:
    (folder / name).write_bytes(content)
    return folder / name


@pytest.fixture
def apart(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of the files that a process was started for."""
    started: list[str] = []
    run: Callable[..., bytes | None] = checking.run_apart

    def note(worker: Path, *arguments: str, **more: Any) -> bytes | None:
        started.append(Path(arguments[0]).name)
        return run(worker, *arguments, **more)

    monkeypatch.setattr(checking, "run_apart", note)
    return started


@pytest.mark.parametrize("name", SAMPLES)
def test_the_answer_is_the_same_in_both_places(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, apart: list[str], name: str
) -> None:
    path = saved(tmp_path, name, SAMPLES[name])
    here = told(path)
    assert apart == [name] * SAMPLES[name].startswith(b"%PDF")
    monkeypatch.setattr(checking, "LIGHT", 0)
    apart.clear()
    assert told(path) == here
    assert apart == [name]


def test_what_unfolds_far_or_is_long_is_looked_into_apart(tmp_path: Path, apart: list[str]) -> None:
    bounds = checking.LIGHT
    told(saved(tmp_path, "small.docx", docx({"word/media/a.bin": bytes(bounds // 2)})))
    assert apart == []
    told(saved(tmp_path, "unfolds.docx", docx({"word/media/a.bin": bytes(bounds)})))
    told(saved(tmp_path, "long.jpg", JPEG + bytes(bounds)))
    inside = xlsx({"xl/media/a.bin": bytes(20 * bounds)})
    assert len(inside) < bounds // 2
    told(saved(tmp_path, "inside.docx", docx({"word/embeddings/a.xlsx": inside})))  # its directory says little
    assert apart == ["unfolds.docx", "long.jpg", "inside.docx"]


def test_whoever_waits_too_long_for_a_place_is_told_to_come_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, gate = threading.Semaphore(0), threading.Event()

    def hold(*_args: Any, **_more: Any) -> bytes:
        begun.release()
        gate.wait()
        return b'{"media_type": "application/pdf"}'

    monkeypatch.setattr(checking, "run_apart", hold)
    monkeypatch.setattr(checking, "WAITING_SECONDS", 0.01)
    path = saved(tmp_path, "a.pdf", PDF)
    held = [threading.Thread(target=told, args=(path,)) for _ in range(checking.AT_ONCE)]
    for one in held:
        one.start()
        begun.acquire()
    with pytest.raises(Busy, match="Hãy chờ một lát rồi gửi lại") as busy:
        check(path, "a.pdf")
    assert "retry_after" in busy.value.extra
    assert check(saved(tmp_path, "a.docx", DOCX), "a.docx").endswith("wordprocessingml.document")  # needs no place
    gate.set()
    for one in held:
        one.join()
    assert check(path, "a.pdf") == "application/pdf"


def test_what_takes_a_process_too_long_or_breaks_it_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = saved(tmp_path, "a.pdf", PDF)
    with pytest.raises(FileRefused, match="quá phức tạp để kiểm tra"):
        check(path, "a.pdf", seconds=0)
    for said in (b"", b"[1]", b"Segmentation fault"):
        monkeypatch.setattr(checking, "run_apart", lambda *_args, said=said, **_more: said)
        with pytest.raises(FileRefused, match="quá phức tạp để kiểm tra"):
            check(path, "a.pdf")
