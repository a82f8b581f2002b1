"""How commands log. The server: one line per event on stderr, for people or (KHACPHUC_LOG_JSON) for machines."""

import io
import logging
import sys
from typing import Any, TextIO

import structlog
from structlog.typing import EventDict, Processor

from app.text import visible

NOISY = ("apscheduler", "httpx", "httpcore")
"""Libraries that tell at INFO what is no news."""


def configure(*, as_json: bool) -> None:
    """structlog and the standard library's logging, in one form."""
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *_rendered(as_json=as_json)],
        )
    )
    logging.basicConfig(handlers=[handler], level=logging.INFO, force=True)
    for name in NOISY:
        logging.getLogger(name).setLevel(logging.WARNING)
    logging.getLogger("uvicorn").setLevel(logging.WARNING)


def quiet() -> None:
    """For other commands: only what is wrong, and never between the data on stdout."""
    plain = structlog.dev.ConsoleRenderer(colors=False, exception_formatter=indented_traceback)
    structlog.configure(
        processors=[structlog.processors.add_log_level, one_line, plain],
        wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )


def _rendered(*, as_json: bool) -> list[Processor]:
    if as_json:
        # Without local variables: they may hold keys and what people wrote.
        frames = structlog.tracebacks.ExceptionDictTransformer(show_locals=False)
        return [structlog.processors.ExceptionRenderer(frames), as_visible_json]
    plain = structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), exception_formatter=indented_traceback)
    return [one_line, plain]


def one_line(_logger: Any, _method: str, event: EventDict) -> EventDict:
    """For people's eyes: a text of somebody else's neither ends the line, nor begins one, nor commands the terminal."""
    for name, value in event.items():
        if isinstance(value, str):
            event[name] = visible(value.replace("\n", "\\n"))
    return event


def indented_traceback(out: TextIO, error: Any) -> None:
    """As the plain one, but no line of it, which may be anybody's words, looks like an entry of the log."""
    whole = io.StringIO()
    structlog.dev.plain_traceback(whole, error)
    out.write("".join(f"    {visible(line)}\n" for line in whole.getvalue().split("\n")).rstrip())


def as_visible_json(logger: Any, method: str, event: EventDict) -> str:
    """JSON escapes only some of what a terminal obeys."""
    return visible(str(_JSON(logger, method, event)))


_JSON = structlog.processors.JSONRenderer(ensure_ascii=False)
