"""Unreadable items: one device's fault, or ours."""

from services.alerting.domain.poison import FORGET_MS, Poison, Verdict
from services.alerting.entrypoints.decoding import decode


def test_twenty_in_a_row_from_five_devices_halt() -> None:
    poison = Poison()
    found = [poison.bad(f"d{n % 5}", n).verdict for n in range(20)]
    assert found == [Verdict.GO_ON] * 19 + [Verdict.HALT]


def test_something_readable_between_starts_the_row_anew() -> None:
    poison = Poison()
    for n in range(19):
        assert poison.bad(f"d{n}", n).verdict == Verdict.GO_ON
    poison.good()
    assert poison.bad("d19", 19).verdict == Verdict.GO_ON


def test_from_fewer_devices_they_are_quarantined_and_released() -> None:
    poison = Poison()
    found = [poison.bad(f"d{n % 4}", n) for n in range(80)]
    quarantined = [f.device_id for f in found if f.verdict == Verdict.QUARANTINE]
    assert quarantined == ["d0", "d1", "d2", "d3"]
    assert Verdict.HALT not in {f.verdict for f in found}
    assert poison.released(76 + FORGET_MS) == []
    assert sorted(poison.released(80 + FORGET_MS)) == quarantined
    assert poison.quarantined == {}


def test_old_ones_are_forgotten() -> None:
    poison = Poison()
    for n in range(40):
        assert poison.bad("d1", n * FORGET_MS).verdict != Verdict.QUARANTINE


def test_one_bad_item_does_not_take_its_neighbours_with_it() -> None:
    good = b'{"device_id":"d1","boot_id":1,"seq":0,"status":"normal"}'
    bad = b'{"device_id":"d2","boot_id":1,"seq":"0","status":"normal"}'
    items, refused = decode(b"[" + good + b"," + bad + b"," + good + b",7]")
    assert [item.device_id for item in items] == ["d1", "d1"]
    assert [(b.value, b.device_id) for b in refused] == [(bad, "d2"), (b"7", "")]
    items, refused = decode(b"{not json")
    assert (items, [b.value for b in refused]) == ([], [b"{not json"])


def test_a_field_that_does_not_fit_is_left_out_and_never_the_message() -> None:
    event = (
        b'{"device_id":"d1","boot_id":1,"seq":0,"type":"alarm_raised","data":{},"status":3,"lel_percent":"x"}'
    )
    twice = b'{"device_id":"d1","boot_id":1,"seq":"x","seq":1,"status":"alarm_high","client":7}'
    items, refused = decode(b"[" + event + b"," + twice + b"]")
    assert refused == []
    assert [(item.type, item.status, item.lel_percent) for item in items] == [
        ("alarm_raised", "", None), ("", "alarm_high", None),
    ]  # fmt: skip


def test_without_ids_or_a_status_an_item_is_refused() -> None:
    for bad in (
        b'{"device_id":7,"boot_id":1,"seq":0,"status":"normal"}',
        b'{"boot_id":1,"seq":0,"status":"normal","client":7}',
        b'{"device_id":"d1","boot_id":1,"seq":0,"status":3}',
        b'{"device_id":"d1","boot_id":1,"seq":0,"type":[],"status":"normal"}',
    ):
        items, refused = decode(b"[" + bad + b"]")
        assert (items, [each.value for each in refused]) == ([], [bad])
