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


class Tls(asyncio.Protocol):
    """The client's side of one TLS connection: protocol of the plain transport, transport of `inner`.

    `inner` hears of the connection once the handshake is done; one that fails ends it by `connection_lost`
    with the error.
    """

    def __init__(self, inner: asyncio.Protocol, context: ssl.SSLContext, server_hostname: str) -> None:
        self._inner = inner
        self._incoming = ssl.MemoryBIO()
        self._outgoing = ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._incoming, self._outgoing, server_hostname=server_hostname)
        self._shaken = False
        self._error: Exception | None = None
        self._transport: asyncio.Transport

    # --- the plain transport calls these ---

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin the handshake."""
        self._transport = cast("asyncio.Transport", transport)
        self._handshake()

    def data_received(self, data: bytes) -> None:
        """Hand on what the records hold, in one call."""
        self._incoming.write(data)
        if not self._shaken:
            self._handshake()
        if self._shaken:
            plain = self._plain()
            self._flush()
            if plain:
                self._inner.data_received(plain)

    def connection_lost(self, exc: Exception | None) -> None:
        """Say why, if TLS was the reason."""
        self._inner.connection_lost(self._error or exc)

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
            self._tls.write(data)
            self._flush()

    def close(self) -> None:
        """Say that nothing more comes, send what is buffered, and close."""
        with contextlib.suppress(ssl.SSLError):  # the peer's own goodbye is not waited for
            self._tls.unwrap()
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

    def _handshake(self) -> None:
        try:
            self._tls.do_handshake()
        except ssl.SSLWantReadError:
            self._flush()
        except ssl.SSLError as error:
            self._fail(error)
        else:
            self._shaken = True
            self._flush()
            self._inner.connection_made(cast("asyncio.BaseTransport", self))

    def _plain(self) -> bytes:
        """Return what the whole records that have come hold."""
        found = []
        try:
            while self._incoming.pending:
                found.append(self._tls.read(RECORD_BYTES_MAX))
        except ssl.SSLWantReadError:
            pass  # the rest of a record is still to come
        except ssl.SSLZeroReturnError:
            self._transport.close()
        except ssl.SSLError as error:
            self._fail(error)
        return b"".join(found)

    def _flush(self) -> None:
        data = self._outgoing.read()
        if data and not self._transport.is_closing():
            self._transport.write(data)

    def _fail(self, error: Exception) -> None:
        self._error = error
        self._flush()  # the alert that tells the peer
        self._transport.close()
