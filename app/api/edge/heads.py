"""How long the head of a request may be: the server itself collects header lines for as long as they come."""

from typing import Final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

MOST: Final = 65_536
"""Bytes of request line and header lines, or of the lines after a chunked body; proxies pass on less. What comes in one
read with the head's beginning or end is not counted: the rest of that read may be a body's."""
TOO_LONG: Final = "Request head too long."


class BoundedHeads(HttpToolsProtocol):
    """One connection of the server; it is closed with 400 when a head does not end."""

    _open = True
    """Whether header lines may come, so that whatever comes is kept until they end."""
    _kept = 0
    _begun = False
    """Whether the head began in what was read last."""

    def data_received(self, data: bytes) -> None:
        self._begun = False
        super().data_received(data)
        if self._open and not self._begun:
            self._kept += len(data)
            if self._kept > MOST and not self.transport.is_closing():
                self.send_400_response(TOO_LONG)

    # What the parser calls as it goes on

    def on_message_begin(self) -> None:
        self._begin()
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        self._open = False
        super().on_headers_complete()

    def on_chunk_header(self) -> None:
        """A chunk of length 0 is followed by header lines; any other by its bytes."""
        self._begin()

    def on_body(self, body: bytes) -> None:
        self._open = False
        super().on_body(body)

    def on_message_complete(self) -> None:
        self._open = False
        super().on_message_complete()

    # Inside

    def _begin(self) -> None:
        self._open, self._begun, self._kept = True, True, 0
