"""Names of files that people save, for the API and the pages alike."""

from urllib.parse import quote

from app.uploads import ascii_filename


def saved_as(filename: str) -> dict[str, str]:
    """Headers of a download (RFC 6266): saved under `filename`, never shown, and no other kind of file than it is told.
    The plain name is for programs that read no other."""
    name = f"filename=\"{ascii_filename(filename)}\"; filename*=UTF-8''{quote(filename, safe='')}"
    return {"Content-Disposition": f"attachment; {name}", "X-Content-Type-Options": "nosniff"}
