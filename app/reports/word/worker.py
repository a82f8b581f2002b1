"""`worker.py`: fills one template in. Run apart (`app.apart`), with the application at hand."""

import sys
from typing import cast

from app.reports.word.rendering import work


def main() -> None:
    sys.stdout.buffer.write(work(cast(bytes, sys.stdin.buffer.read())))


if __name__ == "__main__":
    main()
