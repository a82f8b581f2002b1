"""Tài liệu kiểm chứng: documents that prove tasks, with or without a file. One letter may prove many tasks."""

from app.evidence.amending import CORRECTABLE, correct, withdraw
from app.evidence.documents import LONGEST, MOST_TASKS, Document, add, link
from app.evidence.filetypes import ACCEPTED, KINDS, check_content
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
from app.evidence.scanning import Scanner, ping
from app.evidence.storage import FileStore, Store, ascii_filename, clean_filename
from app.evidence.stores import open_store
from app.evidence.upkeep import discard, find_missing, forget_identity, identity_of, sizes_of, sweep_orphans

__all__ = [
    "ACCEPTED",
    "CORRECTABLE",
    "KINDS",
    "LONGEST",
    "MOST_TASKS",
    "Document",
    "File",
    "FileStore",
    "Scanner",
    "Store",
    "Upload",
    "add",
    "ascii_filename",
    "check_content",
    "clean_filename",
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
    "ping",
    "receive",
    "sizes_of",
    "sweep_orphans",
    "withdraw",
]
