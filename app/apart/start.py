"""`python -I start.py SECONDS BYTES FOLDERS WORKER …`: runs the script WORKER within bounds that the system enforces.

FOLDERS, which may be empty: where it looks first for what it imports.
"""

import os
import runpy
import sys


def _limit(seconds: int, memory: int) -> None:
    """The system ends this process when it computes or takes more; Windows has only the clock of whoever waits."""
    try:
        import resource
    except ImportError:
        return
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # what a file breaks leaves no copy of itself behind


def main() -> None:
    _, seconds, memory, folders, worker, *arguments = sys.argv
    _limit(int(seconds), int(memory))
    sys.path[:0] = [folder for folder in folders.split(os.pathsep) if folder]
    sys.argv = [worker, *arguments]
    runpy.run_path(worker, run_name="__main__")


if __name__ == "__main__":
    main()
