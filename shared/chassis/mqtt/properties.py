"""Decoding of MQTT 5 properties (OASIS MQTT 5.0, 2.2.2)."""

from typing import Final

from .errors import ProtocolError

SESSION_EXPIRY: Final = 0x11
ASSIGNED_CLIENT_ID: Final = 0x12
SERVER_KEEPALIVE: Final = 0x13
RECEIVE_MAXIMUM: Final = 0x21
USER_PROPERTY: Final = 0x26
MAXIMUM_PACKET_SIZE: Final = 0x27

_BYTES: Final = {1: (0x01, 0x17, 0x19, 0x24, 0x25, 0x28, 0x29, 0x2A), 2: (0x13, 0x21, 0x22, 0x23)}
_WIDTHS: Final = {
    **{identifier: width for width, identifiers in _BYTES.items() for identifier in identifiers},
    **dict.fromkeys((0x02, 0x11, 0x18, 0x27), 4),
}
_STRINGS: Final = frozenset((0x03, 0x08, 0x09, 0x12, 0x15, 0x16, 0x1A, 0x1C, 0x1F))
_VARINT: Final = 0x0B

Value = int | bytes
Properties = dict[int, Value]


def read_varint(data: bytes, pos: int, end: int) -> tuple[int, int]:
    """Return the variable byte integer at `pos` and the position after it; ProtocolError if malformed."""
    value = 0
    for shift in (0, 7, 14, 21):
        if pos >= end:
            raise ProtocolError("a length is cut off")
        byte = data[pos]
        pos += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            if byte == 0 and shift:
                raise ProtocolError("a length is longer than needed")
            return value, pos
    raise ProtocolError("a length has more than four bytes")


def read_binary(data: bytes, pos: int, end: int) -> tuple[bytes, int]:
    """Return the length-prefixed bytes at `pos` and the position after them."""
    start = pos + 2
    if start > end:
        raise ProtocolError("a string is cut off")
    stop = start + (data[pos] << 8 | data[pos + 1])
    if stop > end:
        raise ProtocolError("a string is cut off")
    return data[start:stop], stop


def read_properties(data: bytes, pos: int, end: int) -> tuple[Properties, int]:
    """Return the properties at `pos` (user properties are skipped) and the position after them."""
    length, pos = read_varint(data, pos, end)
    stop = pos + length
    if stop > end:
        raise ProtocolError("properties are cut off")
    found: Properties = {}
    while pos < stop:
        identifier = data[pos]
        pos += 1
        if identifier == USER_PROPERTY:
            _, pos = read_binary(data, pos, stop)
            _, pos = read_binary(data, pos, stop)
            continue
        if identifier in found and identifier != _VARINT:
            raise ProtocolError(f"property 0x{identifier:02x} comes twice")
        found[identifier], pos = _read_value(identifier, data, pos, stop)
    return found, stop


def _read_value(identifier: int, data: bytes, pos: int, stop: int) -> tuple[Value, int]:
    width = _WIDTHS.get(identifier)
    if width is not None:
        if pos + width > stop:
            raise ProtocolError("a property is cut off")
        return int.from_bytes(data[pos : pos + width], "big"), pos + width
    if identifier in _STRINGS:
        return read_binary(data, pos, stop)
    if identifier == _VARINT:
        return read_varint(data, pos, stop)
    raise ProtocolError(f"unknown property 0x{identifier:02x}")
