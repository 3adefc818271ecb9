"""Engines that die under load (faults 8, 10, 11)."""

import asyncio
import signal
from collections.abc import Set as AbstractSet

from tests.faults.fleet import Site, now_ms, until
from tests.faults.harness import Scene, counts
from tests.faults.ledger import Key

TALKERS, PER_S = 20, 4.0


@counts(2, 25)
async def test_fault_08_mosquitto_killed_after_the_puback(scene: Scene, count: int) -> None:
    """The broker dies with messages that it alone has: the devices have no receipt and send again."""
    clients = await scene.talkers(TALKERS)
    scene.fleet.load(clients, PER_S)
    only_there = 0
    for _ in range(count):
        await until("all are connected", lambda: all(one.connected for one in clients))
        process = await scene.settled("ingestion")
        process.send_signal(signal.SIGSTOP)
        scene.fleet.hush()  # of those that talk on, somebody always waits for the broker
        try:
            site_keys = {
                client.speak(client.client_id, {"type": "self_check", "data": {"passed": True}})
                for client in clients
            }
            await until("the broker has acknowledged them", lambda: not any(one.waiting for one in clients))
            await scene.kill_engine("mosquitto")
        finally:
            process.send_signal(signal.SIGCONT)
        scene.fleet.load(clients, PER_S)
        only_there += len(site_keys - scene.fleet.ledger.accepted.keys())
        await scene.start_engine("mosquitto")
        await scene.ready("ingestion")
    scene.fleet.hush()
    seconds = await scene.fleet.drained(120)  # what piled up goes at the 10 readings/s of the allowance
    scene.said = (
        f"Mosquitto killed {count} times with {only_there} events of its own; drained in {seconds:.0f} s"
    )


@counts(4, 60)
async def test_fault_10_kafka_away(scene: Scene, count: int) -> None:
    """Kafka is killed for `count` seconds: no receipt for what is said meanwhile, memory bounded."""
    scene.fleet.load(await scene.talkers(TALKERS), PER_S)
    await scene.kill_engine("kafka")
    killed_ms = now_ms()
    await asyncio.sleep(count)  # the fault's duration
    ledger = scene.fleet.ledger
    meanwhile = {key for key, message in ledger.said.items() if message["time_ms"] > killed_ms}
    assert meanwhile
    assert not meanwhile & ledger.accepted.keys(), "receipts without Kafka"
    await scene.start_engine("kafka")
    await scene.ready()
    scene.fleet.hush()
    seconds = await scene.fleet.drained(60)
    scene.said = f"Kafka away {count} s, {len(meanwhile)} said meanwhile; drained in {seconds:.0f} s"


@counts(1, 10)
async def test_fault_11_postgresql_killed_mid_transaction(scene: Scene, count: int) -> None:
    """The postmaster dies while alerting's transaction is open."""
    scene.fleet.load(await scene.talkers(TALKERS), PER_S)
    await scene.repeat(count, _mid_transaction, "postmasters killed mid-transaction")


async def _mid_transaction(scene: Scene, site: Site) -> str:
    async with scene.gate("alerting.alert", "INSERT", site) as gate:
        site.client.alarm(site.detector)
        await gate.waiting()
        await scene.kill_engine("postgres")
        await scene.start_engine("postgres")
        seconds = await scene.ready(limit_s=10 + SLACK_S)
    return f"healed {seconds:.1f} s after its start, {await scene.one_of_each(site)}"


SLACK_S = 10.0  # ten seconds on a machine of its own; tests share two cores with others


@counts(2, 50)
async def test_committed_rows_survive_the_postmaster(scene: Scene, count: int) -> None:
    """`kill -9` the postmaster under load, again and again: a row once seen stays (FAULTS section 2)."""
    scene.fleet.load(await scene.talkers(TALKERS), PER_S)
    ledger = scene.fleet.ledger
    stored: AbstractSet[Key] = set()

    async def more() -> bool:
        nonlocal stored
        before, stored = stored, (await ledger.rows(scene.connection)).keys()
        return len(stored) > len(before)

    for _ in range(count):
        await until("rows are written again", more)
        await asyncio.sleep(scene.fleet.rng.random())  # anywhere between two writes, or within one
        stored = (await ledger.rows(scene.connection)).keys()
        await scene.kill_engine("postgres")
        await scene.start_engine("postgres")
        await until("the database answers", lambda: scene.fetch("SELECT 1"))
        lost = stored - (await ledger.rows(scene.connection)).keys()
        assert not lost, f"{len(lost)} committed rows are gone"
    scene.fleet.hush()
    await scene.fleet.drained()
    scene.said = f"postmaster killed {count} times"
