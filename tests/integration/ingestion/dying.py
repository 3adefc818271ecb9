"""Ingestion that kills itself at one point: `python -m tests.integration.ingestion.dying POINT COUNT`.

POINT: `sent` (the records are on their way, Kafka's answer is not read), `written` (Kafka has them, no
receipt is out), `receipted` (receipts are out, no PUBACK is). It dies there with the COUNT-th load that
holds messages of devices.
"""

import asyncio
import os
import signal
import sys
from typing import Any

from services.ingestion.adapters.kafka import KafkaWriter
from services.ingestion.app import start
from services.ingestion.entrypoints.mqtt import Broker
from services.ingestion.handlers.load import Load
from services.ingestion.handlers.receipts import Receipts
from services.ingestion.settings import Settings
from shared.chassis.service import main
from shared.chassis.settings import load as load_settings

POINT, LEFT = sys.argv[1], [int(sys.argv[2])]


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def due(is_busy: object) -> bool:
    """Count a load with messages; True from the one on at which to die."""
    LEFT[0] -= bool(is_busy)
    return LEFT[0] <= 0


write, gather, written, ack = KafkaWriter.write, KafkaWriter._gather, Receipts.written, Broker.ack
now = {"sent": False, "receipted": False}


async def dying_write(self: KafkaWriter, records: Any, letters: Any, **options: Any) -> None:
    now["sent"] = POINT == "sent" and due(records)
    await write(self, records, letters, **options)


async def dying_gather(self: KafkaWriter, futures: list[Any]) -> list[Any]:
    if now["sent"]:
        die()
    return await gather(self, futures)


def dying_written(self: Receipts, load: Load) -> None:
    if POINT == "written" and due(load.taken):
        die()
    written(self, load)
    now["receipted"] = POINT == "receipted" and due(load.taken)


def dying_ack(self: Broker, packet_ids: list[int], generation: int) -> None:
    if now["receipted"]:
        # The receipts leave at the end of this pass of the loop; the PUBACKs never do.
        asyncio.get_running_loop().call_later(0.2, die)
        return
    ack(self, packet_ids, generation)


if __name__ == "__main__":
    KafkaWriter.write = dying_write  # type: ignore[method-assign]
    KafkaWriter._gather = dying_gather  # type: ignore[method-assign]
    Receipts.written = dying_written  # type: ignore[method-assign]
    Broker.ack = dying_ack  # type: ignore[method-assign]
    settings = load_settings(Settings)
    main("ingestion", lambda: start(settings))
