"""By hand: whose each thing is, what a right request for it looks like, and who alone does dangerous things.

Nothing here is read from the product: it says what the table of rights and the database have to agree with.
"""

import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.e2e.rights_ground import Owner, Person
from tests.e2e.rights_seeds import picture, subscription

Options = dict[str, Any]

# Whose a thing of this collection is: a firm's (its people, and authorities of the area), a crew's (the
# firm's people, but of crews only that one), one person's own, or the administrators'.
BELONGS_TO = {
    "operators": "firm", "licences": "firm", "sites": "firm", "devices": "firm", "valves": "firm",
    "alerts": "firm", "contacts": "firm", "routes": "firm", "deliveries": "firm", "rule-proposals": "firm",
    "handovers": "firm",
    "orders": "crew", "attachments": "crew", "crews": "crew", "shifts": "crew",
    "sessions": "person", "push-subscriptions": "person",
    "people": "administrator",
}  # fmt: skip
# An area's codes begin with this; a prefecture covers its counties.
BEGINS_WITH = {"530602": "530602", "530621": "530621", "530600": "5306", "530300": "5303"}
# Who signs in has no role yet, and who leaves needs none.
BEFORE_ROLES = frozenset({"POST session", "DELETE session", "POST session:refresh", "POST session:screen"})
# Routes whose {} names nothing that anybody owns.
NOBODYS = {"POST rules/{}:propose": "G02", "GET stream/{}": "alerts"}

WATCHES = {"watch", "watch_supervisor", "dispatcher"}
LICENSING = {"regulator_officer", "regulator_approver", "administrator"}
SET_POINTS = {"watch_supervisor", "administrator"}
DANGEROUS = {
    "POST valves/{}:arm": WATCHES,
    "POST valves/{}:close": WATCHES,
    "POST rules/{}:propose": SET_POINTS,
    "POST rule-proposals/{}:approve": SET_POINTS,
    "POST alerts/{}:reset": {"crew_lead"},
    "DELETE push-subscriptions": {"administrator"},
    "POST sessions:screen": {"watch", "watch_supervisor", "dispatcher", "operator_admin"},
    "GET audit": {"watch_supervisor", "operator_admin", "regulator_approver", "administrator"},
    "PATCH licences/{}": LICENSING,
    **{
        f"POST licences/{{}}:{verb}": LICENSING
        for verb in ("grant", "renew", "suspend", "resume", "withdraw", "annul", "revoke", "deregister")
    },
    **{
        route: {"administrator"}
        for route in ("GET people", "POST people", "GET people/{}", "PATCH people/{}",
                      "POST people/{}:disable", "POST people/{}:enable", "POST people/{}:new-password")
    },
}  # fmt: skip


def sees(who: Person, owner: Owner, collection: str) -> bool:
    """Return whether a thing is this person's to see."""
    whose = BELONGS_TO[collection]
    if owner.firm is None:
        return False
    if whose == "person":
        return who.username == owner.things["people"]
    if who.role == "administrator":
        return True
    if who.area is not None:
        return owner.area.startswith(BEGINS_WITH[who.area])
    if whose == "administrator" or who.firm != owner.firm:
        return False
    return whose == "firm" or who.crew is None or who.crew == owner.crew


def _in(**time: float) -> str:
    return (datetime.now(UTC) + timedelta(**time)).isoformat()


def _json(**body: Any) -> Callable[[dict[str, str]], Options]:
    return lambda _things: {"json": body}


def _photo(things: dict[str, str]) -> Options:
    return {"files": {"file": ("p.png", picture())}, "data": {"order_id": things["orders"]}}


def _csv(**row: str) -> Options:
    lines = f"{','.join(row)}\n{','.join(row.values())}\n"
    return {"content": lines.encode(), "headers": {"Content-Type": "text/csv"}}


_PLACE = {"area_code": "530602"}
_POINT = {"longitude": 103.7, "latitude": 27.3}
_DATES = {"issued_on": "2026-01-05", "valid_from": "2026-01-05", "valid_to": "2029-01-04"}
_CONTACT = {"name": "n", "role": "watch", "addresses": [{"channel": "app", "address": "n"}]}
_RULE = {"topic": "order", "priorities": ["P1"], "roles": ["watch"]}


def _operator(things: dict[str, str]) -> dict[str, str]:
    return {"operator_id": things["operators"], "name": "n", "credit_code": "91110000600037341L", **_PLACE}


def _licence(things: dict[str, str]) -> dict[str, str]:
    ids = {"licence_id": f"l-{uuid.uuid4()}", "operator_id": things["operators"], "number": "n"}
    return {**ids, "class": "other", "issued_by": "n", **_DATES}


def _site(things: dict[str, str]) -> dict[str, Any]:
    ids = {"site_id": f"s-{uuid.uuid4()}", "operator_id": things["operators"], "name": "n", "address": "n"}
    return {**ids, **_PLACE, **_POINT, "kind": "hotel", "obliged": False, "auto_close": False}


def _device(things: dict[str, str]) -> dict[str, str]:
    ids = {"device_id": f"d-{uuid.uuid4()}", "site_id": things["sites"], "zone": "z", "kind": "valve"}
    return {**ids, "model": "m", "serial": "s", "installed_on": "2026-01-05"}


def _text(row: dict[str, Any]) -> dict[str, str]:
    return {
        name: str(value).lower() if isinstance(value, bool) else str(value) for name, value in row.items()
    }


# A right request of each kind that writes; what it needs of its owner's things is taken from `things`.
WRITES: dict[str, Callable[[dict[str, str]], Options]] = {
    "POST alerts/{}:acknowledge": _json(note="n"),
    "POST alerts/{}:confirm": _json(finding="n"),
    "POST alerts/{}:shelve": lambda _: {"json": {"reason": "n", "until": _in(hours=1)}},
    "POST alerts/{}:assign": _json(person="n"),
    "POST alerts/{}:reset": lambda things: {"json": {"finding": "n", "order_id": things["orders"]}},
    "POST valves/{}:arm": _json(reason="n"),
    "POST valves/{}:close": _json(arm_token="n" * 32),
    "POST rules/{}:propose": lambda things: {
        "json": {
            "value": 41, "reason": "n", "effective_from": _in(days=3), "scope": f"site:{things['sites']}"
        }
    },
    "POST orders": lambda things: {
        "json": {"site_id": things["sites"], "kind": "inspection", "priority": "P4", "text": "n"}
    },
    "POST orders/{}:step": lambda _: {"json": {"step": "cordoned", "device_time": _in(seconds=0)}},
    "POST crews": lambda things: {
        "json": {"crew_id": f"c-{uuid.uuid4()}", "operator_id": things["operators"], "name": "n", **_PLACE}
    },
    "PATCH crews/{}": _json(name="n"),
    "POST crews/{}:position": lambda _: {"json": {**_POINT, "device_time": _in(seconds=0)}},
    "POST crews/{}:duty": _json(on=True),
    "POST shifts": lambda things: {
        "json": {
            "shift_id": f"h-{uuid.uuid4()}", "crew_id": things["crews"], "from": _in(hours=1),
            "to": _in(hours=2),
        }
    },
    "PATCH shifts/{}": _json(on_duty=True),
    "POST operators": lambda things: {"json": _operator(things)},
    "PATCH operators/{}": _json(name="n"),
    "POST operators:import": lambda things: _csv(**_operator(things)),
    "POST licences": lambda things: {"json": {**_licence(things), "area_codes": ["530602"]}},
    "PATCH licences/{}": _json(number="n"),
    "POST licences:import": lambda things: _csv(**_licence(things), area_codes="530602"),
    "POST licences/{}:renew": _json(valid_to="2032-01-04"),
    "POST sites": lambda things: {"json": _site(things)},
    "PATCH sites/{}": _json(name="n"),
    "POST sites:import": lambda things: _csv(**_text(_site(things))),
    "POST devices": lambda things: {"json": _device(things)},
    "PATCH devices/{}": _json(zone="z9"),
    "POST devices:import": lambda things: _csv(**_device(things)),
    "POST devices:credentials": lambda things: {"json": {"device_ids": [things["devices"]]}},
    "POST devices/{}:maintain": lambda _: {"json": {"reason": "n", "until": _in(hours=1)}},
    "POST devices/{}:record-test": _json(kind="check", done_on="2026-06-01", result="passed"),
    "POST contacts": lambda things: {
        "json": {
            "contact_id": f"k-{uuid.uuid4()}", "operator_id": things["operators"], **_PLACE, **_CONTACT
        }
    },
    "PATCH contacts/{}": _json(name="n"),
    "POST routes": lambda things: {
        "json": {"route_id": f"r-{uuid.uuid4()}", "operator_id": things["operators"], **_PLACE, **_RULE}
    },
    "PATCH routes/{}": _json(active=True),
    "POST sessions:screen": _json(name="n"),
    "POST push-subscriptions": lambda _: {"json": subscription(str(uuid.uuid4()))},
    "POST push-subscriptions:silence": _json(session_ids=["n"]),
    "POST people": lambda _: {
        "json": {"username": f"p-{uuid.uuid4()}", "name": "n", "role": "administrator"}
    },
    "PATCH people/{}": _json(name="n"),
    "POST people/me:password": _json(password="n" * 12, new_password="m" * 12),
    "POST handovers": lambda _: {"json": {"handover_id": str(uuid.uuid4()), "text": "n"}},
    "POST attachments": _photo,
}  # fmt: skip
# What in such a request is somebody's, where the address names nothing of theirs.
REFERS_TO = {
    "POST rules/{}:propose": "sites", "POST orders": "sites", "POST crews": "operators",
    "POST shifts": "crews", "POST operators": "operators", "POST operators:import": "operators",
    "POST licences": "operators", "POST licences:import": "operators", "POST sites": "operators",
    "POST sites:import": "operators", "POST devices": "sites", "POST devices:import": "sites",
    "POST devices:credentials": "devices", "POST contacts": "operators", "POST routes": "operators",
    "POST attachments": "orders", "GET readings": "devices", "GET device-events": "devices",
}  # fmt: skip
# An import tells what is wrong by row.
REFUSED_BY_ROW = {"POST licences:import", "POST sites:import", "POST devices:import"}
# An id is one's own or taken, here as in every POST that creates: whose it is stays unsaid.
TAKEN_IS_SAID = {"POST operators:import"}
# These services keep no list of firms: an administrator may name one that the register has not.
NAMED_FREELY = {"POST crews", "POST contacts", "POST routes", "POST operators", "POST operators:import"}
# A stale ETag shows that the thing was found, and changes nothing.
STALE = ("POST alerts/{}:", "POST orders/{}:", "PATCH ")
