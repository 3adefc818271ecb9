"""Messages that nobody can read: a few do not block, many at once stop the consumers (faults 22 and 23)."""

import random
from functools import partial

import msgspec
from aiokafka import AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, RecordsToDelete

from shared.contracts.telemetry import partition_of
from shared.contracts.topic_names import TELEMETRY, dead_letters
from tests.faults.fleet import FaultClient, Site, until
from tests.faults.harness import Scene, counts

HALTING = ("history", "alerting")
BROKEN = (
    b"{not json",
    b'{"device_id": "x"}',
    b'{"device_id": 7, "boot_id": 1, "seq": 1, "status": "normal"}',
    b'{"device_id": "%s", "boot_id": -1, "seq": 1, "status": "normal"}',
    b"[]",
    b"[" * 5 + b"]" * 5,
)


@counts(30, 1_000)
async def test_fault_22_malformed_messages_of_devices(scene: Scene, count: int) -> None:
    """Bad among good: each bad one is a dead letter and rejected, each good one is stored."""
    rng = random.Random(22)
    clients = await scene.talkers(10)
    scene.fleet.load(clients, 2.0)
    for number in range(count):
        client = rng.choice(clients)
        await _publish(client, BROKEN[number % len(BROKEN)].replace(b"%s", client.client_id.encode()))
    ledger = scene.fleet.ledger
    await until("all are rejected", lambda: len(ledger.rejected) >= count, 60)
    scene.fleet.hush()
    names = {client.client_id.encode() for client in clients}
    letters = await scene.records(dead_letters(TELEMETRY))
    found = [letter for letter in letters if dict(letter.headers)["client"] in names]
    assert len(found) == len(ledger.rejected) == count
    scene.said = f"{count} malformed among good ones: {len(found)} dead letters"


async def _publish(client: FaultClient, payload: bytes) -> None:
    await until("the broker keeps up", lambda: client.waiting < 20)
    client.publish_raw("reading", payload)


@counts(1, 5)
async def test_fault_22_poison_in_kafka_does_not_block(scene: Scene, count: int) -> None:
    """Records that no consumer can read stand before an alarm: the alarm is decided and stored."""
    await scene.repeat(count, _poison_before_an_alarm, "times 3 unreadable records before an alarm")


async def _poison_before_an_alarm(scene: Scene, site: Site) -> str:
    poison = [b"\xff\xfe", b"[1, 2]", b'[{"device_id": "x", "boot_id": "y"}]']
    offset = await _produce(scene, site, poison)
    site.client.alarm(site.detector)
    one = await scene.one_of_each(site)
    letters = await scene.records(dead_letters(TELEMETRY))
    mine = [
        letter
        for letter in letters
        if dict(letter.headers)["source_partition"] == str(partition_of(site.site_id)).encode()
        and int(dict(letter.headers)["source_offset"] or -1) >= offset
    ]
    assert len(mine) >= len(poison)
    return f"{len(mine)} dead letters, {one}"


async def _produce(scene: Scene, site: Site, values: list[bytes]) -> int:
    """Write records into a site's partition and return the first one's offset."""
    bootstrap = scene.world.engines.kafka.bootstrap
    async with AIOKafkaProducer(bootstrap_servers=bootstrap) as producer:
        partition = partition_of(site.site_id)
        batch = producer.create_batch()
        for value in values:
            assert batch.append(key=None, value=value, timestamp=None)
        batch.close()
        sent = await (await producer.send_batch(batch, TELEMETRY, partition=partition))
    return int(sent.offset)


@counts(1, 3)
async def test_fault_23_everything_poisonous_halts(scene: Scene, count: int) -> None:
    """A row of unreadable records from many devices, as after a bad deploy: halted, the backlog kept."""
    await scene.repeat(count, _halted_and_healed, "times halted and healed")


async def _halted_and_healed(scene: Scene, site: Site) -> str:
    poison = [
        msgspec.json.encode([{"device_id": f"t{n % 6:03d}-d1", "boot_id": "?", "seq": "?"}])
        for n in range(40)
    ]
    await scene.fleet.ledger.check(scene.connection)  # what stands before the poison goes with it below
    first = await _produce(scene, site, poison)
    place = TopicPartition(TELEMETRY, partition_of(site.site_id))
    for name in HALTING:
        await until(f"{name} halts", partial(_red, scene, name), 60)
    site.client.alarm(site.detector)
    await scene.fleet.drained()
    (row,) = await scene.fetch(
        'SELECT "offset" FROM alerting.partition WHERE partition = $1', place.partition
    )
    assert row["offset"] < first + len(poison), "alerting went past the poison"
    assert not await scene.alerts(site)
    # The repair, by hand: the records that nobody can read are removed, the services started again.
    admin = AIOKafkaAdminClient(bootstrap_servers=scene.world.engines.kafka.bootstrap)
    await admin.start()
    try:
        await admin.delete_records({place: RecordsToDelete(before_offset=first + len(poison))})
    finally:
        await admin.close()
    for name in HALTING:
        await scene.kill(name)
    await scene.ready(*HALTING)
    one = await scene.one_of_each(site)
    await scene.fleet.ledger.check(scene.connection)
    return f"{' and '.join(HALTING)} red, then from the backlog: {one}"


async def _red(scene: Scene, name: str) -> bool:
    return (
        await scene.metric(name, "gas_consumer_halted") > 0 if name == "history" else not _ready(scene, name)
    )


def _ready(scene: Scene, name: str) -> bool:
    return scene.world.stack.ready(name)
