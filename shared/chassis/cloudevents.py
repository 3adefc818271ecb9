"""CloudEvents 1.0 in Kafka's binary mode: the attributes stand in headers, the data is the value."""

from collections.abc import Mapping

from shared.chassis.ids import uuid7
from shared.chassis.times import rfc3339


def headers(
    type_: str, source: str, subject: str, time_ms: int, *, id_: str | None = None, traceparent: str = ""
) -> dict[str, bytes]:
    """Return the headers of one event."""
    found = {
        "ce_specversion": b"1.0",
        "ce_id": (id_ or uuid7()).encode(),
        "ce_type": type_.encode(),
        "ce_source": source.encode(),
        "ce_subject": subject.encode(),
        "ce_time": rfc3339(time_ms).encode(),
        "content-type": b"application/json",
    }
    if traceparent:
        found["ce_traceparent"] = traceparent.encode()
    return found


def event_type(record_headers: Mapping[str, bytes]) -> str:
    """Return the type of an event, or an empty text when it has none."""
    return record_headers.get("ce_type", b"").decode()


def event_id(record_headers: Mapping[str, bytes]) -> str:
    """Return the id of an event, or an empty text when it has none."""
    return record_headers.get("ce_id", b"").decode()
