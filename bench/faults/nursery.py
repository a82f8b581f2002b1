"""A process that has imported the application and forks others from itself: one order a line as JSON on stdin.

`{"start": "module:function", "arguments": […], "environment": {…}, "log": "…"}` answers with a pid, `{"wait": pid}`
with the status once that process is gone.
"""

import importlib
import json
import os
import sys
import traceback
from typing import Any

PRELOADED = (
    "app.cli", "app.cli.serving", "app.cli.logs", "app.demo", "app.main", "app.schema", "app.scheduler", "uvicorn",
    "uvloop", "httptools", "psycopg", "bench.faults.replica",
)  # fmt: skip


def main() -> None:
    for name in PRELOADED:
        importlib.import_module(name)
    for line in iter(sys.stdin.readline, ""):
        order = json.loads(line)
        answer = _start(order) if "start" in order else os.waitpid(order["wait"], 0)[1]
        print(answer, flush=True)


def _start(order: dict[str, Any]) -> int:
    pid = os.fork()
    if pid == 0:
        status = 1
        try:
            status = _become(order)
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(status)
    return pid


def _become(order: dict[str, Any]) -> int:
    """Everything of the parent that a process started by itself would not have is let go."""
    log = os.open(order["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for source, target in ((nothing, 0), (log, 1), (log, 2)):
        os.dup2(source, target)
    os.environ.update(order["environment"])
    module, _, function = order["start"].partition(":")
    sys.argv = [module, *order["arguments"]]
    run = getattr(importlib.import_module(module), function)
    try:
        run(*([] if module == "app.cli" else [order["arguments"]]))
    except SystemExit as ended:
        return ended.code if isinstance(ended.code, int) else 1
    return 0


if __name__ == "__main__":
    main()
