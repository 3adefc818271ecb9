"""`gas.telemetry.v1`: arrays of readings and events as received, and where a site's record goes.

Beside the device's own words ingestion adds to an item, never changing what is there:

* `dropped` – names of fields that could not be read and were left out,
* `unregistered: true` and `client` – an alarm of a device nobody registered (rule D08),
* `replayed: true` – it waited in the dead letters for its device to be registered; also `buffered: true`.

Two event types are made by ingestion, without `seq`: `connection {online}` and
`alarm_rejected {reason, sha256}` (rule S02: a message that had to be rejected held the word "alarm";
`device_id` is the client's).
"""

TELEMETRY_PARTITIONS = 12
ITEMS_PER_RECORD_MAX = 500

_MASK = 0xFFFFFFFF


def murmur2(data: bytes) -> int:
    """Return Kafka's murmur2 hash (32 bit, seed 0x9747b28c) of `data`."""
    length = len(data)
    m = 0x5BD1E995
    h = (0x9747B28C ^ length) & _MASK
    for i in range(0, length - 3, 4):
        k = int.from_bytes(data[i : i + 4], "little") * m & _MASK
        k = (k ^ (k >> 24)) * m & _MASK
        h = (h * m & _MASK) ^ k
    rest = length & 3
    if rest:
        h ^= int.from_bytes(data[length - rest :], "little")
        h = h * m & _MASK
    h = (h ^ (h >> 13)) * m & _MASK
    return h ^ (h >> 15)


def partition_of(site_id: str, partitions: int = TELEMETRY_PARTITIONS) -> int:
    """Return the telemetry partition in which everything of `site_id` stands, in order of arrival."""
    return (murmur2(site_id.encode()) & 0x7FFFFFFF) % partitions
