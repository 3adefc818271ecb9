"""Reconnecting against a Mosquitto that is killed, and against brokers that misbehave."""

import asyncio
import contextlib
import random
import ssl
import time
from dataclasses import replace

import pytest

from deploy.native import ports
from shared.chassis.mqtt import (
    Backoff,
    Client,
    CloseCause,
    Connect,
    ConnectionLost,
    ConnectRefused,
    MqttError,
    Options,
    Session,
    SubscribeRefused,
    Will,
)
from tests.integration.chassis_mqtt.conftest import ACTUATION, INGESTION, Inbox, connected, proxied, until

UP = ["gas/v1/+/up/#"]
READING = "gas/v1/dev/up/reading"
FAST = Backoff(first_s=0.02, max_s=0.2)
CONNACK = b"\x20\x03\x00\x00\x00"
pytestmark = pytest.mark.engines


@contextlib.asynccontextmanager
async def running(session):
    task = asyncio.ensure_future(session.run())
    try:
        yield session
    finally:
        await session.stop()
        async with asyncio.timeout(5):
            await task


def acking(options, filters=UP, **kwargs):
    """Return a session that acknowledges at once, and its inbox."""
    inbox = Inbox()
    session = Session(options, filters, inbox, backoff=FAST, rng=random.Random(3), **kwargs)
    inbox.client = session
    return session, inbox


async def test_a_killed_broker_is_found_again_and_subscribed_to_again(broker):
    lost: list[MqttError] = []
    session, inbox = acking(broker.options(INGESTION), on_down=lost.append)
    async with running(session):
        async with asyncio.timeout(5):
            before = await session.wait_connected()
        async with connected(broker.options("dev")) as device:
            await device.publish(READING, b"before")
            await until(lambda: inbox.payloads == [b"before"])
            await asyncio.to_thread(broker.mosquitto.daemon.kill)
            await until(lambda: not session.connected)
            with pytest.raises(ConnectionLost):
                _ = session.client
            with pytest.raises(ConnectionLost):
                device.publish_nowait(READING, b"x")
        await asyncio.to_thread(broker.mosquitto.start)
        async with asyncio.timeout(5):
            after = await session.wait_connected()
        assert after.generation > before.generation
        async with connected(broker.options("dev")) as device:
            await device.publish(READING, b"after")
        await until(lambda: inbox.payloads == [b"before", b"after"])
        assert inbox.generations == [before.generation, after.generation]
        assert lost


async def test_messages_of_a_broken_connection_come_again_in_the_session(broker):
    inbox = Inbox()
    async with proxied(broker.options(INGESTION, clean_start=False, session_expiry_s=60)) as (_, through):
        session = Session(through, UP, inbox, backoff=FAST, rng=random.Random(3))
        async with running(session), connected(broker.options("dev")) as device:
            first = await session.wait_connected()
            await device.publish(READING, b"x")
            await until(lambda: inbox.messages)
            first.abort()
            await until(lambda: len(inbox.messages) == 2)
            assert inbox.generations[0] < inbox.generations[1] == session.generation
            session.ack([inbox.messages[0][2]], inbox.generations[0])
            session.ack([inbox.messages[1][2]], inbox.generations[1])
            await (await session.wait_connected()).publish("gas/v1/dev/down/receipt", b"{}")


async def test_a_session_whose_subscription_was_never_made_is_not_deaf(broker):
    kept = broker.options("valve", clean_start=False, session_expiry_s=60)
    async with connected(kept) as died_before_subscribing:
        await died_before_subscribing.disconnect()
    session, inbox = acking(kept, ["gas/v1/valve/down/#"])
    async with running(session), connected(broker.options(ACTUATION)) as actuation:
        await session.wait_connected()
        await actuation.publish("gas/v1/valve/down/command", b"close")
        await until(lambda: inbox.payloads == [b"close"])


async def test_back_pressure_outlives_a_reconnect(broker):
    inbox = Inbox()
    session = Session(broker.options(INGESTION), UP, inbox, backoff=FAST, rng=random.Random(3))
    inbox.client = session
    async with running(session), connected(broker.options("dev")) as device:
        former = await session.wait_connected()
        session.pause_reading()
        former.abort()
        await until(lambda: session.connected and session.generation != former.generation)
        await device.publish(READING, b"x")
        assert not inbox.messages
        session.resume_reading()
        await until(lambda: inbox.payloads == [b"x"])


async def test_stopping_takes_leave_and_cancelling_does_not(broker):
    watcher, inbox = acking(broker.options(INGESTION))
    will = Will(topic="gas/v1/dev/up/event", payload=b"will")
    options = broker.options("dev", will=will)

    async def greet(client):
        await client.publish(READING, b"up")

    async with running(watcher):
        await watcher.wait_connected()
        async with running(Session(options, on_up=greet, backoff=FAST)):
            await until(lambda: inbox.payloads == [b"up"])
        task = asyncio.ensure_future(Session(options, on_up=greet, backoff=FAST).run())
        await until(lambda: inbox.payloads == [b"up", b"up"])
        task.cancel()
        await asyncio.wait([task])
        await until(lambda: inbox.payloads == [b"up", b"up", b"will"])


@contextlib.asynccontextmanager
async def scripted(*answers, then_close=False):
    """Run a broker that answers each packet with the next of `answers`, then says no more."""
    served = []

    async def serve(reader, writer):
        served.append(writer)
        for answer in answers:
            if not await reader.read(4096):
                break
            writer.write(answer)
        if then_close:
            writer.close()

    server = await asyncio.start_server(serve, ports.HOST, 0)
    port = server.sockets[0].getsockname()[1]
    try:
        yield (
            Options(host=ports.HOST, port=port, connect=Connect(client_id="dev"), connect_timeout_s=0.3),
            served,
        )
    finally:
        server.close()
        for writer in served:
            writer.close()


async def test_a_refusal_tells_its_reason():
    async with scripted(b"\x20\x03\x00\x88\x00") as (options, _):
        client = Client(options)
        with pytest.raises(ConnectRefused) as refused:
            await client.connect()
        assert refused.value.reason_code == 0x88
        assert client.closed.result().cause is CloseCause.SERVER


async def test_a_mute_or_closed_port_is_a_lost_connection():
    async with scripted(b"") as (options, _):
        with pytest.raises(ConnectionLost, match="TimeoutError"):
            await Client(options).connect()
    with pytest.raises(ConnectionLost):
        await Client(options).connect()


@pytest.mark.parametrize(
    "answer",
    [b"\xf0\x00", b"\x90\x04\x00\x09\x00\x00", b"\x40\x02\x00\x05", CONNACK, b"\x30\xff\xff\xff\x7f"],
    ids=["unknown", "foreign SUBACK", "foreign PUBACK", "second CONNACK", "oversized"],
)
async def test_nonsense_from_the_broker_ends_the_connection(answer):
    async with scripted(CONNACK, answer) as (options, _), connected(options) as client:
        with pytest.raises(ConnectionLost):
            await client.publish("t", b"x")
        assert client.closed.result().cause is CloseCause.PROTOCOL


async def test_a_refused_filter_is_told():
    async with (
        scripted(CONNACK, b"\x90\x05\x00\x01\x00\x01\x87") as (options, _),
        connected(options) as client,
    ):
        with pytest.raises(SubscribeRefused) as refused:
            await client.subscribe(["a", "b"])
        assert refused.value.reason_codes == (1, 0x87)


async def test_a_broker_that_drops_at_once_is_not_hammered():
    async with scripted(CONNACK, then_close=True) as (options, served):
        lost: list[MqttError] = []
        session = Session(options, backoff=Backoff(first_s=0.1, max_s=10), on_down=lost.append)
        began = time.monotonic()
        async with running(session):
            await until(lambda: len(lost) == 5)
        assert len(served) == 5
        assert time.monotonic() - began > 0.5 * (0.1 + 0.2 + 0.4 + 0.8)


@pytest.mark.parametrize("tls", [None, ssl.create_default_context()], ids=["CONNACK", "handshake"])
async def test_stop_ends_a_hanging_connect_at_once(tls):
    async with scripted(b"", b"") as (options, served):
        session = Session(replace(options, tls=tls, connect_timeout_s=60))
        async with running(session):
            await until(lambda: served)
            await session.stop()
