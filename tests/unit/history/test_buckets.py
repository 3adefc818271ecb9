import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.history.domain.buckets import POINTS_MAX, RAW, ROLLED, Bucket, choose, parse
from services.history.domain.window import DAY_MS, HOUR_MS

T0 = 1_790_000_000_000 // DAY_MS * DAY_MS
many = POINTS_MAX + 1


@pytest.mark.parametrize(
    ("days", "width"),
    [(1, "1h"), (83, "1h"), (84, "2h"), (90, "2h"), (166, "2h"), (167, "3h"), (365, "6h"), (1096, "1d")],
)
def test_the_finest_roll_up_that_fits_is_chosen(days: int, width: str) -> None:
    assert str(choose(T0, T0 + days * DAY_MS, many)) == width


def test_few_readings_stay_raw_however_long_the_range() -> None:
    assert choose(T0, T0 + 400 * DAY_MS, POINTS_MAX) is RAW


@given(st.integers(0, 2**41), st.integers(1, 4 * 366 * DAY_MS))
def test_never_more_points_than_allowed(start: int, length: int) -> None:
    bucket = choose(start, start + length, many)
    assert bucket.points(start, start + length) <= POINTS_MAX
    assert bucket.width_ms % HOUR_MS == 0


@given(st.sampled_from(ROLLED), st.integers(0, 2**41), st.integers(1, 2**33))
def test_points_counts_the_buckets_touched(bucket: Bucket, start: int, length: int) -> None:
    touched = (bucket.floor(start + length - 1) - bucket.floor(start)) // bucket.width_ms + 1
    assert bucket.points(start, start + length) == touched


@given(st.sampled_from([RAW, *ROLLED]))
def test_a_name_means_its_bucket(bucket: Bucket) -> None:
    assert parse(str(bucket)) == bucket


@pytest.mark.parametrize(
    "text", ["", "1", "h", "0h", "-2h", "1.5h", "2H", "1m", "99999h", "1h ", "１h", "RAW"]
)
def test_other_names_mean_nothing(text: str) -> None:
    with pytest.raises(ValueError, match="raw"):
        parse(text)


def test_where_readings_are_no_longer_complete_roll_ups_answer() -> None:
    assert str(choose(T0, T0 + DAY_MS, None)) == "1h"
