"""Pauses that follow the load, and waits between attempts."""

import itertools
import random

from shared.chassis.mqtt import Backoff
from shared.chassis.mqtt.coalesce import Gauge

PAUSE_S = 0.003


def pauses(rate, per_read, reads=200):
    """Return the pauses of a steady `rate` of messages a second, read `per_read` at a time."""
    gauge = Gauge(PAUSE_S)
    return [gauge.pause_s(per_read, 100 + i * per_read / rate) for i in range(reads)]


def test_low_rates_pay_nothing_and_high_rates_the_whole_pause():
    assert set(pauses(900, 1)) == {0.0}
    assert pauses(20_000, 50)[-1] == PAUSE_S
    assert 0 < pauses(5_000, 10)[-1] < PAUSE_S


def test_a_burst_after_silence_costs_no_pause():
    gauge = Gauge(PAUSE_S)
    assert gauge.pause_s(1, 100.0) == 0
    assert gauge.pause_s(500, 101.0) == 0


def test_the_pause_ends_when_the_load_does():
    gauge = Gauge(PAUSE_S)
    assert [gauge.pause_s(100, 100 + i * 0.005) for i in range(20)][-1] == PAUSE_S
    assert gauge.pause_s(1, 101.0) == 0


def test_waits_double_to_their_limit_and_are_spread():
    backoff = Backoff(first_s=0.2, max_s=3.0)
    waits = list(itertools.islice(backoff.delays(random.Random(1)), 12))
    for wait, whole in zip(waits, [0.2, 0.4, 0.8, 1.6, *[3.0] * 8], strict=True):
        assert whole / 2 <= wait <= whole
    assert len(set(waits)) == len(waits)
