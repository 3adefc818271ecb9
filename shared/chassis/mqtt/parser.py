"""An incremental parser of what an MQTT 5 broker sends: arbitrary chunks in, whole packets out, no I/O."""

from dataclasses import dataclass

from .errors import ProtocolError
from .properties import (
    ASSIGNED_CLIENT_ID,
    MAXIMUM_PACKET_SIZE,
    RECEIVE_MAXIMUM,
    SERVER_KEEPALIVE,
    SESSION_EXPIRY,
    Properties,
    read_properties,
    read_varint,
)

PACKET_BYTES_MAX = 131_072
"""Twice what the broker takes from anyone, so that added properties never push a message over it."""

Publish = tuple[bytes, bytes, int, bool]
"""topic, payload, packet id (0 at QoS 0), retain: a bare tuple, as the hot path makes 40,000 a second."""


@dataclass(frozen=True, slots=True)
class Connack:
    """The broker's answer to CONNECT; None where it left a limit to MQTT's default."""

    reason_code: int
    session_present: bool
    receive_maximum: int = 65_535
    maximum_packet_size: int | None = None
    server_keepalive_s: int | None = None
    session_expiry_s: int | None = None
    assigned_client_id: str | None = None


@dataclass(frozen=True, slots=True)
class Suback:
    """The broker's answer to SUBSCRIBE, a reason code for each filter in its order."""

    packet_id: int
    reason_codes: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Disconnect:
    """The broker ends the connection."""

    reason_code: int


@dataclass(frozen=True, slots=True)
class Pingresp:
    """The broker lives."""


Control = Connack | Suback | Disconnect | Pingresp


class Parser:
    """Turns a byte stream into packets; PUBLISH and PUBACK stay bare tuples, the rest are small objects.

    After a ProtocolError the parser must not be fed again.
    """

    __slots__ = ("_missing", "_packet_bytes_max", "_tail", "control", "pubacks", "redelivered")

    def __init__(self, packet_bytes_max: int = PACKET_BYTES_MAX) -> None:
        self._packet_bytes_max = packet_bytes_max
        self._tail: list[bytes] = []
        self._missing = 0
        self.control: list[Control] = []
        """Everything but PUBLISH and PUBACK, in order; the caller empties it."""
        self.pubacks: list[tuple[int, int]] = []
        """(packet id, reason code) of each PUBACK, in order; the caller empties it."""
        self.redelivered = 0
        """How many PUBLISH packets carried the DUP flag."""

    def feed(self, data: bytes) -> list[Publish]:
        """Return the PUBLISH packets that `data` completes; ProtocolError on malformed or oversized input."""
        if self._tail:
            self._tail.append(data)
            self._missing -= len(data)
            if self._missing > 0:
                return []
            data = b"".join(self._tail)
            self._tail.clear()
        publishes: list[Publish] = []
        rest = self._parse(data, publishes)
        if rest < len(data):
            self._tail.append(data[rest:] if rest else data)
        return publishes

    def _parse(self, data: bytes, publishes: list[Publish]) -> int:
        """Append whole packets, return where the first incomplete one starts; this loop is the hot path."""
        pos, size, limit = 0, len(data), self._packet_bytes_max
        append = publishes.append
        while pos + 1 < size:
            length = data[pos + 1]
            start = pos + 2
            if length & 0x80:
                # Two bytes of length are the rule for readings; more are left to the general function.
                if start < size and 0 < data[start] < 0x80:
                    length += (data[start] - 1) << 7
                    start += 1
                elif size - start < 3 and all(byte & 0x80 for byte in data[start:size]):
                    self._missing = 1
                    return pos
                else:
                    length, start = read_varint(data, pos + 1, size)
            end = start + length
            if end - pos > limit:
                raise ProtocolError(f"a packet of {end - pos} bytes; {limit} are agreed")
            if end > size:
                self._missing = end - size
                return pos
            if data[pos] == 0x32 and length >= 6:
                at = start + 2 + (data[start] << 8 | data[start + 1])
                if at + 2 < end and not data[at + 2] and at != start + 2:
                    packet_id = data[at] << 8 | data[at + 1]
                    if packet_id:
                        append((data[start + 2 : at], data[at + 3 : end], packet_id, False))
                        pos = end
                        continue
            self._other(data[pos], data, start, end, publishes)
            pos = end
        self._missing = 1
        return pos

    def _other(self, first: int, data: bytes, pos: int, end: int, publishes: list[Publish]) -> None:
        if first >> 4 == 3:
            publishes.append(self._publish(first, data, pos, end))
        elif first == 0x40:
            self.pubacks.append(_puback(data, pos, end))
        elif first == 0xD0 and pos == end:
            self.control.append(Pingresp())
        elif first == 0x20:
            self.control.append(_connack(data, pos, end))
        elif first == 0x90:
            self.control.append(_suback(data, pos, end))
        elif first == 0xE0:
            self.control.append(_disconnect(data, pos, end))
        else:
            raise ProtocolError(f"a broker does not send 0x{first:02x}")

    def _publish(self, first: int, data: bytes, pos: int, end: int) -> Publish:
        """Decode any PUBLISH we can have asked for: QoS 0 or 1, no topic alias."""
        qos = first >> 1 & 3
        if qos > 1 or (first & 0x08 and not qos):
            raise ProtocolError(f"PUBLISH with flags 0x{first & 0x0F:x}; only QoS 0 and 1 were asked for")
        at = pos + 2
        if at > end:
            raise ProtocolError("PUBLISH is cut off")
        at += data[pos] << 8 | data[pos + 1]
        topic = data[pos + 2 : at]
        packet_id = 0
        if qos and at + 2 <= end:
            packet_id = data[at] << 8 | data[at + 1]
            at += 2
        if at > end or not topic or (qos and not packet_id):
            raise ProtocolError("PUBLISH without topic or packet id")
        _, at = read_properties(data, at, end)
        self.redelivered += first >> 3 & 1
        return topic, data[at:end], packet_id, bool(first & 1)


def _puback(data: bytes, pos: int, end: int) -> tuple[int, int]:
    if end - pos < 2:
        raise ProtocolError("PUBACK is cut off")
    packet_id = data[pos] << 8 | data[pos + 1]
    if not packet_id:
        raise ProtocolError("PUBACK without packet id")
    if end - pos == 2:
        return packet_id, 0
    if end - pos > 3:
        _whole(data, pos + 3, end)
    return packet_id, data[pos + 2]


def _whole(data: bytes, pos: int, end: int) -> Properties:
    properties, at = read_properties(data, pos, end)
    if at != end:
        raise ProtocolError("bytes after the end of the packet")
    return properties


def _connack(data: bytes, pos: int, end: int) -> Connack:
    if end - pos < 3 or data[pos] > 1:
        raise ProtocolError("CONNACK is malformed")
    found = _whole(data, pos + 2, end)
    receive_maximum = _number(found, RECEIVE_MAXIMUM)
    packet_bytes_max = _number(found, MAXIMUM_PACKET_SIZE)
    if receive_maximum == 0 or packet_bytes_max == 0:
        raise ProtocolError("CONNACK with a limit of zero")
    client_id = found.get(ASSIGNED_CLIENT_ID)
    return Connack(
        reason_code=data[pos + 1],
        session_present=bool(data[pos]),
        receive_maximum=receive_maximum or 65_535,
        maximum_packet_size=packet_bytes_max,
        server_keepalive_s=_number(found, SERVER_KEEPALIVE),
        session_expiry_s=_number(found, SESSION_EXPIRY),
        assigned_client_id=client_id.decode("utf-8", "replace") if isinstance(client_id, bytes) else None,
    )


def _number(found: Properties, identifier: int) -> int | None:
    value = found.get(identifier)
    return value if isinstance(value, int) else None


def _suback(data: bytes, pos: int, end: int) -> Suback:
    if end - pos < 4:
        raise ProtocolError("SUBACK is cut off")
    _, at = read_properties(data, pos + 2, end)
    if at == end:
        raise ProtocolError("SUBACK without reason codes")
    return Suback(data[pos] << 8 | data[pos + 1], tuple(data[at:end]))


def _disconnect(data: bytes, pos: int, end: int) -> Disconnect:
    if end - pos > 1:
        _whole(data, pos + 1, end)
    return Disconnect(data[pos] if end > pos else 0)
