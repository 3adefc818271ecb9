"""Intake and receipts of a few devices, with a clock in hand and a sender that keeps what it got."""

import json
from typing import Any

from services.ingestion.handlers.directory import Directory
from services.ingestion.handlers.intake import Intake
from services.ingestion.handlers.receipts import Receipts
from services.ingestion.handlers.vocabulary import vocabulary
from shared.contracts.objects import Device


class Clock:
    def __init__(self) -> None:
        self.at = 1000.0

    def now_ms(self) -> int:
        return int(self.at * 1000)

    def monotonic(self) -> float:
        return self.at


class Sender:
    def __init__(self) -> None:
        self.sent: list[tuple[str, bytes]] = []
        self.open = True

    def send(self, topic: str, payload: bytes) -> bool:
        if self.open:
            self.sent.append((topic, payload))
        return self.open

    def take(self) -> list[dict[str, Any]]:
        found = [json.loads(payload) for _, payload in self.sent]
        self.sent = []
        return found


class World:
    def __init__(self, *devices: tuple[str, str]) -> None:
        self.clock, self.sender = Clock(), Sender()
        self.directory = Directory(12)
        for device_id, client in devices or (("c1", "c1"), ("d1", "c1"), ("d2", "c1")):
            kind = "controller" if device_id == client else "detector"
            self.directory.changed(
                device_id,
                None,
                Device(device_id, "s1", "o", "530602", "z", kind, client),  # type: ignore[arg-type]
            )
        self.intake = Intake(self.directory, vocabulary(), self.clock)
        self.receipts = Receipts(self.sender, self.clock)

    def say(self, *messages: Any, leaf: str = "reading", client: str = "c1") -> None:
        payloads = [each if isinstance(each, bytes) else json.dumps(each).encode() for each in messages]
        topic = f"gas/v1/{client}/up/{leaf}".encode()
        self.intake.take([(topic, payload, at + 1, False) for at, payload in enumerate(payloads)], 1)

    def written(self) -> list[dict[str, Any]]:
        load = self.intake.swap()
        self.receipts.written(load)
        records = [value for values in load.records().values() for value in values]
        return [item for value in records for item in json.loads(value)]


def reading(device_id: str = "d1", seq: int = 0, status: str = "normal", **more: Any) -> dict[str, Any]:
    return {"device_id": device_id, "boot_id": 1, "seq": seq, "status": status} | more


def accepted(receipts: list[dict[str, Any]]) -> set[tuple[str, int, int]]:
    return {
        (entry["device_id"], entry["boot_id"], seq)
        for receipt in receipts
        for entry in receipt["accepted"]
        for low, high in entry["ranges"]
        for seq in range(low, high + 1)
    }
