"""A time that a client says can always be shown again."""

import pytest
from pydantic import TypeAdapter, ValidationError

from shared.chassis.times import Moment, rfc3339

MOMENT: TypeAdapter[Moment] = TypeAdapter(Moment)


@pytest.mark.parametrize(
    "said",
    ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "1969-12-31T23:59:59Z", "2026-01-01T00:00:00"],
)
def test_a_time_that_nothing_could_show_is_refused(said: str) -> None:
    with pytest.raises(ValidationError):
        MOMENT.validate_python(said)


@pytest.mark.parametrize("said", ["1970-01-01T00:00:00+00:00", "2026-06-01T08:00:00+08:00"])
def test_a_clock_that_was_reset_is_believed(said: str) -> None:
    moment = MOMENT.validate_python(said)
    assert MOMENT.validate_python(rfc3339(round(moment.timestamp() * 1000))) == moment
