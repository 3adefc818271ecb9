"""One connection against the real Mosquitto, under the product's configuration."""

import asyncio
import random
import ssl
import time
from dataclasses import replace

import pytest

from shared.chassis.mqtt import (
    Busy,
    Client,
    CloseCause,
    ConnectionLost,
    PacketTooLarge,
    PublishRefused,
    Will,
)
from shared.chassis.mqtt.packets import encode_publish
from tests.integration.chassis_mqtt.conftest import ACTUATION, INGESTION, Inbox, connected, proxied, until

UP = ["gas/v1/+/up/#"]
READING = "gas/v1/dev/up/reading"
RECEIPT = "gas/v1/dev/down/receipt"
pytestmark = pytest.mark.engines


class CountingClient(Client):
    """Counts reads, to know that a proxy really cut the stream."""

    reads = 0

    def data_received(self, data: bytes) -> None:
        self.reads += 1
        super().data_received(data)


async def test_messages_arrive_whole_and_in_order_however_the_stream_is_cut(broker):
    inbox, rng = Inbox(), random.Random(7)
    payloads = [rng.randbytes(rng.choice((0, 1, 120, 130, 250, 5_000, 17_000))) for _ in range(300)]
    async with (
        proxied(broker.options(INGESTION), rng) as (_, through),
        connected(through, inbox, CountingClient) as sub,
        connected(broker.options("dev")) as pub,
    ):
        inbox.client = sub
        await sub.subscribe(UP)
        await asyncio.gather(*[pub.publish(READING, payload) for payload in payloads])
        await until(lambda: len(inbox.messages) >= len(payloads))
        assert inbox.payloads == payloads
        assert {message[0] for message in inbox.messages} == {READING.encode()}
        assert sub.reads > 2 * len(payloads)


async def test_unacknowledged_messages_come_again_to_the_kept_session(broker):
    options = broker.options(INGESTION, clean_start=True, session_expiry_s=60)
    again = broker.options(INGESTION, clean_start=False, session_expiry_s=60)
    first, second, third = Inbox(), Inbox(), Inbox()
    async with connected(broker.options("dev")) as pub:
        async with connected(options, first) as sub:
            await sub.subscribe(UP)
            for n in range(10):
                await pub.publish(READING, b"%d" % n)
            await until(lambda: len(first.messages) == 10)
            assert sub.redelivered == 0
            sub.ack([message[2] for message in first.messages[:4]], sub.generation)
            await sub.publish(RECEIPT, b"{}")  # its PUBACK shows that the broker has read the acks
        async with connected(again, second) as sub:
            assert sub.connack.session_present
            await until(lambda: len(second.messages) == 6)
            assert second.payloads == first.payloads[4:]
            assert sub.redelivered == 6
            sub.ack([message[2] for message in second.messages], first.generations[0])
            await sub.publish(RECEIPT, b"{}")
        async with connected(again, third) as sub:
            await until(lambda: len(third.messages) == 6)
            assert third.payloads == first.payloads[4:], "acks of a former connection count for nothing"
            await sub.disconnect()


async def test_the_broker_sends_no_more_than_our_receive_maximum(broker):
    inbox = Inbox()
    async with (
        connected(broker.options(INGESTION, receive_maximum=5), inbox) as sub,
        connected(broker.options("dev")) as pub,
    ):
        await sub.subscribe(UP)
        await asyncio.gather(*[pub.publish(READING, b"%d" % n) for n in range(20)])
        await until(lambda: len(inbox.messages) >= 5)
        await sub.publish(RECEIPT, b"{}")  # a round trip: whatever was sent before has arrived
        assert len(inbox.messages) == 5
        sub.ack([message[2] for message in inbox.messages[:2]], sub.generation)
        await until(lambda: len(inbox.messages) >= 7)
        await sub.publish(RECEIPT, b"{}")
        assert inbox.payloads == [b"%d" % n for n in range(7)]


async def test_we_send_no_more_than_the_brokers_receive_maximum(broker):
    async with connected(broker.options("dev")) as pub:
        window = pub.connack.receive_maximum
        answers = [pub.publish_nowait(READING, b"x") for _ in range(window)]
        with pytest.raises(Busy):
            pub.publish_nowait(READING, b"x")
        assert pub.in_flight == window
        late = [asyncio.ensure_future(pub.publish(READING, b"y")) for _ in range(50)]
        late[7].cancel()
        await asyncio.gather(*answers)
        results = await asyncio.gather(*late, return_exceptions=True)
        assert sum(isinstance(result, asyncio.CancelledError) for result in results) == 1
        await until(lambda: pub.in_flight == 0)


async def test_idle_connections_live_by_pings(broker):
    async with (
        proxied(broker.options("dev", keepalive_s=1)) as (proxy, through),
        connected(through) as client,
    ):
        began = time.monotonic()
        await until(lambda: proxy.seen.count(b"\xd0\x00") >= 5)
        assert time.monotonic() - began > 1.5, "the broker would have ended a silent connection by now"
        assert not client.closed.done()


async def test_a_peer_that_falls_silent_is_dead_within_the_keepalive(broker):
    async with (
        proxied(broker.options("dev", keepalive_s=1)) as (proxy, through),
        connected(through) as client,
    ):
        proxy.frozen = True
        answer = client.publish_nowait(READING, b"x")
        async with asyncio.timeout(2):
            assert (await client.wait_closed()).cause is CloseCause.KEEPALIVE
        with pytest.raises(ConnectionLost):
            await answer
        with pytest.raises(ConnectionLost):
            client.publish_nowait(READING, b"x")


async def test_paused_reading_holds_messages_back_and_is_not_taken_for_a_dead_peer(broker):
    inbox = Inbox()
    async with (
        proxied(broker.options(INGESTION, keepalive_s=1)) as (proxy, through),
        connected(through, inbox) as sub,
        connected(broker.options("dev")) as pub,
    ):
        await sub.subscribe(UP)
        sub.pause_reading()
        await pub.publish(READING, b"x")
        await until(lambda: proxy.seen.count(b"\xd0\x00") >= 4)
        assert not inbox.messages
        assert not sub.closed.done()
        sub.resume_reading()
        await until(lambda: inbox.messages)


@pytest.mark.parametrize("end", ["abort", "disconnect", "with_will"])
async def test_the_will_speaks_unless_we_took_our_leave(broker, end):
    inbox = Inbox()
    state = "gas/v1/dev/up/state"
    will = Will(topic=state, payload=b'{"online": false}', retain=True)
    async with connected(broker.options(INGESTION), inbox) as sub:
        await sub.subscribe(UP)
        async with connected(broker.options("dev", will=will)) as device:
            await device.publish(state, b'{"online": true}')
            if end == "abort":
                device.abort()
            else:
                await device.disconnect(with_will=end == "with_will")
        async with connected(broker.options("dev")) as device:
            await device.publish(READING, b"last")
        await until(lambda: b"last" in inbox.payloads)
        assert (b'{"online": false}' in inbox.payloads) == (end != "disconnect")
        async with connected(broker.options("dev")) as device:
            await device.publish(state, b"", retain=True)


async def test_an_expired_message_is_not_delivered(broker):
    inbox = Inbox()
    kept = {"clean_start": False, "session_expiry_s": 60}
    async with connected(broker.options("valve", **kept)) as valve:
        await valve.subscribe(["gas/v1/valve/down/#"])
        await valve.disconnect()
    async with connected(broker.options(ACTUATION)) as actuation:
        await actuation.publish("gas/v1/valve/down/command", b"old", expiry_s=1)
        await actuation.publish("gas/v1/valve/down/command", b"young", expiry_s=60)
    await asyncio.sleep(2.1)  # the broker counts whole seconds
    async with connected(broker.options("valve", **kept), inbox) as valve:
        await until(lambda: inbox.messages)
        await valve.publish("gas/v1/valve/up/reading", b"x")
        assert inbox.payloads == [b"young"]
        valve.ack([inbox.messages[0][2]], valve.generation)
        await valve.disconnect()


async def test_too_large_a_packet_is_not_sent_and_would_end_the_connection(broker):
    async with connected(broker.options("dev")) as device:
        assert device.connack.maximum_packet_size == 65_536
        with pytest.raises(PacketTooLarge):
            await device.publish(READING, bytes(65_536))
        assert device.in_flight == 0
        await device.publish(READING, bytes(65_000))
        device._write(encode_publish(READING.encode(), bytes(65_536), 99, qos=1))
        closed = await device.wait_closed()
        assert (closed.cause, closed.reason_code) == (CloseCause.SERVER, 0x95)


async def test_a_foreign_topic_is_refused_and_a_missing_subscriber_is_not(broker):
    async with connected(broker.options("dev")) as device:
        with pytest.raises(PublishRefused) as refused:
            await device.publish("gas/v1/other/up/reading", b"x")
        assert refused.value.reason_code == 0x87
        assert await device.publish(READING, b"x") in {0, 0x10}
        assert await device.publish(READING, b"x", qos=0) == 0


async def test_retained_messages_say_so(broker):
    inbox, state = Inbox(), "gas/v1/dev/up/state"
    async with connected(broker.options("dev")) as device:
        await device.publish(state, b"s", retain=True)
        async with connected(broker.options(INGESTION), inbox) as sub:
            await sub.subscribe(UP)
            await until(lambda: inbox.messages)
            await device.publish(state, b"", retain=True)
            await until(lambda: len(inbox.messages) == 2)
        assert [(m[1], m[3]) for m in inbox.messages] == [(b"s", True), (b"", False)]


async def test_without_a_certificate_or_with_a_foreign_broker_there_is_no_connection(broker):
    bare = ssl.create_default_context(cafile=str(broker.mosquitto.ca_file))
    for tls, why in (
        (bare, "lost"),  # the broker's alert, or the reset that follows it
        (ssl.create_default_context(), "CERTIFICATE_VERIFY_FAILED"),
    ):
        client = Client(replace(broker.options("dev"), tls=tls))
        with pytest.raises(ConnectionLost, match=why):
            await client.connect()
        assert client.closed.done()


async def test_reading_in_gulps_loses_nothing(broker):
    inbox, total = Inbox(), 20_000
    options = replace(broker.options(INGESTION, receive_maximum=1_000), coalesce_s_max=0.003)
    async with connected(options, inbox) as sub, connected(broker.options("dev")) as pub:
        inbox.client = sub
        await sub.subscribe(UP)
        for n in range(total):
            await pub.ready()
            pub.publish_nowait(READING, b"%d" % n)
        await until(lambda: len(inbox.messages) >= total)
        assert inbox.payloads == [b"%d" % n for n in range(total)]
