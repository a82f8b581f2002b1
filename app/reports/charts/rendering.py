"""From a definition to a picture.

Drawing holds Python's interpreter lock for tens of milliseconds, so it happens in a process of its own, started on
first use: a page that is being served never waits for a chart. One chart is drawn at a time; what was drawn is kept.
"""

import atexit
import contextlib
import hashlib
import json
import os
import struct
import subprocess
import sys
import threading
from collections import OrderedDict
from pathlib import Path
from typing import Any, Final

from app.reports.charts.chart import Chart

KEPT: Final = 200
"""Pictures in memory, 10 to 60 kB each."""
PATIENCE: Final = 60.0
"""Seconds for one chart, the start of the process included."""
_WORKER: Final = Path(__file__).with_name("worker.py")
_ENVIRONMENT: Final = ("PATH", "HOME", "LANG", "TZ", "TMPDIR", "SYSTEMROOT", "FONTCONFIG_FILE", "FONTCONFIG_PATH")
"""All that the drawing process is told: no database address, no mail password."""


class DrawingFailed(RuntimeError):
    """The chart's definition is wrong, or the process that draws cannot run."""


def as_svg(chart: Chart) -> str:
    """Blocks: call it from a thread. Raises `DrawingFailed`."""
    return _kept("svg", chart, 1).decode()


def as_png(chart: Chart, scale: float = 2) -> bytes:
    """`scale`: pixels of the picture per pixel of the chart. Blocks: call it from a thread. Raises `DrawingFailed`."""
    return _kept("png", chart, scale)


def fingerprint(chart: Chart) -> str:
    """Changes whenever the picture may."""
    return hashlib.sha256(json.dumps(chart.spec, sort_keys=True).encode()).hexdigest()[:32]


_pictures: OrderedDict[tuple[str, float, str], bytes] = OrderedDict()
_pictures_lock = threading.Lock()


def _kept(kind: str, chart: Chart, scale: float) -> bytes:
    key = (kind, scale, fingerprint(chart))
    with _pictures_lock:
        if key in _pictures:
            _pictures.move_to_end(key)
            return _pictures[key]
    drawn = _pencil.draw({"kind": kind, "spec": chart.spec, "scale": scale})
    with _pictures_lock:
        _pictures[key] = drawn
        while len(_pictures) > KEPT:
            _pictures.popitem(last=False)
    return drawn


class Pencil:
    """The drawing process. One that hangs or died is replaced by a new one for the next chart."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None

    def draw(self, job: dict[str, Any]) -> bytes:
        with self._lock:
            process = self._started()
            patience = threading.Timer(PATIENCE, process.kill)
            patience.daemon = True
            patience.start()
            try:
                return _asked(process, job)
            except (OSError, struct.error) as problem:
                self._stop()
                raise DrawingFailed("Tiến trình vẽ biểu đồ đã dừng.") from problem
            finally:
                patience.cancel()

    def close(self) -> None:
        with self._lock:
            self._stop()

    def _started(self) -> subprocess.Popen[bytes]:
        if self._process is None or self._process.poll() is not None:
            self._stop()
            self._process = subprocess.Popen(
                [sys.executable, "-I", str(_WORKER)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env={name: os.environ[name] for name in _ENVIRONMENT if name in os.environ},
            )
        return self._process

    def _stop(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        process.kill()
        for pipe in (process.stdin, process.stdout):
            with contextlib.suppress(OSError):
                if pipe is not None:
                    pipe.close()
        process.wait()


def _asked(process: subprocess.Popen[bytes], job: dict[str, Any]) -> bytes:
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(json.dumps(job).encode() + b"\n")
    process.stdin.flush()
    (length,) = struct.unpack(">q", process.stdout.read(8))
    body = process.stdout.read(abs(length))
    if len(body) != abs(length):
        raise OSError("cut off")
    if length < 0:
        raise DrawingFailed(body.decode(errors="replace"))
    return body


_pencil = Pencil()
atexit.register(_pencil.close)
