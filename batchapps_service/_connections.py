"""Connections that are given up: uvicorn itself waits for a request, and its end, for ever."""

import asyncio
import math
import sys
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from batchapps_service._settings import Settings

CROWDED = "crowded"
"""In the state of a request: whether its connection was one too many."""
MIN_RATE = 1024
"""Bytes a second. Who sends fewer counts as pausing."""


class Connection(HttpToolsProtocol):
    """A connection that knows until when its client has to send something, or to read."""

    # Set once for all connections.
    settings: Settings

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._send_by = self._read_by = math.inf
        self._head: float = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._send_by = self._latest()
        # Those who come too late are told so; too many of them are not even heard.
        most = self.settings.max_connections
        self.app_state = {**self.app_state, CROWDED: len(self.connections) > most}
        if len(self.connections) > 2 * most:
            transport.abort()

    def data_received(self, data: bytes) -> None:
        self._send_by = min(self._send_by + len(data) / MIN_RATE, self._latest())
        self._head += len(data)
        super().data_received(data)
        if self._head > self.settings.max_head_bytes and not self.transport.is_closing():
            self.send_400_response("The head of the request is too large.")

    def on_headers_complete(self) -> None:
        self._head = -math.inf  # of the body, any amount may come
        super().on_headers_complete()

    def on_header(self, name: bytes, value: bytes) -> None:
        if self._head < 0:  # of trailers, which nobody here reads, uvicorn would keep any number
            self.transport.abort()
        else:
            super().on_header(name, value)

    def on_message_complete(self) -> None:
        self._send_by, self._head = math.inf, 0
        super().on_message_complete()

    def pause_writing(self) -> None:
        self._read_by = self._latest()
        super().pause_writing()

    def resume_writing(self) -> None:
        self._read_by = math.inf
        super().resume_writing()

    def give_up_if_late(self) -> None:
        """Called now and then."""
        if self.flow.read_paused:  # it is the service that makes the client wait
            self._send_by = max(self._send_by, self._latest())
        if self.loop.time() > min(self._send_by, self._read_by):
            self.transport.abort()

    def _latest(self) -> float:
        return self.loop.time() + self.settings.stall_seconds


def allow_files(most: int) -> None:
    """Let this process open so many files, connections among them, if the system does."""
    if sys.platform != "win32":
        import resource

        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        if soft != resource.RLIM_INFINITY:
            most = most if hard == resource.RLIM_INFINITY else min(most, hard)
            resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, most), hard))
