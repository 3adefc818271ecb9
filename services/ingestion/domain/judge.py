"""Deciding about messages exactly as WIRE.md section 1 says: the order of checks, salvage, alarms."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from services.ingestion.domain.fields import Field, Fields, Reason, Vocabulary, is_number
from services.ingestion.domain.text import Element, NotJson, nests_deeper, read, readable
from services.ingestion.domain.verdicts import Accepted, Known, Leaf, Online, Rejected, Verdict

Lookup = Callable[[str], Known | None]
_ID: Final = Field("id", required=True)
_COUNTER_NAMES: Final = ("boot_id", "seq")
_ALARM_EVENTS: Final = frozenset({"alarm_raised", "alarm_cleared"})
_LEL_MAX: Final = 100.0


@dataclass(frozen=True, slots=True)
class Sender:
    """By whom and how a payload came; `stale` is what the broker had kept (a retained copy)."""

    client: str
    leaf: Leaf
    stale: bool = False


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a message is rejected."""

    reason: Reason
    detail: str


def encode(item: dict[str, Any]) -> bytes:
    """Return compact JSON."""
    return json.dumps(item, separators=(",", ":"), ensure_ascii=True, allow_nan=False).encode()


def judge(payload: bytes, sender: Sender, lookup: Lookup, words: Vocabulary) -> list[Verdict]:
    """Return one verdict for each message of a payload of the leaves `reading` and `event`."""
    if len(payload) > words.payload_bytes_max:
        return [Rejected("too_large", payload, f"{len(payload)} bytes")]
    is_deep = nests_deeper(payload, words.depth_max)
    try:
        elements, is_list = read(payload)
    except NotJson as error:
        reason: Reason = "too_deep" if is_deep else "not_json"
        return [Rejected(reason, payload, str(error))]
    if is_list and sender.leaf == "reading":
        if not 1 <= len(elements) <= words.list_max:
            return [Rejected("too_many", payload, f"{len(elements)} readings")]
        return [_element(element, sender, lookup, words, 1) for element in elements]
    if is_deep:
        return [Rejected("too_deep", payload)]
    if is_list:
        return [Rejected("missing_field", payload, "an event is one object")]
    return [_element(elements[0], sender, lookup, words, 0)]


def _element(element: Element, sender: Sender, lookup: Lookup, words: Vocabulary, above: int) -> Verdict:
    value = element.value
    if above and nests_deeper(element.raw, words.depth_max - above):
        return _rejected(element, Fault("too_deep", ""), words)
    if not element.finite:
        return _rejected(element, Fault("not_json", "a number beyond 1.8e308"), words)
    if not isinstance(value, dict):
        return Rejected("missing_field", element.raw, "not an object")
    known = _lookup(value, lookup)
    fault = _required(value, sender.leaf, known, words)
    if fault is None and known is None and not _is_alarm(value, sender.leaf):
        fault = Fault("unknown_device", value["device_id"])
    if fault is None and known is not None and known.client != sender.client:
        fault = Fault("wrong_client", f"{value['device_id']} belongs to another client")
    if fault is not None:
        return _rejected(element, fault, words)
    return _salvaged(element, sender, known, words)


def _lookup(value: dict[str, Any], lookup: Lookup) -> Known | None:
    device_id = value.get("device_id")
    return lookup(device_id) if isinstance(device_id, str) else None


def _is_alarm(value: dict[str, Any], leaf: Leaf) -> bool:
    if leaf == "event":
        return value["type"] in _ALARM_EVENTS
    return str(value["status"]).startswith("alarm")


def _rejected(element: Element, fault: Fault, words: Vocabulary) -> Rejected:
    """Return the rejection with those ids that can be read."""
    value = element.value if isinstance(element.value, dict) else {}
    device_id = value.get("device_id")
    if not isinstance(device_id, str) or words.id_pattern.match(device_id) is None:
        device_id = None
    boot_id, seq = (
        value[name] if name in value and words.common[name].fault(value[name]) is None else None
        for name in _COUNTER_NAMES
    )
    return Rejected(fault.reason, element.raw, fault.detail, device_id, boot_id, seq)


def _required(value: dict[str, Any], leaf: Leaf, known: Known | None, words: Vocabulary) -> Fault | None:
    """Check what a message cannot do without, by reason and not by field: the wire fixes the order."""
    required: dict[str, Field] = {"device_id": _ID}
    required |= {name: field for name, field in words.common.items() if field.required}
    if leaf == "reading":
        kinds = [known.kind] if known else list(words.statuses)
        statuses = frozenset().union(*(words.statuses[kind] for kind in kinds))
        required["status"] = Field("text", values=statuses, required=True)
    else:
        required["type"] = Field("text", values=frozenset(words.events), required=True)
    missing = [name for name in required if name not in value]
    if leaf == "event" and "data" not in value:
        missing.append("data")
    if not missing and leaf == "event":
        missing = _missing_data(value, words)
    if missing:
        return Fault("missing_field", ", ".join(missing))
    faults = {name: field.fault(value[name]) for name, field in required.items()}
    bad = [name for name, fault in faults.items() if fault == "bad_field"]
    if not bad and leaf == "event":
        bad = _bad_data(value, words)
    if bad:
        return Fault("bad_field", ", ".join(bad))
    if words.id_pattern.match(value["device_id"]) is None:
        return Fault("bad_id", "device_id")
    beyond = [name for name, fault in faults.items() if fault == "out_of_range"]
    return Fault("out_of_range", ", ".join(beyond)) if beyond else None


def _required_data(value: dict[str, Any], words: Vocabulary) -> Fields:
    fields = words.events.get(value["type"], {}) if isinstance(value["type"], str) else {}
    return {name: field for name, field in fields.items() if field.required}


def _missing_data(value: dict[str, Any], words: Vocabulary) -> list[str]:
    data = value["data"]
    if not isinstance(data, dict):
        return []
    return [f"data.{name}" for name in _required_data(value, words) if name not in data]


def _bad_data(value: dict[str, Any], words: Vocabulary) -> list[str]:
    data = value["data"]
    if not isinstance(data, dict):
        return ["data"]
    bad = [
        name for name, field in _required_data(value, words).items() if field.fault(data[name]) is not None
    ]
    unverified = data.get("reason") == "bad_signature"
    if value["type"] == "command_result" and data["command_id"] is None and not unverified:
        bad.append("command_id")
    return [f"data.{name}" for name in bad]


def _salvaged(element: Element, sender: Sender, known: Known | None, words: Vocabulary) -> Accepted:
    """Return the message as it goes on: its own bytes, or with bad side fields left out and named."""
    item: dict[str, Any] = dict(element.value)
    dropped: list[str] = []
    changed = _strip(item, sender.leaf, words)
    if sender.leaf == "reading":
        own = words.kind_fields[known.kind] if known else frozenset(words.reading)
        changed |= _salvage(item, {name: words.reading[name] for name in own}, dropped)
        changed |= _leave_out(item, words, set(words.reading) - own)
    else:
        item["data"] = dict(item["data"])
        changed |= _salvage_data(item, words, dropped)
    changed |= _salvage(item, {n: f for n, f in words.common.items() if not f.required}, dropped)
    if sender.stale or "buffered" in dropped:
        item["buffered"] = changed = True
    legible = readable(element.raw, item)
    changed |= legible != item
    item = legible
    if dropped:
        item["dropped"] = dropped
    if known is None:
        item |= {"unregistered": True, "client": sender.client}
    goes_on = encode(item) if changed or dropped or known is None else element.raw
    return Accepted(
        goes_on,
        element.raw,
        item["device_id"],
        item["boot_id"],
        item["seq"],
        is_event=sender.leaf == "event",
        is_alarm=_is_alarm(item, sender.leaf),
        unregistered=known is None,
        dropped=tuple(dropped),
    )


def _leave_out(item: dict[str, Any], words: Vocabulary, names: set[str]) -> bool:
    """Take out what does not fit: another kind's field is an unknown one, but no reader may trip on it."""
    found = [name for name in names if name in item and words.reading[name].fault(item[name]) is not None]
    for name in found:
        del item[name]
    return bool(found)


def _strip(item: dict[str, Any], leaf: Leaf, words: Vocabulary) -> bool:
    """Take out names that only ingestion writes, and `type` of a reading: it would make it an event."""
    reserved = words.reserved | {"type"} if leaf == "reading" else words.reserved
    found = [name for name in item if name in reserved]
    for name in found:
        del item[name]
    return bool(found)


def _salvage(item: dict[str, Any], fields: Fields, dropped: list[str]) -> bool:
    """Take out what cannot be read and name it; a concentration above the scale goes on as its end."""
    changed = False
    for name in _faulty(item, fields):
        changed = True
        if name == "lel_percent" and is_number(item[name]) and item[name] > _LEL_MAX:
            item[name] = _LEL_MAX
        else:
            del item[name]
            dropped.append(name)
    return changed


def _faulty(item: dict[str, Any], fields: Fields) -> Iterator[str]:
    return iter([name for name in item if name in fields and fields[name].fault(item[name]) is not None])


def _salvage_data(item: dict[str, Any], words: Vocabulary, dropped: list[str]) -> bool:
    data = item["data"]
    optional = {name: field for name, field in words.events[item["type"]].items() if not field.required}
    changed = _salvage(data, optional, dropped)
    if item["type"] == "alarm_raised" and "level" not in data:
        data["level"] = "high"
        if "level" not in dropped:
            dropped.append("level")
        changed = True
    return changed


def judge_state(payload: bytes, client: str, words: Vocabulary) -> Online | Rejected:
    """Return the event `connection` that a client's `state` becomes, or why it cannot be read."""
    if len(payload) > words.payload_bytes_max:
        return Rejected("too_large", payload)
    if nests_deeper(payload, words.depth_max):
        return Rejected("too_deep", payload)
    try:
        elements, is_list = read(payload)
    except NotJson as error:
        return Rejected("not_json", payload, str(error))
    value = elements[0].value if elements and not is_list else None
    if not isinstance(value, dict):
        return Rejected("missing_field", payload, "not an object")
    if not elements[0].finite:
        return Rejected("not_json", payload, "a number beyond 1.8e308")
    required = {name: field for name, field in words.state.items() if field.required}
    missing = [name for name in required if name not in value]
    if missing:
        return Rejected("missing_field", payload, ", ".join(missing))
    faults = {name: field.fault(value[name]) for name, field in required.items()}
    for reason in ("bad_field", "out_of_range"):
        found = [name for name, fault in faults.items() if fault == reason]
        if found:
            return Rejected(reason, payload, ", ".join(found))
    return Online(encode(_connection(value, client, words)), value["boot_id"])


def _connection(value: dict[str, Any], client: str, words: Vocabulary) -> dict[str, Any]:
    item: dict[str, Any] = {"device_id": client, "boot_id": value["boot_id"]}
    dropped = list(_faulty(value, words.state))
    if "time_ms" in value and "time_ms" not in dropped:
        item["time_ms"] = value["time_ms"]
    item |= {"type": "connection", "data": {"online": value["online"]}}
    return item | ({"dropped": dropped} if dropped else {})


def alarm_rejected(client: str, reason: Reason, sha256: str) -> bytes:
    """Return the event that tells of a rejected message that held the word `alarm` (rule S02)."""
    return encode(
        {"device_id": client, "type": "alarm_rejected", "data": {"reason": reason, "sha256": sha256}}
    )
