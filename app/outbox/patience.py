"""SMTP whose every reply has a time of its own.

The library's timeout is per read: a server that drips its reply byte by byte, or never ends it, could hold a sender for
days, past its lease, and the scheduler's thread with it.
"""

import io
import smtplib
import socket
import time
from typing import Any

_SHORTEST = 0.001
"""A timeout of 0 would mean not to wait at all."""


class _Reader(io.RawIOBase):
    """Reads from a socket until `end`, a moment of the monotonic clock."""

    def __init__(self, sock: socket.socket) -> None:
        self.end = 0.0
        self._socket = sock

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        self._socket.settimeout(max(self.end - time.monotonic(), _SHORTEST))
        return self._socket.recv_into(buffer)


class PatientSmtp(smtplib.SMTP):
    """As the library's, but `timeout` bounds a whole reply."""

    _reader: _Reader

    def getreply(self) -> tuple[int, bytes]:
        assert self.sock is not None
        if self.file is None:  # at first, and when STARTTLS has put another socket in place
            self._reader = _Reader(self.sock)
            self.file = io.BufferedReader(self._reader)
        self._reader.end = time.monotonic() + self.timeout
        try:
            return super().getreply()
        finally:
            if self.sock is not None:
                self.sock.settimeout(self.timeout)


class PatientSmtpOverTls(PatientSmtp, smtplib.SMTP_SSL):
    """TLS from the first byte."""
