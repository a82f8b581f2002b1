"""Tài liệu kiểm chứng: documents that prove tasks, with or without a file. One letter may prove many tasks."""

from app.evidence.amending import CORRECTABLE, correct, withdraw
from app.evidence.documents import LONGEST, MOST_TASKS, Document, add, link
from app.evidence.reading import (
    File,
    evidence_of,
    get,
    get_details,
    get_file,
    list_documents,
    list_for_task,
    list_provable,
)
from app.evidence.receiving import Upload, limit_text, receive
from app.evidence.storage import FileStore, Store
from app.evidence.stores import open_store
from app.evidence.upkeep import discard, find_missing, forget_identity, identity_of, sizes_of, sweep_orphans

__all__ = [
    "CORRECTABLE",
    "LONGEST",
    "MOST_TASKS",
    "Document",
    "File",
    "FileStore",
    "Store",
    "Upload",
    "add",
    "correct",
    "discard",
    "evidence_of",
    "find_missing",
    "forget_identity",
    "get",
    "get_details",
    "get_file",
    "identity_of",
    "limit_text",
    "link",
    "list_documents",
    "list_for_task",
    "list_provable",
    "open_store",
    "receive",
    "sizes_of",
    "sweep_orphans",
    "withdraw",
]
