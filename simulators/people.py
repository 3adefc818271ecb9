"""The people of the demo: random passwords and second factors, valid until the demo ends."""

import secrets
from typing import Any

import pyotp

from simulators.api import Credentials

# (user name, role, name, operator, area, crew)
_PEOPLE: tuple[tuple[str, str, str, str | None, str | None, str | None], ...] = (
    ("watch", "watch", "值班员甲", "op-zhaoyun", None, None),
    ("watch-wumeng", "watch", "值班员乙", "op-wumeng", None, None),
    ("supervisor", "watch_supervisor", "值班长", "op-zhaoyun", None, None),
    ("dispatcher", "dispatcher", "调度员", "op-zhaoyun", None, None),
    ("dispatcher-wumeng", "dispatcher", "乌蒙调度员", "op-wumeng", None, None),
    ("operator-admin", "operator_admin", "企业管理员甲", "op-zhaoyun", None, None),
    ("operator-admin-wumeng", "operator_admin", "企业管理员乙", "op-wumeng", None, None),
    ("viewer", "regulator_viewer", "区县监管员", None, "530602", None),
    ("officer", "regulator_officer", "州市监管员", None, "530600", None),
    ("approver", "regulator_approver", "审批人", None, "530600", None),
    ("inspector", "inspector", "检查员", None, "530600", None),
    ("government", "government_approver", "政府批准人", None, "530600", None),
    ("lead-1", "crew_lead", "一班班长", "op-zhaoyun", None, "crew-1"),
    ("member-1", "crew_member", "一班队员", "op-zhaoyun", None, "crew-1"),
    ("lead-2", "crew_lead", "二班班长", "op-zhaoyun", None, "crew-2"),
    ("member-2", "crew_member", "二班队员", "op-zhaoyun", None, "crew-2"),
    ("lead-3", "crew_lead", "三班班长", "op-zhaoyun", None, "crew-3"),
    ("member-3", "crew_member", "三班队员", "op-zhaoyun", None, "crew-3"),
    ("lead-wumeng", "crew_lead", "乌蒙班长", "op-wumeng", None, "crew-wumeng"),
    ("member-wumeng", "crew_member", "乌蒙队员", "op-wumeng", None, "crew-wumeng"),
    ("administrator", "administrator", "系统管理员", None, None, None),
)
# Nobody simulates this crew: its orders wait for whoever signs in as its lead.
CREW_BY_HAND = "crew-wumeng"
# The demo's own programs: a one-time code works once, so they never spend one that a person needs.
REGISTERS = "demo-registers"
WATCHES = "demo-watches"
_PROGRAMS: tuple[tuple[str, str, str, str | None, str | None, str | None], ...] = (
    (REGISTERS, "administrator", "演示登记程序", None, None, None),
    (WATCHES, "watch", "演示观察程序", "op-zhaoyun", None, None),
)
_WITHOUT_SECOND_FACTOR = frozenset({"crew_member", "crew_lead", "regulator_viewer", "inspector"})


def make() -> list[dict[str, Any]]:
    """Return fresh accounts of people, secrets included."""
    return _accounts(_PEOPLE)


def programs() -> list[dict[str, Any]]:
    """Return fresh accounts of the demo's own programs: no person uses them, no message goes to them."""
    return _accounts(_PROGRAMS)


def _accounts(
    whose: tuple[tuple[str, str, str, str | None, str | None, str | None], ...],
) -> list[dict[str, Any]]:
    return [
        {
            "username": username,
            "password": secrets.token_urlsafe(12),
            "role": role,
            "name": name,
            "operator_id": operator_id,
            "area_code": area_code,
            "crew_id": crew_id,
            "totp_secret": None if role in _WITHOUT_SECOND_FACTOR else pyotp.random_base32(),
        }
        for username, role, name, operator_id, area_code, crew_id in whose
    ]


def credentials(accounts: list[dict[str, Any]], username: str) -> Credentials:
    """Return how somebody signs in."""
    found = next(one for one in accounts if one["username"] == username)
    return Credentials(found["username"], found["password"], found["totp_secret"])


def crews(accounts: list[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    """Return the members of each crew, the lead first."""
    found: dict[str, list[dict[str, Any]]] = {}
    for one in accounts:
        if one["crew_id"]:
            found.setdefault(one["crew_id"], []).append(one)
    return found
