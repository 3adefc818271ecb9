"""What decides about the screens' figures, without a screen."""

import asyncio
from types import SimpleNamespace

from benchmarks.publisher import Alarm
from benchmarks.screens import console, readers, rows
from benchmarks.screens.alerts import Alerts
from benchmarks.screens.follower import Follower, Log


def test_the_list_stays_as_long_as_it_was_and_revisions_are_numbered_through():
    alerts = Alerts(50, ["s1", "s2"])
    changed = [alerts.change().alert.revision for _ in range(2_000)]
    assert changed == list(range(51, 2_051))
    assert 49 <= len(alerts.open) <= 50
    assert all(one.active or not one.acknowledged for one in alerts.open.values())


def test_a_list_in_another_order_or_with_an_old_value_is_wrong():
    wanted = Alerts(40, ["s1"]).in_order()
    shown = [(one.alert_id, f"G02 s1 {one.value or '–'} %LEL") for one in wanted]
    assert console.wrong(wanted, shown) == 0
    assert console.wrong(wanted, shown[:-1]) == 1
    (one, words), (other, more) = shown[:2]
    assert console.wrong(wanted, [(other, words), (one, more), *shown[2:]]) == 2
    at = next(n for n, one in enumerate(wanted) if one.value)
    assert console.wrong(wanted, [*shown[:at], (shown[at][0], "old"), *shown[at + 1 :]]) == 1


def test_an_alert_that_no_row_showed_voids_the_run():
    alarms = [Alarm("d1", 1_000_000_000), Alarm("d2", 2_000_000_000)]
    raised = [("a1", ["d1"], 1_020.0), ("a2", ["d2"], 2_030.0), ("other", ["d9"], 1.0)]
    found = rows.Figures(60.0)
    rows.compare(found, alarms, raised, {"a1": 1_120.0, "a2": 2_090.0}, {"a1": 1_050.0, "a2": 2_050.0})
    assert found.valid
    assert (found.row_ms, found.told_ms, found.whole_ms) == ([60.0, 100.0], [20.0, 30.0], [90.0, 120.0])
    assert found.burst == 1
    assert rows.most_within(10.0, [1.0, 5.0, 11.0, 12.0, 30.0]) == 3
    unseen = rows.Figures(60.0)
    rows.compare(unseen, alarms, raised, {"a1": 1_120.0}, {})
    assert unseen.unseen == ["a2"]
    unalerted = rows.Figures(60.0)
    rows.compare(unalerted, alarms, raised[:1], {"a1": 1_120.0}, {})
    assert unalerted.unalerted == 1
    assert not unseen.valid
    assert not unalerted.valid


FRAMES = [b'id: %d.0\nevent: alert\ndata: {"value":1.5,"revision":%d}\n\n' % (n, n) for n in range(1, 4)]


def follower(frames: list[bytes], sent: dict[int, float]) -> Follower:
    """Feed a follower with an answer in pieces of three bytes."""

    async def feed() -> Follower:
        found = Follower(b"", Log(sent), keeps=True)
        whole = b"HTTP/1.1 200 OK\r\n\r\n" + b"".join(b"%x\r\n%b\r\n" % (len(one), one) for one in frames)
        for at in range(0, len(whole), 3):
            found.data_received(whole[at : at + 3])
        return found

    return asyncio.run(feed())


def judged(first: list[bytes], other: list[bytes]) -> readers.Figures:
    """Return the verdict on two readers of three changes."""
    sent = {1: 0.0, 2: 0.0, 3: 0.0}
    figures = readers.Figures(2, 1.0)
    readers.judge(figures, [follower(first, sent), follower(other, sent)], list(sent))
    return figures


def test_readers_that_were_told_everything_once_in_order_are_well():
    found = judged([b": now\n\n", *FRAMES], FRAMES)
    assert found.valid
    assert (found.delivered, found.published) == (6, 3)


def test_a_reader_that_missed_one_or_got_it_twice_or_later_is_found():
    assert judged(FRAMES, FRAMES[:2]).differing == 1
    assert judged(FRAMES[:2], FRAMES[:2]).missed
    assert judged([FRAMES[0], *FRAMES], [FRAMES[0], *FRAMES]).missed
    assert judged(FRAMES[::-1], FRAMES[::-1]).missed
    assert judged(FRAMES, FRAMES[::-1]).differing == 1


def test_a_reader_that_was_dropped_is_found():
    figures = readers.Figures(1, 1.0)
    dropped = SimpleNamespace(ended=True, events=1, chain=1, kept=[(b"1.0", 1)])
    readers.judge(figures, [dropped], [1])  # type: ignore[list-item]
    assert figures.gone == 1
    assert not figures.valid
