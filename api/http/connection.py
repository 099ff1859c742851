"""Cut off clients that begin a request and do not go on, or ask and do not read: uvicorn's HTTP/1.1 with two timers."""

from __future__ import annotations

import asyncio

from uvicorn.protocols.http.h11_impl import H11Protocol

HEADERS_S = 10.0
READER_S = 20.0
MAX_HEADER_BYTES = 32_768


class PatientH11(H11Protocol):
    """Wait ``HEADERS_S`` seconds for a request's headers and ``READER_S`` for a client to take what was sent."""

    _headers_due: asyncio.TimerHandle | None = None
    _reader_due: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Start to wait for the first request."""
        super().connection_made(transport)  # type: ignore[arg-type]
        self._wait_for_headers()

    def data_received(self, data: bytes) -> None:
        """Wait for the rest of the headers, unless this is all of them."""
        super().data_received(data)
        if self._between_requests():
            self._wait_for_headers()
        elif self._headers_due is not None:
            self._headers_due.cancel()
            self._headers_due = None

    def pause_writing(self) -> None:
        """Start to wait for the client to read."""
        super().pause_writing()
        self._reader_due = self.loop.call_later(READER_S, self.transport.abort)

    def resume_writing(self) -> None:
        """Stop to wait: the client reads."""
        super().resume_writing()
        if self._reader_due is not None:
            self._reader_due.cancel()
            self._reader_due = None

    def timeout_keep_alive_handler(self) -> None:
        """Close an idle connection, also where the client never took the last answer."""
        super().timeout_keep_alive_handler()
        if self.transport.get_write_buffer_size():
            self.transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop both timers."""
        if self._headers_due is not None:
            self._headers_due.cancel()
        super().connection_lost(exc)

    def _between_requests(self) -> bool:
        return self.cycle is None or self.cycle.response_complete

    def _wait_for_headers(self) -> None:
        if self._headers_due is None:
            self._headers_due = self.loop.call_later(HEADERS_S, self._cut_off)

    def _cut_off(self) -> None:
        self._headers_due = None
        if self._between_requests() and self.timeout_keep_alive_task is None:
            self.transport.abort()
