"""Types of fields: dates, times, numbers and flags that are what they say, in JSON and in CSV."""

import datetime as dt
import re
from typing import Annotated, Any

from pydantic import BeforeValidator, ValidationInfo

from shared.chassis.times import Moment

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_TIME = re.compile(r"\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}.*", re.ASCII)
# In a CSV everything is text; in JSON text is no number.
CSV_CONTEXT = "csv"


def _iso_day(value: Any) -> Any:
    """Refuse what pydantic would take for seconds since 1970, such as 20260101."""
    if isinstance(value, str) and not _DAY.fullmatch(value.strip()):
        raise ValueError("not a date such as 2026-01-31")
    if isinstance(value, int | float):
        raise ValueError("not a date such as 2026-01-31")  # noqa: TRY004 - pydantic wants ValueError
    return value


def _rfc3339(value: Any) -> Any:
    """Refuse numbers as times."""
    if not isinstance(value, dt.datetime) and not (isinstance(value, str) and _TIME.fullmatch(value)):
        raise ValueError("not a time such as 2026-01-31T08:00:00Z")
    return value


def _number(value: Any, info: ValidationInfo) -> Any:
    if isinstance(value, bool) or (isinstance(value, str) and info.context != CSV_CONTEXT):
        raise ValueError("not a number")
    return value


def whole(value: Any, info: ValidationInfo) -> Any:
    """Refuse fractions, flags and, in JSON, text."""
    if isinstance(value, float):
        raise ValueError("not a whole number")  # noqa: TRY004 - pydantic wants ValueError
    return _number(value, info)


def _flag(value: Any, info: ValidationInfo) -> Any:
    if not isinstance(value, bool) and not (isinstance(value, str) and info.context == CSV_CONTEXT):
        raise ValueError("not true or false")
    return value


Day = Annotated[dt.date, BeforeValidator(_iso_day)]
Time = Annotated[Moment, BeforeValidator(_rfc3339)]
Flag = Annotated[bool, BeforeValidator(_flag)]
Number = Annotated[float, BeforeValidator(_number)]
