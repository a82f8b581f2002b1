"""Draws charts in a process of its own, for `app.reports.charts.rendering`: it imports nothing of the application.

Reads one JSON object a line, {"kind": "svg" | "png", "spec": …, "scale": 2}; answers with a length (8 bytes, negative
for an error) and so many bytes. Ends with its input.
"""

import json
import os
import struct
import sys
from pathlib import Path
from typing import Any

import vl_convert

FONTS = Path(__file__).with_name("fonts")
"""Widths of Arial with all Vietnamese letters, which many servers have no font for."""

VIETNAMESE: dict[str, Any] = {"decimal": ",", "thousands": ".", "grouping": [3], "currency": ["", " ₫"]}
NOWHERE: list[str] = []
"""Addresses that a chart may load from: it carries its data."""
LOADING = frozenset({"url", "href", "image"})
"""Keys and kinds of marks that make the library read a file or an address. It holds only `data` to the list above: a
picture inside a chart it fetches from anywhere, and of a file it says nothing."""


def refuse_loading(part: Any) -> None:
    """Raises ValueError where a definition asks for something outside itself."""
    if isinstance(part, dict):
        if LOADING & {*part, str(part.get("type")), str(part.get("mark"))}:
            raise ValueError("A chart carries its data and loads nothing.")
        part = list(part.values())
    if isinstance(part, list):
        for one in part:
            refuse_loading(one)


def draw(job: Any) -> bytes:
    spec = job["spec"]
    refuse_loading(spec)
    if job["kind"] == "svg":
        return vl_convert.vegalite_to_svg(spec, allowed_base_urls=NOWHERE, format_locale=VIETNAMESE).encode()
    return vl_convert.vegalite_to_png(spec, scale=job["scale"], allowed_base_urls=NOWHERE, format_locale=VIETNAMESE)


def main() -> None:
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever a library prints must not get between the answers
    vl_convert.register_font_directory(str(FONTS))
    for line in sys.stdin.buffer:
        try:
            body, sign = draw(json.loads(line)), 1
        except Exception as problem:
            body, sign = str(problem)[:2_000].encode(), -1
        answers.write(struct.pack(">q", sign * len(body)) + body)
        answers.flush()


if __name__ == "__main__":
    main()
