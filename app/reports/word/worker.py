"""`python -m app.reports.word.worker SECONDS BYTES`: fills one template in, within bounds that the system enforces."""

import sys
from typing import cast

from app.reports.word.rendering import work


def _limit(seconds: int, memory: int) -> None:
    """The system ends this process when it computes or takes more; Windows has only the clock of whoever waits."""
    try:
        import resource
    except ImportError:
        return
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))


def main() -> None:
    _limit(int(sys.argv[1]), int(sys.argv[2]))
    sys.stdout.buffer.write(work(cast(bytes, sys.stdin.buffer.read())))


if __name__ == "__main__":
    main()
