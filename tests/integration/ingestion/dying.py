"""Ingestion that kills itself at one point: `python -m tests.integration.ingestion.dying POINT COUNT`.

POINT: `sent` (the records are on their way, Kafka's answer is not read), `written` (Kafka has them, no
receipt is out), `receipted` (receipts are out, no PUBACK is). It dies when it comes there with messages for
the COUNT-th time.
"""

import asyncio
import os
import signal
import sys
from typing import Any

from services.ingestion.adapters.kafka import KafkaWriter
from services.ingestion.app import start
from services.ingestion.entrypoints.mqtt import Broker
from services.ingestion.handlers.receipts import Receipts
from services.ingestion.settings import Settings
from shared.chassis.service import main
from shared.chassis.settings import load

POINTS: dict[str, tuple[type, str]] = {
    "sent": (KafkaWriter, "_gather"),
    "written": (Receipts, "written"),
    "receipted": (Broker, "ack"),
}


def arm(point: str, count: int) -> None:
    owner, name = POINTS[point]
    original = getattr(owner, name)
    left = [count]

    def dying(self: Any, found: Any, *rest: Any) -> Any:
        busy = len(found.taken) if point == "written" else len(found)
        # A mark goes to all partitions at once; what a device said goes to one.
        if busy and not (point == "sent" and busy == 12):
            left[0] -= 1
            if left[0] == 0:
                if point == "receipted":
                    # The receipts leave at the end of this pass of the loop; the PUBACKs never do.
                    return asyncio.get_running_loop().call_later(0.2, os.kill, os.getpid(), signal.SIGKILL)
                os.kill(os.getpid(), signal.SIGKILL)
        return original(self, found, *rest)

    setattr(owner, name, dying)


if __name__ == "__main__":
    arm(sys.argv[1], int(sys.argv[2]))
    settings = load(Settings)
    main("ingestion", lambda: start(settings))
