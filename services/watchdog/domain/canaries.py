"""The canaries: one detector on a reserved site in each partition of the telemetry."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Canary:
    """A detector that exists for the platform alone."""

    partition: int
    site_id: str
    device_id: str


def canaries(partition_of: Callable[[str], int], partitions: int) -> tuple[Canary, ...]:
    """Return the first site `canary-<n>` of each partition, with its detector `<site>-d`."""
    found: dict[int, Canary] = {}
    number = 0
    while len(found) < partitions:
        site_id = f"canary-{number}"
        partition = partition_of(site_id)
        found.setdefault(partition, Canary(partition, site_id, f"{site_id}-d"))
        number += 1
    return tuple(found[partition] for partition in sorted(found))
