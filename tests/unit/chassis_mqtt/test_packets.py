"""What a client sends, byte by byte as the standard writes it."""

import pytest

from shared.chassis.mqtt import Connect, PacketTooLarge, Will
from shared.chassis.mqtt.packets import (
    encode_connect,
    encode_disconnect,
    encode_puback,
    encode_publish,
    encode_subscribe,
    puback_table,
    varint,
)


def test_connect_with_defaults():
    assert encode_connect(Connect(client_id="a")) == b"\x10\x0e\x00\x04MQTT\x05\x02\x00\x1e\x00\x00\x01a"


def test_connect_with_everything():
    will = Will(topic="w", payload=b"gone", qos=1, retain=True, delay_s=2, expiry_s=3)
    connect = Connect(
        client_id="c",
        clean_start=False,
        session_expiry_s=60,
        keepalive_s=5,
        receive_maximum=10,
        maximum_packet_size=1000,
        username="u",
        password=b"p",
        will=will,
    )
    assert encode_connect(connect) == (
        b"\x10\x35\x00\x04MQTT\x05\xec\x00\x05"
        b"\x0d\x11\x00\x00\x00\x3c\x21\x00\x0a\x27\x00\x00\x03\xe8"
        b"\x00\x01c"
        b"\x0a\x18\x00\x00\x00\x02\x02\x00\x00\x00\x03\x00\x01w\x00\x04gone"
        b"\x00\x01u\x00\x01p"
    )


def test_small_packets():
    assert encode_subscribe(3, ["a/#", "b"], 1) == b"\x82\x0d\x00\x03\x00\x00\x03a/#\x11\x00\x01b\x11"
    assert encode_publish(b"t", b"p", qos=0, retain=True) == b"\x31\x05\x00\x01t\x00p"
    assert (
        encode_publish(b"t", b"", 258, qos=1, expiry_s=30, dup=True)
        == b"\x3a\x0b\x00\x01t\x01\x02\x05\x02\x00\x00\x00\x1e"
    )
    assert encode_puback(1) == b"\x40\x02\x00\x01"
    assert encode_puback(1, 0x97) == b"\x40\x03\x00\x01\x97"
    assert encode_disconnect() == b"\xe0\x00"
    assert encode_disconnect(0x82) == b"\xe0\x01\x82"


def test_the_table_of_acks_holds_every_id_and_nothing_for_qos_0():
    table = puback_table()
    assert table[0] == b""
    assert [table[i] for i in (1, 255, 256, 65_535)] == [encode_puback(i) for i in (1, 255, 256, 65_535)]
    assert len(table) == 65_536


def test_what_does_not_fit_is_refused():
    with pytest.raises(PacketTooLarge):
        encode_publish(bytes(65_536), b"")
    with pytest.raises(PacketTooLarge):
        varint(268_435_456)
    with pytest.raises(OverflowError):
        encode_connect(Connect(client_id="a", keepalive_s=65_536))
