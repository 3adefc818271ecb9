"""A controller's TLS connection without an event loop: who publishes on a clock need not be woken by answers.

Answers wait in the socket until the next `take`, as those to a controller that polls its detectors do. One
read of the socket then brings many TLS records, and nothing here is done once for each packet that arrives.
"""

import socket
import ssl
import time

import msgspec

from shared.chassis.mqtt.packets import Connect, encode_connect, encode_subscribe
from shared.chassis.mqtt.parser import Connack, Control, Parser, Suback
from shared.chassis.mqtt.tls import RECORD_BYTES_MAX, TlsEnd

CONNECT_LIMIT_S = 10.0
ATTEMPTS = 5
_BUFFER = memoryview(bytearray(262_144))


class Accepted(msgspec.Struct):
    """Ranges of one device."""

    ranges: list[tuple[int, int]]


class Receipt(msgspec.Struct):
    """What is read of a receipt."""

    accepted: list[Accepted]
    rejected: list[msgspec.Raw] = []


_RECEIPTS = msgspec.json.Decoder(Receipt)


class Link:
    """One controller's connection: sends what it is given, counts PUBACKs, takes receipts."""

    def __init__(self, client: str) -> None:
        self.client = client
        self.packet_id = 0
        self.acknowledged = 0
        self.receipted = 0
        self.rejected = 0
        self.lost = False
        self._parser = Parser()
        self._unsent = b""
        self._socket: socket.socket
        self._tls: TlsEnd

    def connect(self, host: str, port: int, context: ssl.SSLContext) -> None:
        """Connect and subscribe to the receipts; OSError when the fifth try fails too."""
        for attempt in range(ATTEMPTS):
            try:
                self._socket = socket.create_connection((host, port), CONNECT_LIMIT_S)
                self._introduce(host, context)
            except OSError:
                if attempt == ATTEMPTS - 1:
                    raise
            else:
                self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                self._socket.setblocking(False)
                return

    def _introduce(self, host: str, context: ssl.SSLContext) -> None:
        self._parser, self._tls = Parser(), TlsEnd(context, host)
        self._tls.receive()
        while not self._tls.ready:
            self._exchange()
        self._tls.send(encode_connect(Connect(client_id=self.client, keepalive_s=60)))
        self._await(Connack)
        self._tls.send(encode_subscribe(1, [f"gas/v1/{self.client}/down/+"], 1))
        self._await(Suback)

    def _exchange(self) -> None:
        """Send what is to be sent, wait for an answer and take it."""
        self._socket.sendall(self._tls.to_send())
        data = self._socket.recv(RECORD_BYTES_MAX)
        if not data:
            raise ConnectionError(f"the broker closed the connection of {self.client}")
        self._parser.feed(self._tls.receive(data))
        if self._tls.error is not None:
            raise self._tls.error

    def _await(self, wanted: type[Control]) -> None:
        end = time.monotonic() + CONNECT_LIMIT_S
        while time.monotonic() < end:
            self._exchange()
            for packet in self._parser.control:
                if not isinstance(packet, wanted) or (isinstance(packet, Connack) and packet.reason_code):
                    raise ConnectionError(f"the broker said {packet} to {self.client}")
                self._parser.control.clear()
                return
        raise TimeoutError(f"no {wanted.__name__} for {self.client}")

    def send(self, data: bytes) -> None:
        """Send, or keep what the socket does not take until the next `send` or `take`."""
        self._tls.send(data)
        self._unsent += self._tls.to_send()
        self._push()

    def _push(self) -> None:
        try:
            sent = self._socket.send(self._unsent)
        except BlockingIOError:
            return
        except OSError:
            self.lost = True
            return
        self._unsent = self._unsent[sent:]

    def take(self) -> None:
        """Take the answers that have arrived."""
        try:
            while size := self._socket.recv_into(_BUFFER):
                if data := self._tls.receive(_BUFFER[:size]):
                    self._answers(data)
                if size < len(_BUFFER):
                    break
            else:
                self.lost = True
        except BlockingIOError:
            pass
        except OSError:
            self.lost = True
        self.lost |= self._tls.closed
        if self._unsent:
            self._push()

    def _answers(self, data: bytes) -> None:
        parser = self._parser
        for _topic, payload, packet_id, _retained in parser.feed(data):
            self.send(b"\x40\x02" + packet_id.to_bytes(2, "big"))
            receipt = _RECEIPTS.decode(payload)
            self.rejected += len(receipt.rejected)
            for one in receipt.accepted:
                for first, last in one.ranges:
                    self.receipted += last - first + 1
        self.acknowledged += len(parser.pubacks)
        parser.pubacks.clear()
        parser.control.clear()

    def close(self) -> None:
        """Say goodbye."""
        self.send(b"\xe0\x00")
        self._socket.close()
