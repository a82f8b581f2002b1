"""Files that people upload, whatever they are for: what a file is, what it does besides being read, and what the virus
scanner says of it. Nothing here knows where they are kept."""

from app.uploads.checking import check
from app.uploads.filetypes import ACCEPTED, DOCX, KINDS, check_content
from app.uploads.names import ascii_filename, clean_filename
from app.uploads.scanning import EICAR, VIRUS, Scanner, check_viruses, ping

__all__ = [
    "ACCEPTED",
    "DOCX",
    "EICAR",
    "KINDS",
    "VIRUS",
    "Scanner",
    "ascii_filename",
    "check",
    "check_content",
    "check_viruses",
    "clean_filename",
    "ping",
]
