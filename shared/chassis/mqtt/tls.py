"""TLS between a plain transport and a protocol, so that a pause of reading stops the socket itself.

The event loop's own TLS goes on reading while its protocol pauses: at 30,000 messages a second, each a TLS
record and a packet of its own from the broker, it is woken for each. Here a pause leaves them in the socket,
and one read brings them all.
"""

import asyncio
import contextlib
import ssl
from typing import cast

RECORD_BYTES_MAX = 16_384
"""The most that one TLS record holds (RFC 8446, section 5.1)."""


class TlsEnd:
    """The client's end of a TLS connection, without I/O: a socket's bytes in and out, plain bytes beside."""

    def __init__(self, context: ssl.SSLContext, server_hostname: str) -> None:
        self._incoming = ssl.MemoryBIO()
        self._outgoing = ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._incoming, self._outgoing, server_hostname=server_hostname)
        self.ready = False
        """Whether the handshake is done."""
        self.closed = False
        """Whether nothing more comes: the peer said so, or `error` says why."""
        self.error: ssl.SSLError | None = None

    def receive(self, data: "bytes | memoryview" = b"") -> bytes:
        """Take bytes of the socket; return what the records that are whole now hold.

        The first call, without bytes, begins the handshake.
        """
        self._incoming.write(data)
        found = []
        try:
            if not self.ready:
                self._tls.do_handshake()
                self.ready = True
            while self._incoming.pending:
                found.append(self._tls.read(RECORD_BYTES_MAX))
        except ssl.SSLWantReadError:
            pass  # the rest of a record is still to come
        except ssl.SSLZeroReturnError:
            self.closed = True
        except ssl.SSLError as error:
            self.error, self.closed = error, True
        return b"".join(found)

    def send(self, plain: bytes) -> None:
        """Encrypt what `to_send` then returns."""
        self._tls.write(plain)

    def goodbye(self) -> None:
        """Say that nothing more comes; the peer's own goodbye is not waited for."""
        with contextlib.suppress(ssl.SSLError):
            self._tls.unwrap()

    def to_send(self) -> bytes:
        """Return what is to go to the socket now, once."""
        return self._outgoing.read()


class Tls(asyncio.Protocol):
    """The client's side of one TLS connection: protocol of the plain transport, transport of `inner`.

    `inner` hears of the connection once the handshake is done; one that fails ends it by `connection_lost`
    with the error.
    """

    def __init__(self, inner: asyncio.Protocol, context: ssl.SSLContext, server_hostname: str) -> None:
        self._inner = inner
        self._end = TlsEnd(context, server_hostname)
        self._transport: asyncio.Transport

    # --- the plain transport calls these ---

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin the handshake."""
        self._transport = cast("asyncio.Transport", transport)
        self._take(b"")

    def data_received(self, data: bytes) -> None:
        """Hand on what the records hold, in one call."""
        self._take(data)

    def connection_lost(self, exc: Exception | None) -> None:
        """Say why, if TLS was the reason."""
        self._inner.connection_lost(self._end.error or exc)

    def pause_writing(self) -> None:
        """Pass it on."""
        self._inner.pause_writing()

    def resume_writing(self) -> None:
        """Pass it on."""
        self._inner.resume_writing()

    # --- `inner` calls these ---

    def write(self, data: bytes) -> None:
        """Encrypt and send."""
        if not self._transport.is_closing():
            self._end.send(data)
            self._flush()

    def close(self) -> None:
        """Say that nothing more comes, send what is buffered, and close."""
        self._end.goodbye()
        self._flush()
        self._transport.close()

    def abort(self) -> None:
        """Cut the connection."""
        self._transport.abort()

    def is_closing(self) -> bool:
        """Tell whether it is closed or about to be."""
        return self._transport.is_closing()

    def pause_reading(self) -> None:
        """Leave in the socket what comes."""
        if not self._transport.is_closing():
            self._transport.pause_reading()

    def resume_reading(self) -> None:
        """Read again."""
        if not self._transport.is_closing():
            self._transport.resume_reading()

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        """Set when `pause_writing` and `resume_writing` are called."""
        self._transport.set_write_buffer_limits(high, low)

    # --- inside ---

    def _take(self, data: bytes) -> None:
        was_ready = self._end.ready
        plain = self._end.receive(data)
        self._flush()  # also the alert that tells the peer what is wrong
        if self._end.ready and not was_ready:
            self._inner.connection_made(cast("asyncio.BaseTransport", self))
        if plain:
            self._inner.data_received(plain)
        if self._end.closed:
            self._transport.close()

    def _flush(self) -> None:
        data = self._end.to_send()
        if data and not self._transport.is_closing():
            self._transport.write(data)
