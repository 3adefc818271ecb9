"""What the tests of the portal share: people, signing in, codes."""

import time
from typing import Any

import pyotp

ORIGIN = "http://portal.test"
SECRET = pyotp.random_base32()
LIMIT_S = 20
ALERT = {
    "alert_id": "a1",
    "rule": "G02",
    "priority": "P1",
    "site_id": "s1",
    "zone": "kitchen",
    "active": True,
    "acknowledged": False,
    "suppressed": False,
    "opened_at": "2026-01-01T00:00:00.000Z",
}
# What the service behind the portal knows, beside saying what it heard.
KNOWN: dict[str, dict[str, Any]] = {
    "api/v1/alerts": {"items": [ALERT]},
    "api/v1/orders/o1": {"operator_id": "op-a", "area_code": "530602"},
    "api/v1/orders": {"operator_id": "op-a", "area_code": "530602"},
    "api/v1/devices/v1": {"operator_id": "op-a", "area_code": "530602"},
}


def person(username: str, role: str, **more):
    return {
        "username": username,
        "role": role,
        "operator_id": None,
        "area_code": None,
        "crew_id": None,
        "totp_secret": None,
    } | more


PEOPLE = [
    person("watch", "watch", operator_id="op-a", totp_secret=SECRET),
    person("night", "watch", operator_id="op-a", totp_secret=SECRET),
    person("member", "crew_member", operator_id="op-a", crew_id="crew-1"),
    person("viewer", "regulator_viewer", area_code="530602"),
    person("admin", "administrator", totp_secret=pyotp.random_base32()),
]


async def sign_in(portal, username="member", otp=None, password="right"):
    body = {"username": username, "password": password} | ({"otp": otp} if otp else {})
    return await portal.post("/api/v1/session", json=body)


def next_code():
    """Return the code that follows the present one: taken also if its time begins before it is used."""
    return pyotp.TOTP(SECRET).at(int(time.time()) + 30)


def bearer(answer):
    return {"Authorization": f"Bearer {answer.json()['token']}"}
