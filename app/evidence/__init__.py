"""Tài liệu kiểm chứng: documents that prove tasks, with or without a file. One letter may prove many tasks."""

from app.evidence.documents import (
    MOST_TASKS,
    Document,
    File,
    add,
    evidence_of,
    get,
    get_file,
    link,
    list_for_task,
)
from app.evidence.filetypes import KINDS, check_content
from app.evidence.receiving import Upload, receive
from app.evidence.storage import FileStore, ascii_filename, clean_filename
from app.evidence.upkeep import discard, find_missing, sweep_orphans

__all__ = [
    "KINDS",
    "MOST_TASKS",
    "Document",
    "File",
    "FileStore",
    "Upload",
    "add",
    "ascii_filename",
    "check_content",
    "clean_filename",
    "discard",
    "evidence_of",
    "find_missing",
    "get",
    "get_file",
    "link",
    "list_for_task",
    "receive",
    "sweep_orphans",
]
