"""The parser: any cutting of a byte stream gives the same packets, and nothing but ProtocolError escapes."""

import itertools

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from shared.chassis.mqtt import ProtocolError
from shared.chassis.mqtt.packets import encode_puback, encode_publish, varint
from shared.chassis.mqtt.parser import Connack, Disconnect, Parser, Pingresp, Suback
from shared.chassis.mqtt.properties import read_varint

topics = st.binary(min_size=1, max_size=40)
publishes = st.builds(
    lambda topic, payload, packet_id, qos, retain, expiry_s, dup: (
        encode_publish(
            topic, payload, packet_id, qos=qos, retain=retain, expiry_s=expiry_s, dup=dup and qos == 1
        ),
        ("publish", (topic, payload, packet_id if qos else 0, retain)),
    ),
    topics,
    st.one_of(st.binary(max_size=300), st.integers(0, 17_000).map(bytes)),
    st.integers(1, 65_535),
    st.integers(0, 1),
    st.booleans(),
    st.one_of(st.none(), st.integers(0, 2**32 - 1)),
    st.booleans(),
)
others = st.one_of(
    st.builds(lambda i: (encode_puback(i), ("puback", (i, 0))), st.integers(1, 65_535)),
    st.builds(
        lambda i, r: (encode_puback(i, r), ("puback", (i, r))), st.integers(1, 65_535), st.integers(1, 255)
    ),
    st.just((b"\xd0\x00", ("control", Pingresp()))),
    st.just((b"\x90\x05\x00\x07\x00\x01\x87", ("control", Suback(7, (1, 0x87))))),
    st.just((b"\xe0\x02\x95\x00", ("control", Disconnect(0x95)))),
)


def taken(parser, chunks):
    """Return what a parser makes of the chunks, by kind, and whether it gave up."""
    seen: dict[str, list[object]] = {"publish": [], "puback": [], "control": []}
    try:
        for chunk in chunks:
            seen["publish"] += parser.feed(chunk)
    except ProtocolError:
        return None
    return {**seen, "puback": parser.pubacks, "control": parser.control}


def cut(data, places):
    edges = [0, *sorted(place % (len(data) + 1) for place in places), len(data)]
    return [data[a:b] for a, b in itertools.pairwise(edges)]


@given(st.lists(st.one_of(publishes, others), max_size=12), st.lists(st.integers(min_value=0), max_size=40))
def test_any_cutting_of_a_stream_gives_the_same_packets(packets, places):
    stream = b"".join(data for data, _ in packets)
    expected = {kind: [x for _, (k, x) in packets if k == kind] for kind in ("publish", "puback", "control")}
    assert taken(Parser(), cut(stream, places)) == expected


@given(st.lists(st.one_of(publishes, others), min_size=1, max_size=3))
def test_byte_by_byte_gives_the_same_packets(packets):
    stream = b"".join(data for data, _ in packets)
    assert taken(Parser(), [stream[i : i + 1] for i in range(len(stream))]) == taken(Parser(), [stream])


@pytest.mark.parametrize(
    "size", [*range(400), *range(16_370, 16_400), *range(2_097_130, 2_097_160), 2_500_000]
)
def test_every_size_of_the_length_field(size):
    payload = bytes(size)
    packet = encode_publish(b"t", payload, 9, qos=1)
    first, *rest = [(b"t", payload, 9, False)], Parser(4_000_000).feed(packet)
    assert rest == [first]
    split = Parser(4_000_000)
    for head in (packet[i : i + 1] for i in range(6)):
        assert split.feed(head) == []
    assert split.feed(packet[6:]) == first


@given(st.integers(0, 268_435_455))
@example(127)
@example(128)
@example(16_383)
@example(16_384)
@example(2_097_151)
@example(2_097_152)
def test_lengths_come_back_in_the_fewest_bytes(value):
    data = varint(value)
    assert read_varint(data, 0, len(data)) == (value, len(data))
    assert len(data) == 1 + (value > 127) + (value > 16_383) + (value > 2_097_151)


MALFORMED = {
    "length of five bytes": b"\x30\xff\xff\xff\xff\x01",
    "length longer than needed": b"\x30\x80\x00",
    "length longer than needed, in three": b"\x30\x85\x80\x00" + bytes(5),
    "unknown type": b"\x00\x00",
    "AUTH": b"\xf0\x00",
    "a client's packet": b"\x10\x00",
    "QoS 2": b"\x34\x06\x00\x01t\x00\x01\x00",
    "QoS 3": b"\x36\x06\x00\x01t\x00\x01\x00",
    "DUP at QoS 0": b"\x38\x04\x00\x01t\x00",
    "empty PUBLISH": b"\x32\x00",
    "topic beyond the end": b"\x32\x06\x00\x09t\x00\x01\x00",
    "topic ends at the packet's end": b"\x32\x06\x00\x04tttt",
    "no packet id": b"\x32\x04\x00\x01t\x00",
    "packet id zero": b"\x32\x06\x00\x01t\x00\x00\x00",
    "empty topic": b"\x32\x06\x00\x00\x00\x01\x00p",
    "no properties": b"\x32\x05\x00\x01t\x00\x01",
    "properties beyond the end": b"\x32\x06\x00\x01t\x00\x01\x05",
    "unknown property": b"\x32\x08\x00\x01t\x00\x01\x02\x7f\x00",
    "property cut off": b"\x32\x08\x00\x01t\x00\x01\x02\x02\x00",
    "property twice": b"\x32\x0a\x00\x01t\x00\x01\x04\x01\x00\x01\x00",
    "PUBACK cut off": b"\x40\x01\x00",
    "PUBACK with packet id zero": b"\x40\x02\x00\x00",
    "PUBACK with bytes at its end": b"\x40\x05\x00\x01\x00\x00\x00",
    "PUBACK with flags": b"\x41\x02\x00\x01",
    "CONNACK cut off": b"\x20\x02\x00\x00",
    "CONNACK with unknown flags": b"\x20\x03\x02\x00\x00",
    "CONNACK with receive maximum zero": b"\x20\x06\x00\x00\x03\x21\x00\x00",
    "SUBACK without codes": b"\x90\x03\x00\x01\x00",
    "SUBACK cut off": b"\x90\x04\x00\x01\x05\x00",
    "DISCONNECT with cut properties": b"\xe0\x02\x95\x04",
    "PINGRESP with content": b"\xd0\x01\x00",
}


@pytest.mark.parametrize("data", MALFORMED.values(), ids=MALFORMED.keys())
def test_malformed_input_is_one_error_whole_or_in_pieces(data):
    good = encode_publish(b"t", b"before", 1, qos=1)
    assert taken(Parser(), [good + data]) is None
    assert taken(Parser(), [(good + data)[i : i + 1] for i in range(len(good + data))]) is None


@given(st.binary(max_size=200), st.lists(st.integers(min_value=0), max_size=20))
@example(b"\x32\x06\x00\x01t", [])
def test_no_bytes_raise_anything_else_and_cuts_do_not_change_the_verdict(data, places):
    assert taken(Parser(200), [data]) == taken(Parser(200), cut(data, places))


@given(st.sampled_from([0x20, 0x32, 0x3B, 0x40, 0x90, 0xE0]), st.binary(max_size=60))
def test_no_packet_body_raises_anything_else(first, body):
    packet = bytes((first,)) + varint(len(body)) + body
    assert taken(Parser(), [packet]) == taken(Parser(), [packet[i : i + 1] for i in range(len(packet))])


@pytest.mark.parametrize(("size", "fits"), [(1_000, True), (1_001, False)])
def test_the_size_of_a_packet_is_bounded_before_its_bytes_come(size, fits):
    length = size - 3
    head = b"\x32" + varint(length)
    assert len(head) + length == size
    parser = Parser(1_000)
    if fits:
        assert parser.feed(head) == []
    else:
        with pytest.raises(ProtocolError, match="1001 bytes"):
            parser.feed(head)


def test_connack_tells_the_limits():
    properties = (
        b"\x21\x13\x88" + b"\x27\x00\x01\x00\x00" + b"\x13\x00\x3c" + b"\x11\x00\x00\x00\x05"
        b"\x12\x00\x01x" + b"\x26\x00\x01k\x00\x01v" * 2 + b"\x24\x01"
    )
    body = b"\x01\x00" + varint(len(properties)) + properties
    parser = Parser()
    parser.feed(b"\x20" + varint(len(body)) + body)
    assert parser.control == [Connack(0, True, 5000, 65_536, 60, 5, "x")]


def test_redelivery_is_counted():
    parser = Parser()
    parser.feed(encode_publish(b"t", b"", 1, qos=1, dup=True) + encode_publish(b"t", b"", 2, qos=1))
    assert parser.redelivered == 1
