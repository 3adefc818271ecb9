"""Loads: how many items a record holds, and how large it becomes."""

import json

import pytest

from services.ingestion.domain.judge import Sender, judge
from services.ingestion.domain.verdicts import Accepted, Known
from services.ingestion.handlers.load import RECORD_BYTES_MAX, Load
from services.ingestion.handlers.vocabulary import vocabulary


@pytest.mark.parametrize(
    ("size", "count", "arrays"),
    [(60, 1_700, False), (16_000, 700, False), (16_300, 90, True), (100, 39, True)],
)
def test_records_hold_at_most_500_items_and_stay_below_1_mib(size: int, count: int, arrays: bool) -> None:
    load = Load(1)
    inner = 50 if arrays else 1
    item = json.dumps({"x": "y" * (size // inner - 10)}).encode()
    load.chunks[0] = [b",".join([item] * inner)] * count
    load.arrays = {0} if arrays else set()
    (values,) = load.records().values()
    assert all(len(value) <= RECORD_BYTES_MAX + 20_000 for value in values)
    assert all(len(json.loads(value)) <= 500 for value in values)
    assert sum(len(json.loads(value)) for value in values) == count * inner


def test_records_of_messages_that_grew_when_written_anew_stay_below_1_mib() -> None:
    note = "\U0001f525" * 4_000  # 4 bytes each as it came, 12 as it goes on
    message = {"device_id": "d1", "boot_id": 1, "seq": 2, "type": "alarm_cleared", "data": {}, "note": note}
    payload = json.dumps(message | {"buffered": "x"}, ensure_ascii=False).encode()
    assert len(payload) <= 16_384
    words, known = vocabulary(), {"d1": Known("detector", "c1")}
    (verdict,) = judge(payload, Sender("c1", "event"), known.get, words)
    assert isinstance(verdict, Accepted)
    load = Load(1)
    load.chunks[0] = [verdict.item] * 100
    (values,) = load.records().values()
    assert all(len(value) <= RECORD_BYTES_MAX + 20_000 for value in values)
    assert sum(len(json.loads(value)) for value in values) == 100
