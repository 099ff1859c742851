"""Cut off clients that begin a request and do not go on, or ask and do not read, and bound headers: uvicorn's HTTP/1.1 by httptools."""

from __future__ import annotations

import asyncio

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HEADERS_S = 10.0
READER_S = 20.0
MAX_HEADER_BYTES = 32_768
TOO_LARGE = f"Headers of more than {MAX_HEADER_BYTES} bytes."


class PatientHttp(HttpToolsProtocol):
    """Wait ``HEADERS_S`` seconds for a request's headers and ``READER_S`` for a client to take what was sent.

    httptools bounds nothing: an address and headers, trailers included, of more than ``MAX_HEADER_BYTES`` are refused here, whether
    they come to an end, which is counted as they are read, or not, which is counted as they come.
    """

    _headers_due: asyncio.TimerHandle | None = None
    _reader_due: asyncio.TimerHandle | None = None
    _head = 0
    _ahead = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Start to wait for the first request."""
        super().connection_made(transport)  # type: ignore[arg-type]
        self._wait_for_headers()

    def data_received(self, data: bytes) -> None:
        """Wait for the rest of the headers, unless this is all of them."""
        self._ahead += len(data)
        super().data_received(data)
        if self._ahead > MAX_HEADER_BYTES and not self.transport.is_closing():
            self.send_400_response(TOO_LARGE)
        if self._between_requests():
            self._wait_for_headers()
        elif self._headers_due is not None:
            self._headers_due.cancel()
            self._headers_due = None

    def on_message_begin(self) -> None:
        """Begin to count a request's headers."""
        self._head = 0
        super().on_message_begin()

    def on_url(self, url: bytes) -> None:
        """Take a part of the address."""
        self._read(len(url))
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a header or a trailer."""
        self._read(len(name) + len(value))
        super().on_header(name, value)

    def on_body(self, body: bytes) -> None:
        """Take a part of the body; how large that may be is the application's to say."""
        self._ahead = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        """End a request."""
        self._ahead = 0
        super().on_message_complete()

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

    def _read(self, size: int) -> None:
        """Count what the parser read of the headers; what is raised here reaches the client as a 400."""
        self._head += size
        if self._head > MAX_HEADER_BYTES:
            raise ValueError(TOO_LARGE)

    def _between_requests(self) -> bool:
        return self.cycle is None or self.cycle.response_complete

    def _wait_for_headers(self) -> None:
        if self._headers_due is None:
            self._headers_due = self.loop.call_later(HEADERS_S, self._cut_off)

    def _cut_off(self) -> None:
        self._headers_due = None
        if self._between_requests() and self.timeout_keep_alive_task is None:
            self.transport.abort()
