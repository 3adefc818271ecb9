"""When canaries are late, and what is said."""

from hypothesis import given
from hypothesis import strategies as st

from services.watchdog.domain.canaries import canaries
from services.watchdog.domain.watch import (
    ROUNDS_MAX,
    Kind,
    Limits,
    Round,
    Stage,
    Watch,
    arrived,
    begin,
    by_alert,
    by_boot,
    in_words,
    judge,
)
from shared.contracts.telemetry import partition_of

STAGES = (Stage.RECEIPT, Stage.ALERT)
RECEIPT = ("d", Stage.RECEIPT)
ALERT = ("d", Stage.ALERT)
LIMITS = Limits()


def flight(number: int) -> Round:
    return Round(number, 30.0 * number, 1_000_000 + 30_000 * number)


def flown(*numbers: int) -> Watch:
    watch = Watch()
    for number in numbers:
        watch = begin(watch, flight(number), ["d"], STAGES)
    return watch


def test_every_partition_has_one_canary() -> None:
    found = canaries(partition_of, 12)
    assert [canary.partition for canary in found] == list(range(12))
    assert all(partition_of(canary.site_id) == canary.partition for canary in found)
    assert len({canary.device_id for canary in found}) == 12


def test_on_time_nothing_is_said() -> None:
    watch = flown(0, 1)
    for key in (RECEIPT, ALERT):
        watch = arrived(watch, key, flight(1))
    assert judge(watch, 1000.0, LIMITS)[1] is None


def test_late_is_said_at_sixty_seconds_then_every_minute_then_recovery() -> None:
    watch = arrived(flown(0), RECEIPT, flight(0))
    said = []
    for second in range(200):
        watch, word = judge(watch, float(second), LIMITS)
        if word is not None:
            said.append((second, word.kind))
            assert word.late == {Stage.ALERT: ("d",)}
    assert said == [(60, Kind.LATE), (120, Kind.STILL_LATE), (180, Kind.STILL_LATE)]
    watch, word = judge(arrived(watch, ALERT, flight(0)), 200.0, LIMITS)
    assert word is not None
    assert (word.kind, word.seconds) == (Kind.RECOVERED, 200.0)
    assert judge(watch, 201.0, LIMITS)[1] is None


def test_another_stage_that_becomes_late_is_said_at_once() -> None:
    watch = begin(Watch(), flight(0), ["d"], [Stage.ALERT])
    watch, _ = judge(watch, 60.0, LIMITS)
    watch = begin(watch, Round(1, 10.0, 1), ["d"], [Stage.RECEIPT])
    watch, word = judge(watch, 75.0, LIMITS)
    assert word is not None
    assert word.kind is Kind.LATE
    assert set(word.late) == {Stage.ALERT, Stage.RECEIPT}
    assert "alert: 1" in in_words(word)


def test_a_steady_delay_of_70_seconds_is_late_for_good() -> None:
    """The value of an alert tells its round, however late the event's own time is."""
    watch = Watch()
    late = 0
    for second in range(600):
        if second % 30 == 0:
            watch = begin(watch, flight(second // 30), ["d"], [Stage.ALERT])
        if second >= 70 and (second - 70) % 30 == 0:
            through = flight((second - 70) // 30)
            found = by_alert(watch, ALERT, through.value, 1_000_000 + second * 1000)
            assert found == through
            watch = arrived(watch, ALERT, found)
        watch, _ = judge(watch, float(second), LIMITS)
        late += bool(watch.late_since_s)
    assert late > 150


def test_an_alert_of_a_round_that_came_through_says_nothing_about_the_next() -> None:
    watch = arrived(flown(0, 1), ALERT, flight(0))
    assert by_alert(watch, ALERT, flight(0).value, 9_999_999_999) is None


def test_an_alert_without_our_value_counts_by_its_time() -> None:
    watch = flown(0, 1, 2)
    assert by_alert(watch, ALERT, None, flight(1).at_ms + 5) == flight(1)
    assert by_alert(watch, ALERT, None, flight(0).at_ms - 60_000) is None


def test_a_receipt_counts_for_its_boot() -> None:
    watch = flown(0, 1)
    assert by_boot(watch, RECEIPT, flight(1).at_ms) == flight(1)
    assert by_boot(watch, RECEIPT, 5) is None


@given(st.integers(1, 500))
def test_memory_is_bounded_and_the_oldest_stays_known(rounds: int) -> None:
    watch = flown(*range(rounds))
    assert len(watch.pending[ALERT]) <= ROUNDS_MAX
    assert watch.pending[ALERT][0] == flight(0)
    assert watch.pending[ALERT][-1] == flight(rounds - 1)
