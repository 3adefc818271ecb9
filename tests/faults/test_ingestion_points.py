"""`kill -9` of ingestion at the three places where a message could be lost or doubled (faults 1 to 3)."""

import signal

from tests.faults.fleet import Site, until
from tests.faults.harness import Scene, counts


@counts(1, 10)
async def test_fault_01_before_kafkas_ack(scene: Scene, count: int) -> None:
    """Kafka stands still, so that no acknowledgement can come: no receipt, and the device sends again."""
    await scene.repeat(count, _before_kafkas_ack, "kills before Kafka's ack")


async def _before_kafkas_ack(scene: Scene, site: Site) -> str:
    await scene.settled("ingestion")
    before = await scene.metric("ingestion", "gas_ingestion_messages_total")
    scene.signal_engine("kafka", signal.SIGSTOP)
    try:
        key = site.client.alarm(site.detector)
        await until("the broker has it", lambda: site.client.waiting == 0)
        await until("ingestion has it", lambda: _more(scene, before))
        assert key not in scene.fleet.ledger.accepted
        await scene.kill("ingestion")
        assert key not in scene.fleet.ledger.accepted
    finally:
        scene.signal_engine("kafka", signal.SIGCONT)
    await scene.ready("ingestion")
    await scene.fleet.drained()
    return await scene.one_of_each(site)


async def _more(scene: Scene, before: float) -> bool:
    return await scene.metric("ingestion", "gas_ingestion_messages_total") > before


@counts(1, 10)
async def test_fault_02_after_kafkas_ack_before_the_receipt(scene: Scene, count: int) -> None:
    """What ingestion sends to the broker is held up: the message is stored, its receipt never leaves."""
    await scene.repeat(count, _after_kafkas_ack_before_the_receipt, "kills before the receipt")


async def _after_kafkas_ack_before_the_receipt(scene: Scene, site: Site) -> str:
    await scene.settled("ingestion")
    scene.world.proxy.hold()
    try:
        key = site.client.alarm(site.detector)
        await until("it is stored", lambda: _stored(scene, key))
        await until("the receipt is held up", lambda: scene.world.proxy.held)
        assert key not in scene.fleet.ledger.accepted
        await scene.kill("ingestion")
    finally:
        scene.world.proxy.lose()
    assert key not in scene.fleet.ledger.accepted
    await scene.ready("ingestion")
    await scene.fleet.drained()
    return await scene.one_of_each(site)


async def _stored(scene: Scene, key: tuple[str, int, int]) -> bool:
    return key in await scene.fleet.ledger.rows(scene.connection)


@counts(1, 10)
async def test_fault_03_after_the_receipt_before_the_puback(scene: Scene, count: int) -> None:
    """Only the receipt gets through: the device forgets, the broker delivers again, it is recognised."""
    await scene.repeat(count, _after_the_receipt_before_the_puback, "kills before the PUBACK")


async def _after_the_receipt_before_the_puback(scene: Scene, site: Site) -> str:
    await scene.settled("ingestion")
    scene.world.proxy.hold()
    try:
        key = site.client.alarm(site.detector)
        while key not in scene.fleet.ledger.accepted:
            await until("something is held up", lambda: scene.world.proxy.held)
            scene.world.proxy.release_one()
            await _receipted_soon(scene, key)
        assert scene.world.proxy.held, "the PUBACK left together with the receipt"
        await scene.kill("ingestion")
    finally:
        scene.world.proxy.lose()
    assert key not in site.client.buffer.kept
    await scene.ready("ingestion")
    await until("it is delivered again", lambda: scene.metric("ingestion", "gas_ingestion_mqtt_redelivered"))
    return await scene.one_of_each(site)


async def _receipted_soon(scene: Scene, key: tuple[str, int, int]) -> None:
    try:
        await until("a receipt", lambda: key in scene.fleet.ledger.accepted, 0.5)
    except AssertionError:
        return  # that record was something else
