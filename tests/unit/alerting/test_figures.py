"""Alarm figures: floods with their hysteresis, chattering, shares, bad actors, times to acknowledge."""

from hypothesis import given
from hypothesis import strategies as st

from services.alerting.domain.figures import Alarm, Figures, Flood, Span, compute

MIN = 60_000
SPAN = Span(0, 24 * 60 * MIN)


def alarm(at_ms: int, **more: object) -> Alarm:
    fields = {"priority": "P3", "operator_id": "op-1", "site_id": "s1", "device_id": "d1"} | more
    return Alarm(at_ms, **fields)  # type: ignore[arg-type]


def each(count: int, every_ms: int, begin_ms: int = 0, **more: object) -> list[Alarm]:
    return [alarm(begin_ms + number * every_ms, **more) for number in range(count)]


def figures(alarms: list[Alarm], span: Span = SPAN) -> Figures:
    return compute(sorted(alarms, key=lambda one: one.at_ms), span)


def test_nothing_happened() -> None:
    found = figures([])
    assert (found.total, found.positions, found.in_flood_percent) == (0, 0, 0.0)
    assert len(found.per_window) == 144
    assert {count for _, count in found.per_window} == {0}
    assert [share.percent for share in found.priorities] == [0.0] * 4
    assert (found.floods, found.chattering, found.worst, found.acknowledged) == ([], [], [], [])


def test_windows_are_full_ten_minutes() -> None:
    found = figures([alarm(9 * MIN), alarm(10 * MIN), alarm(19 * MIN)], Span(5 * MIN, 25 * MIN))
    assert found.per_window == [(0, 1), (10 * MIN, 2), (20 * MIN, 0)]


def test_the_end_does_not_belong_to_the_span_and_the_beginning_does() -> None:
    assert figures([alarm(0), alarm(10 * MIN)], Span(0, 10 * MIN)).total == 1


def test_ten_in_ten_minutes_are_no_flood_and_eleven_are() -> None:
    assert figures(each(10, MIN)).floods == []
    assert figures(each(11, MIN)).floods == [], "the first is ten minutes old when the eleventh comes"
    [flood] = figures(each(11, MIN - 1)).floods
    assert flood.from_ms == 10 * (MIN - 1)
    assert flood.count == 11


def test_a_flood_ends_when_fewer_than_five_are_left() -> None:
    [flood] = figures(each(20, 1_000)).floods
    # Of twenty, a second apart, four are left when the sixteenth is ten minutes old.
    assert flood == Flood("op-1", 10_000, 15_000 + 10 * MIN, 20)


def test_between_five_and_ten_a_flood_goes_on() -> None:
    begun = each(11, 1_000)
    lasting = each(60, 2 * MIN, 12_000)
    [flood] = figures(begun + lasting).floods
    # Five in ten minutes, for two hours; the last of them leave after it.
    assert flood.to_ms > 2 * 60 * MIN - 5 * MIN
    assert figures(lasting).floods == [], "the same rate begins none"


def test_two_floods() -> None:
    found = figures(each(12, 1_000) + each(12, 1_000, 60 * MIN))
    assert [(flood.from_ms, flood.count) for flood in found.floods] == [(10_000, 12), (60 * MIN + 10_000, 12)]
    long_ms = sum(flood.to_ms - flood.from_ms for flood in found.floods)
    assert found.in_flood_percent == round(100 * long_ms / SPAN.length_ms, 2)


def test_a_flood_that_lasts_at_the_beginning_is_cut_to_the_span() -> None:
    [flood] = figures(each(30, 1_000, -MIN), Span(0, 60 * MIN)).floods
    assert flood.from_ms == 0
    assert flood.count == 30
    assert figures(each(30, 1_000, -60 * MIN), Span(0, 60 * MIN)).floods == []


def test_a_flood_that_lasts_at_the_end_is_cut_too() -> None:
    span = Span(0, 60 * MIN)
    [flood] = figures(each(30, 1_000, 59 * MIN), span).floods
    assert flood.to_ms == span.to_ms


def test_each_position_has_its_own_floods() -> None:
    mixed = each(8, 1_000) + each(8, 1_000, 500, operator_id="op-2")
    found = figures(mixed)
    assert found.floods == []
    assert found.positions == 2
    both = figures(each(12, 1_000) + each(1, 1, 5, operator_id="op-2"))
    [flood] = both.floods
    assert both.in_flood_percent == round(100 * (flood.to_ms - flood.from_ms) / SPAN.length_ms / 2, 2)


def test_three_within_a_minute_chatter() -> None:
    assert figures(each(3, 30_000)).chattering == []
    [one] = figures(each(4, 20_000, 7)).chattering
    assert (one.device_id, one.site_id, one.count, one.from_ms, one.to_ms) == ("d1", "s1", 3, 7, 60_007)
    assert figures(each(2, 1) + each(2, 1, 2, device_id="d2")).chattering == []


def test_chattering_outside_the_span_is_not_told() -> None:
    assert figures(each(5, 1_000, -MIN), Span(0, MIN)).chattering == []


def test_shares() -> None:
    found = figures(each(1, 1, priority="P1") + each(3, 1, priority="P2") + each(16, 1, priority="P3"))
    assert [(share.priority, share.count, share.percent) for share in found.priorities] == [
        ("P1", 1, 5.0),
        ("P2", 3, 15.0),
        ("P3", 16, 80.0),
        ("P4", 0, 0.0),
    ]


def test_the_ten_worst() -> None:
    alarms = [one for n in range(12) for one in each(n + 1, 1, device_id=f"d{n:02}")]
    worst = figures(alarms + each(50, 1, device_id="")).worst
    assert [(one.device_id, one.count) for one in worst[:2]] == [("d11", 12), ("d10", 11)]
    assert len(worst) == 10


def test_times_to_acknowledge() -> None:
    took = [alarm(0, priority="P1", acknowledged_ms=n * 1_000) for n in range(1, 101)]
    found = figures([*took, alarm(0, priority="P1"), alarm(5, priority="P2", acknowledged_ms=4)])
    assert [(one.priority, one.count, one.median_s, one.p95_s) for one in found.acknowledged] == [
        ("P1", 100, 50.5, 95.0),
        ("P2", 1, 0.0, 0.0),
    ]


@given(st.lists(st.integers(-60, 400).map(lambda tenth: tenth * 6_000), max_size=120))
def test_floods_are_as_a_slow_look_at_each_moment_says(times: list[int]) -> None:
    """The same by brute force: a look at every tenth of a minute."""
    span = Span(0, 30 * MIN)
    times.sort()
    state, flooded = False, 0
    for now in range(-60 * MIN, span.to_ms, 6_000):
        count = sum(now - 10 * MIN < at <= now for at in times)
        state = count > 10 or (state and count >= 5)
        flooded += 6_000 * (state and now >= span.from_ms)
    found = figures([alarm(at) for at in times], span)
    assert sum(flood.to_ms - flood.from_ms for flood in found.floods) == flooded
    assert all(0 <= flood.from_ms < flood.to_ms <= span.to_ms for flood in found.floods)
    assert sum(count for _, count in found.per_window) == found.total
