"""Encoding of the MQTT 5 packets a client sends, as pure functions (OASIS MQTT 5.0, chapter 3)."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from .errors import PacketTooLarge

PACKET_ID_MAX = 65_535
REMAINING_LENGTH_MAX = 268_435_455
STRING_BYTES_MAX = 65_535

PINGREQ = b"\xc0\x00"
NORMAL_DISCONNECT = 0x00
DISCONNECT_WITH_WILL = 0x04
REFUSED_FROM = 0x80
"""Reason codes from here on are refusals (OASIS MQTT 5.0, 2.4)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Will:
    """What the broker publishes in our name when the connection ends without a normal DISCONNECT.

    `delay_s` holds it back (a session that resumes in time cancels it), `expiry_s` is its message expiry.
    """

    topic: str
    payload: bytes
    qos: int = 1
    retain: bool = False
    delay_s: int = 0
    expiry_s: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Connect:
    """The content of CONNECT; `receive_maximum` bounds the broker's unacknowledged QoS 1 messages."""

    client_id: str
    clean_start: bool = True
    session_expiry_s: int = 0
    keepalive_s: int = 30
    receive_maximum: int = PACKET_ID_MAX
    maximum_packet_size: int | None = None
    username: str | None = None
    password: bytes | None = None
    will: Will | None = None


def varint(value: int) -> bytes:
    """Encode a variable byte integer, 0 … 268,435,455; PacketTooLarge above."""
    if value < 0x80:
        return bytes((value,))
    if value > REMAINING_LENGTH_MAX:
        raise PacketTooLarge(f"{value} bytes do not fit into one MQTT packet")
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def _packet(first: int, *parts: bytes) -> bytes:
    body = b"".join(parts)
    return bytes((first,)) + varint(len(body)) + body


def _binary(value: bytes) -> bytes:
    if len(value) > STRING_BYTES_MAX:
        raise PacketTooLarge(f"a string of {len(value)} bytes; MQTT takes {STRING_BYTES_MAX}")
    return len(value).to_bytes(2, "big") + value


def _properties(*parts: bytes) -> bytes:
    body = b"".join(parts)
    return varint(len(body)) + body


def _u16(identifier: int, value: int) -> bytes:
    return bytes((identifier,)) + value.to_bytes(2, "big")


def _u32(identifier: int, value: int) -> bytes:
    return bytes((identifier,)) + value.to_bytes(4, "big")


def _will_fields(will: Will) -> bytes:
    properties = _properties(
        _u32(0x18, will.delay_s) if will.delay_s else b"",
        _u32(0x02, will.expiry_s) if will.expiry_s is not None else b"",
    )
    return properties + _binary(will.topic.encode()) + _binary(will.payload)


def encode_connect(connect: Connect) -> bytes:
    """Encode CONNECT; OverflowError where a number does not fit its field."""
    flags = 0x02 if connect.clean_start else 0
    fields = [_binary(connect.client_id.encode())]
    if connect.will is not None:
        flags |= 0x04 | connect.will.qos << 3 | connect.will.retain << 5
        fields.append(_will_fields(connect.will))
    if connect.username is not None:
        flags |= 0x80
        fields.append(_binary(connect.username.encode()))
    if connect.password is not None:
        flags |= 0x40
        fields.append(_binary(connect.password))
    properties = _properties(
        _u32(0x11, connect.session_expiry_s) if connect.session_expiry_s else b"",
        _u16(0x21, connect.receive_maximum) if connect.receive_maximum != PACKET_ID_MAX else b"",
        _u32(0x27, connect.maximum_packet_size) if connect.maximum_packet_size else b"",
    )
    head = b"\x00\x04MQTT\x05" + bytes((flags,)) + connect.keepalive_s.to_bytes(2, "big")
    return _packet(0x10, head, properties, *fields)


def encode_subscribe(packet_id: int, filters: Sequence[str], qos: int) -> bytes:
    """Encode SUBSCRIBE; retained messages come only for a subscription that is new to the session."""
    options = bytes((qos | 0x10,))
    entries = [_binary(each.encode()) + options for each in filters]
    return _packet(0x82, packet_id.to_bytes(2, "big"), b"\x00", *entries)


def encode_publish(
    topic: bytes,
    payload: bytes,
    packet_id: int = 0,
    *,
    qos: int = 0,
    retain: bool = False,
    expiry_s: int | None = None,
    dup: bool = False,
) -> bytes:
    """Encode PUBLISH with QoS 0 (no packet id) or 1; `expiry_s` is the message expiry in whole seconds."""
    head = _binary(topic)
    if qos:
        head += packet_id.to_bytes(2, "big")
    head += b"\x00" if expiry_s is None else b"\x05\x02" + expiry_s.to_bytes(4, "big")
    first = 0x30 | qos << 1 | retain | dup << 3
    return b"".join((bytes((first,)), varint(len(head) + len(payload)), head, payload))


def encode_puback(packet_id: int, reason_code: int = 0) -> bytes:
    """Encode PUBACK: the short form for success, otherwise with its reason code."""
    if not reason_code:
        return b"\x40\x02" + packet_id.to_bytes(2, "big")
    return b"\x40\x03" + packet_id.to_bytes(2, "big") + bytes((reason_code,))


def encode_disconnect(reason_code: int = NORMAL_DISCONNECT) -> bytes:
    """Encode DISCONNECT; only reason 0 keeps the broker from publishing the will."""
    return b"\xe0\x00" if not reason_code else b"\xe0\x01" + bytes((reason_code,))


@cache
def puback_table() -> tuple[bytes, ...]:
    """Return the 4-byte success PUBACK of every packet id, built once per process (about 3 MB).

    Id 0 stands for a message at QoS 0, which has none: its entry is empty.
    """
    return (b"", *(encode_puback(packet_id) for packet_id in range(1, PACKET_ID_MAX + 1)))
