"""`worker.py FILE`, its name on the standard input: says what the file is, or why it does not get in. Run apart
(`app.apart`): what a file can do to its reader, it does here."""

import json
import sys
from pathlib import Path

from app.errors import FileRefused
from app.uploads.filetypes import look


def main() -> None:
    try:
        said = {"media_type": look(Path(sys.argv[1]), sys.stdin.buffer.read().decode())}
    except FileRefused as refusal:
        said = {"refused": refusal.detail}
    sys.stdout.buffer.write(json.dumps(said).encode())


if __name__ == "__main__":
    main()
