"""Versions of an object in valid time: how a change from one day on rewrites what is believed."""

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Version:
    """Field values that hold from `since` (inclusive) until `until` (exclusive); None = open."""

    since: dt.date | None
    until: dt.date | None
    fields: Mapping[str, Any]

    def holds_on(self, day: dt.date) -> bool:
        """Return whether the version holds on a day."""
        return (self.since is None or self.since <= day) and (self.until is None or day < self.until)


def amend(versions: Iterable[Version], changes: Mapping[str, Any], since: dt.date | None) -> list[Version]:
    """Return the versions after `changes` hold from `since` on (None = from always), in order of time.

    Only the named fields change; what else later versions say stays as it is.
    """
    result: list[Version] = []
    for old in sorted(versions, key=lambda version: version.since or dt.date.min):
        if since is not None and old.until is not None and old.until <= since:
            result.append(old)
            continue
        begins = old.since
        if since is not None and (old.since is None or old.since < since):
            result.append(Version(old.since, since, old.fields))
            begins = since
        result.append(Version(begins, old.until, {**old.fields, **changes}))
    return result


def correct(
    versions: Iterable[Version], changes: Mapping[str, Any], stamp: Mapping[str, Any]
) -> list[Version]:
    """Return the versions after a correction, in order of time; versions that it changes bear the stamp.

    It reaches as far back as the value that it replaces was held, so that an earlier term of a licence stays
    when its present term is corrected.
    """
    every = sorted(versions, key=lambda version: version.since or dt.date.min)
    present = every[-1].fields
    result = []
    for old in every:
        fresh = {name: value for name, value in changes.items() if old.fields[name] == present[name]}
        result.append(Version(old.since, old.until, {**old.fields, **fresh, **stamp}) if fresh else old)
    return result
