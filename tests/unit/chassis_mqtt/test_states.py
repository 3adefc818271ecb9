"""Rare moments that a real broker does not produce on demand, on a loop and a transport made for them."""

import asyncio
from typing import Any

import pytest

from shared.chassis.mqtt import Client, CloseCause, Closed, Connect, ConnectionLost, Options
from shared.chassis.mqtt.coalesce import Gate
from shared.chassis.mqtt.inflight import Inflight
from shared.chassis.mqtt.keepalive import Keepalive
from shared.chassis.mqtt.packets import encode_publish

CONNACK = b"\x20\x03\x00\x00\x00"


class Timer:
    def __init__(self, when, call):
        self.when, self.call = when, call

    def cancel(self):
        self.call = None


class Clockwork:
    """A loop of one timer: `run_to` lets it ring, late by `late_s`."""

    def __init__(self):
        self.now = 100.0
        self.timer: Any = None

    def time(self):
        return self.now

    def call_at(self, when, call):
        self.timer = Timer(when, call)
        return self.timer

    def call_later(self, delay_s, call):
        return self.call_at(self.now + delay_s, call)

    def ring(self, late_s=0.0):
        timer, self.timer = self.timer, None
        self.now = timer.when + late_s
        timer.call()


class Wire:
    """A transport that notes what is asked of it."""

    def __init__(self, on_close=lambda: None):
        self.written = []
        self.reading = True
        self.ended = False
        self.on_close = on_close

    def write(self, data):
        self.written.append(bytes(data))

    def pause_reading(self):
        self.reading = False

    def resume_reading(self):
        self.reading = True

    def is_closing(self):
        return self.ended

    def set_write_buffer_limits(self, high):
        pass

    def abort(self):
        self.ended = True

    def close(self):
        self.ended = True
        self.on_close()


def keepalive():
    loop: Any = Clockwork()
    said: list[str] = []
    made = Keepalive(loop, lambda: said.append("ping"), lambda: said.append("dead"))
    made.start(10)
    return made, loop, said


def test_silence_between_two_pings_is_death():
    _, loop, said = keepalive()
    loop.ring()
    assert loop.now == 105
    loop.ring()
    assert said == ["ping", "dead"]


def test_any_byte_between_two_pings_is_life():
    made, loop, said = keepalive()
    for _ in range(3):
        loop.ring()
        made.heard = True
    assert said == ["ping"] * 3


def test_a_pause_that_began_after_a_ping_is_not_silence_nor_is_the_interval_after_it():
    made, loop, said = keepalive()
    loop.ring()
    made.deaf = True
    loop.ring()
    made.deaf = False
    loop.ring()
    assert said == ["ping"] * 3
    loop.ring()
    assert said[-1] == "dead"


def test_a_process_that_stood_still_does_not_blame_its_peer():
    _, loop, said = keepalive()
    loop.ring()
    loop.ring(late_s=3)
    assert said == ["ping", "ping"]
    loop.ring()
    assert said[-1] == "dead"


def test_no_keepalive_means_no_timer():
    loop: Any = Clockwork()
    Keepalive(loop, pytest.fail, pytest.fail).start(0)
    assert loop.timer is None


def test_the_end_of_a_pause_does_not_lift_the_users_hold():
    loop: Any = Clockwork()
    wire: Any = Wire()
    gate = Gate(loop, 0.003)
    gate.transport = wire
    for _ in range(10):
        loop.now += 0.005
        gate.passed(1_000)
    assert not wire.reading
    gate.hold()
    loop.ring()
    assert not wire.reading
    gate.release()
    assert wire.reading


def test_a_release_waits_for_the_end_of_a_pause():
    loop: Any = Clockwork()
    wire: Any = Wire()
    gate = Gate(loop, 0.003)
    gate.transport = wire
    gate.hold()
    for _ in range(10):
        loop.now += 0.005
        gate.passed(1_000)
    gate.release()
    assert not wire.reading
    loop.ring()
    assert wire.reading


async def test_a_cancelled_publisher_passes_its_place_on():
    inflight = Inflight(asyncio.get_running_loop())
    inflight.open(1)
    packet_id, answer = inflight.message()
    first = asyncio.ensure_future(inflight.ready())
    second = asyncio.ensure_future(inflight.ready())
    await asyncio.sleep(0)
    inflight.acknowledged([(packet_id, 0)])
    first.cancel()
    async with asyncio.timeout(1):
        await second
    assert answer.result() == 0


async def test_packet_ids_wrap_and_skip_what_is_in_flight():
    inflight = Inflight(asyncio.get_running_loop())
    inflight.open(10)
    kept, _ = inflight.message()
    for _ in range(65_534):
        packet_id, _ = inflight.message()
        inflight.acknowledged([(packet_id, 0)])
    assert packet_id == 65_535
    assert inflight.message()[0] == kept + 1


def client_on(wire, inbox):
    options = Options(host="h", port=1, connect=Connect(client_id="c"))
    client = Client(options, lambda batch, _: inbox.extend(batch))
    client.connection_made(wire)
    client.data_received(CONNACK)
    return client


async def test_nothing_is_handed_on_or_acknowledged_after_taking_leave():
    inbox: list[Any] = []
    wire = Wire()
    client = client_on(wire, inbox)
    loop = asyncio.get_running_loop()
    wire.on_close = lambda: loop.call_soon(client.connection_lost, None)
    answer = client.publish_nowait("t", b"x")
    client.data_received(encode_publish(b"t", b"before", 1, qos=1))
    leaving = asyncio.ensure_future(client.disconnect())
    await asyncio.sleep(0)
    client.data_received(encode_publish(b"t", b"after", 2, qos=1))
    client.data_received(b"\x40\x02\x00\x01")  # the answer comes too late to be of use, and is no nonsense
    await leaving
    written = len(wire.written)
    client.ack([1], client.generation)
    assert [message[1] for message in inbox] == [b"before"]
    assert len(wire.written) == written
    assert wire.written[-1] == b"\xe0\x00"
    with pytest.raises(ConnectionLost):
        await answer
    assert client.closed.result() == Closed(CloseCause.OURS, "DISCONNECT")


async def test_all_acks_are_one_write():
    inbox: list[Any] = []
    wire = Wire()
    client = client_on(wire, inbox)
    wire.written.clear()
    client.ack([1, 0, 258], client.generation)
    client.ack([3], client.generation + 1)
    assert wire.written == [b"\x40\x02\x00\x01\x40\x02\x01\x02"]
    client.abort()


async def test_a_full_write_buffer_holds_publishers():
    wire = Wire()
    client = client_on(wire, [])
    client.pause_writing()
    waiting = asyncio.ensure_future(client.publish("t", b"x", qos=0))
    await asyncio.sleep(0)
    assert not waiting.done()
    client.resume_writing()
    assert await waiting == 0
    client.abort()
