"""How two times and a person's words become conditions."""

from collections.abc import Iterable
from typing import Any

from services.registry.domain.search import BEGIN
from services.registry.ports import AsOf

NOW = "upper_inf(valid_time) AND upper_inf(record_time)"


def holds(as_of: AsOf, parameters: list[Any]) -> str:
    """Return the condition on both times; its parameters are added to those that are there."""
    if as_of.day is None and as_of.known_at is None:
        return NOW
    conditions = []
    for column, type_, value in (
        ("valid_time", "date", as_of.day),
        ("record_time", "timestamptz", as_of.known_at),
    ):
        if value is None:
            conditions.append(f"upper_inf({column})")
        else:
            parameters.append(value)
            conditions.append(f"{column} @> ${len(parameters)}::{type_}")
    return " AND ".join(conditions)


def finds(words: Iterable[str], parameters: list[Any], within: str = "") -> str:
    """Return the condition that all words are found, each in the row itself or `within` what it lies in.

    `within` has the word's condition for `{}`.
    """
    conditions = ["true"]
    for word in words:
        parameters.append(word)
        place = f"${len(parameters)}::text"
        # strpos and not LIKE: nothing in a word means anything but itself.
        one = f"(strpos(search_text, {place}) > 0 OR strpos(search_pinyin, '{BEGIN}' || {place}) > 0)"
        conditions.append(f"({one} OR {within.format(one)})" if within else one)
    return " AND ".join(conditions)
