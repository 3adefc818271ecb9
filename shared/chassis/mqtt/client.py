"""One MQTT 5 connection as an asyncio protocol: QoS 0 and 1, manual acknowledgement, everything bounded."""

import asyncio
import itertools
from collections.abc import Iterable, Sequence
from typing import Final, cast

from . import packets
from .coalesce import Gate
from .errors import (
    CloseCause,
    Closed,
    ConnectionLost,
    ConnectRefused,
    PacketTooLarge,
    ProtocolError,
    SubscribeRefused,
)
from .inflight import Inflight
from .keepalive import Keepalive
from .options import OnPublishes, Options, ignore
from .parser import Connack, Disconnect, Parser, Suback
from .tls import Tls

WRITE_BUFFER_BYTES_MAX: Final = 1_048_576
DISCONNECT_TIMEOUT_S: Final = 2.0
DISCONNECT_DETAIL: Final = "DISCONNECT"
PUBLISH_OVERHEAD_BYTES_MAX: Final = 15
"""Of PUBLISH beside topic and payload: type 1, length 4, topic length 2, packet id 2, expiry property 6."""

_generations = itertools.count(1)


class Client(asyncio.Protocol):
    """One connection from `connect()` to `closed`; make a new one to connect again (or use `Session`).

    Inbound, QoS 1: at least once. Nothing is acknowledged unless `ack` is called; what is not acknowledged
    when the connection ends comes again if the broker keeps the session. Outbound, QoS 1: at most one
    transmission on each connection; a ConnectionLost leaves open whether the message arrived, and the caller
    repeats it. Construct it inside the running loop. All methods belong to that loop's thread.
    """

    def __init__(self, options: Options, on_publishes: OnPublishes = ignore) -> None:
        self.options = options
        self.generation: Final = next(_generations)
        """Unique in the process: names this connection in `ack`."""
        self._loop = asyncio.get_running_loop()
        self.closed: asyncio.Future[Closed] = self._loop.create_future()
        """Resolves, never raises, when the connection has ended; shield it or use `wait_closed`."""
        self._on_publishes = on_publishes
        self._parser = Parser(options.packet_bytes_max)
        self._gate = Gate(self._loop, options.coalesce_s_max)
        self._inflight = Inflight(self._loop)
        self._keepalive = Keepalive(self._loop, self._ping, self._peer_is_dead)
        self._connack: asyncio.Future[Connack] = self._loop.create_future()
        self._deadline: asyncio.Timeout | None = None
        self._transport: asyncio.Transport | None = None
        self._reason: Closed | None = None
        self._packet_bytes_max = packets.REMAINING_LENGTH_MAX

    # --- life ---

    async def connect(self) -> Connack:
        """Connect and return the CONNACK; ConnectRefused, ConnectionLost (also after `connect_timeout_s`).

        Messages of a kept session may reach `on_publishes` before this returns.
        """
        try:
            async with asyncio.timeout(self.options.connect_timeout_s) as deadline:
                connack = await self._connack_by(deadline)
        except (OSError, TimeoutError) as error:
            detail = str(error) or type(error).__name__
            raise ConnectionLost(self._end(CloseCause.LOST, f"connecting: {detail}")) from error
        except BaseException:
            self._end(CloseCause.OURS, "connecting failed")
            raise
        if connack.reason_code >= packets.REFUSED_FROM:
            self._end(CloseCause.SERVER, "CONNACK", connack.reason_code)
            raise ConnectRefused(connack.reason_code)
        return connack

    async def _connack_by(self, deadline: asyncio.Timeout) -> Connack:
        """Open the connection and wait for its CONNACK; `_end` moves the deadline here to stop the wait."""
        options = self.options
        self._deadline = deadline
        try:
            transport, _ = await self._loop.create_connection(self._protocol, options.host, options.port)
            try:
                return await self._connack
            except BaseException:
                transport.abort()
                raise
        finally:
            self._deadline = None

    def _protocol(self) -> asyncio.Protocol:
        options = self.options
        if options.tls is None:
            return self
        return Tls(self, options.tls, options.server_hostname or options.host)

    async def disconnect(self, *, with_will: bool = False) -> None:
        """Say DISCONNECT, send what is buffered and close; the broker drops the will unless `with_will`.

        What is unanswered fails with ConnectionLost: await those futures first. Received messages end here.
        """
        if self._transport is not None and not self.closed.done():
            self._reason = self._reason or Closed(CloseCause.OURS, DISCONNECT_DETAIL)
            self._inflight.close(self._reason)
            self._gate.stop()
            self._gate.release()
            reason = packets.DISCONNECT_WITH_WILL if with_will else packets.NORMAL_DISCONNECT
            self._transport.write(packets.encode_disconnect(reason))
            self._transport.close()
            await asyncio.wait([self.closed], timeout=DISCONNECT_TIMEOUT_S)
        self._end(CloseCause.OURS, DISCONNECT_DETAIL)

    def abort(self) -> None:
        """Cut the connection without a word, as a power cut would: the broker publishes the will."""
        self._end(CloseCause.OURS, "aborted")

    async def wait_closed(self) -> Closed:
        """Return why the connection ended, once it has; cancelling this harms nothing."""
        return await asyncio.shield(self.closed)

    # --- inbound ---

    async def subscribe(self, filters: Sequence[str], qos: int = 1) -> tuple[int, ...]:
        """Subscribe and return the granted codes; SubscribeRefused if any is refused, ConnectionLost."""
        packet_id, answer = self._inflight.subscription()
        self._write(packets.encode_subscribe(packet_id, filters, qos))
        codes = await answer
        if len(codes) != len(filters) or any(code >= packets.REFUSED_FROM for code in codes):
            raise SubscribeRefused(codes)
        return codes

    def ack(self, packet_ids: Iterable[int], generation: int) -> None:
        """Acknowledge messages in one write; does nothing for another generation or a closed connection.

        The broker forgets a message at its ack: call this when the message is safe elsewhere, once for each.
        """
        if generation == self.generation and self._transport is not None and not self._transport.is_closing():
            table = packets.puback_table()
            self._transport.write(b"".join([table[packet_id] for packet_id in packet_ids]))

    def pause_reading(self) -> None:
        """Stop reading until `resume_reading`; pings go on, and a silent peer is not held against it."""
        self._keepalive.deaf = True
        self._gate.hold()

    def resume_reading(self) -> None:
        """Read again after `pause_reading`."""
        self._keepalive.deaf = False
        self._gate.release()

    # --- outbound ---

    async def publish(
        self, topic: str, payload: bytes, *, qos: int = 1, expiry_s: int | None = None, retain: bool = False
    ) -> int:
        """Publish and wait for the PUBACK (QoS 0: for room to write); return its reason code (< 0x80).

        Raises PublishRefused, ConnectionLost, PacketTooLarge. A reason of 0x10 means nobody subscribes.
        """
        await self.ready()
        return await self.publish_nowait(topic, payload, qos=qos, expiry_s=expiry_s, retain=retain)

    def publish_nowait(
        self, topic: str, payload: bytes, *, qos: int = 1, expiry_s: int | None = None, retain: bool = False
    ) -> asyncio.Future[int]:
        """Send at once and return the future PUBACK (QoS 0: already done); Busy when there is no room.

        The future raises as `publish` does; nobody needs to await it.
        """
        self._inflight.check(qos)
        name = topic.encode()
        if len(name) + len(payload) + PUBLISH_OVERHEAD_BYTES_MAX > self._packet_bytes_max:
            raise PacketTooLarge(f"{len(payload)} bytes of payload; packets have {self._packet_bytes_max}")
        packet_id, answer = self._inflight.message() if qos else (0, self._inflight.done)
        self._write(
            packets.encode_publish(name, payload, packet_id, qos=qos, retain=retain, expiry_s=expiry_s)
        )
        return answer

    async def ready(self) -> None:
        """Return when there is room to publish: in the broker's receive maximum and in the buffer."""
        await self._inflight.ready()

    @property
    def in_flight(self) -> int:
        """How many QoS 1 messages await their PUBACK."""
        return self._inflight.count

    @property
    def redelivered(self) -> int:
        """How many messages came with the DUP flag on this connection."""
        return self._parser.redelivered

    # --- asyncio calls these ---

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Send CONNECT."""
        self._transport = self._gate.transport = cast("asyncio.Transport", transport)
        if self.closed.done():
            self._transport.abort()
            return
        self._transport.set_write_buffer_limits(high=WRITE_BUFFER_BYTES_MAX)
        self._transport.write(packets.encode_connect(self.options.connect))

    def data_received(self, data: bytes) -> None:
        """Parse one read and hand on its messages in one call."""
        if self._reason is not None:
            return
        self._keepalive.heard = True
        parser = self._parser
        try:
            publishes = parser.feed(data)
            if parser.pubacks:
                self._inflight.acknowledged(parser.pubacks)
                parser.pubacks.clear()
            if parser.control:
                self._handle_control()
        except ProtocolError as error:
            if self._transport is not None:
                self._transport.write(packets.encode_disconnect(0x82))
            self._end(CloseCause.PROTOCOL, str(error))
            return
        if publishes and self._reason is None:
            self._gate.passed(len(publishes))
            self._on_publishes(publishes, self.generation)

    def connection_lost(self, exc: Exception | None) -> None:
        """Fail what is in flight and resolve `closed`."""
        self._end(CloseCause.LOST, str(exc) if exc else "the peer closed the connection")

    def pause_writing(self) -> None:
        """Hold publishers: the write buffer is full."""
        self._inflight.writable = False

    def resume_writing(self) -> None:
        """Let publishers go on."""
        self._inflight.writable = True
        self._inflight.wake()

    # --- inside ---

    def _handle_control(self) -> None:
        for packet in self._parser.control:
            match packet:
                case Connack():
                    self._accepted(packet)
                case Suback(packet_id, codes):
                    self._inflight.subscribed(packet_id, codes)
                case Disconnect(code):
                    self._end(CloseCause.SERVER, DISCONNECT_DETAIL, code)
                case _:
                    pass  # PINGRESP: that bytes came was noted already
        self._parser.control.clear()

    def _accepted(self, connack: Connack) -> None:
        if self._connack.done():
            raise ProtocolError("CONNACK came twice")
        self._connack.set_result(connack)
        if connack.reason_code < packets.REFUSED_FROM:
            self._packet_bytes_max = connack.maximum_packet_size or self._packet_bytes_max
            self._inflight.open(connack.receive_maximum)
            keepalive_s = connack.server_keepalive_s
            self._keepalive.start(self.options.connect.keepalive_s if keepalive_s is None else keepalive_s)

    def _write(self, data: bytes) -> None:
        if self._transport is not None:
            self._transport.write(data)

    def _ping(self) -> None:
        self._write(packets.PINGREQ)

    def _peer_is_dead(self) -> None:
        self._end(CloseCause.KEEPALIVE, "no answer to PINGREQ")

    def _end(self, cause: CloseCause, detail: str, reason_code: int | None = None) -> Closed:
        """Close everything once; the first reason stays."""
        if self.closed.done():
            return self.closed.result()
        reason = self._reason = self._reason or Closed(cause, detail, reason_code)
        self._keepalive.stop()
        if self._deadline is not None and not self._deadline.expired():
            self._deadline.reschedule(self._loop.time())
        self._gate.stop()
        self.closed.set_result(reason)
        if not self._connack.done():
            self._connack.set_exception(ConnectionLost(reason))
            self._connack.exception()
        self._inflight.close(reason)
        if self._transport is not None:
            self._transport.abort()
        return reason
