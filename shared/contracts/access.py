"""Who may do what: one line for each route of the API. What stands in no line is refused.

Whose rows somebody sees is another question: row-level security answers it from operator or area.
"""

import re
from collections.abc import Iterable

WATCH = frozenset({"watch", "watch_supervisor"})
FIRM = WATCH | {"operator_admin", "dispatcher"}
CREW = frozenset({"crew_member", "crew_lead"})
OFFICERS = frozenset({"regulator_officer", "regulator_approver"})
AUTHORITY = OFFICERS | {"regulator_viewer", "inspector", "government_approver"}
ADMINISTRATOR = frozenset({"administrator"})
ROLES = FIRM | CREW | AUTHORITY | ADMINISTRATOR

_HANDLE_ALERTS = WATCH | {"dispatcher"} | ADMINISTRATOR
_CLOSE_VALVES = WATCH | {"dispatcher"}
_DIRECT = frozenset({"dispatcher", "watch_supervisor"}) | ADMINISTRATOR
_PLAN = _DIRECT | {"operator_admin"}
_REGISTER = frozenset({"operator_admin"}) | ADMINISTRATOR
LICENSERS = OFFICERS | ADMINISTRATOR
_OVERSEE = ROLES - CREW - {"dispatcher"}
_SET_POINTS = frozenset({"watch_supervisor"}) | ADMINISTRATOR
_TELL = _SET_POINTS | {"operator_admin"}
_AUDIT = frozenset({"watch_supervisor", "operator_admin", "regulator_approver"}) | ADMINISTRATOR

MAY: dict[str, frozenset[str]] = {
    # alerts
    "GET alerts": ROLES,
    "GET alerts/{}": ROLES,
    "GET alerts/{}/timeline": ROLES,
    "GET alert-figures": ROLES - CREW,
    "POST alerts/{}:acknowledge": _HANDLE_ALERTS,
    "POST alerts/{}:confirm": _HANDLE_ALERTS,
    "POST alerts/{}:shelve": _HANDLE_ALERTS,
    "POST alerts/{}:unshelve": _HANDLE_ALERTS,
    "POST alerts/{}:silence": _HANDLE_ALERTS,
    "POST alerts/{}:assign": _HANDLE_ALERTS,
    "POST alerts/{}:reset": frozenset({"crew_lead"}),
    # valves: the administrator sees none
    "POST valves/{}:arm": _CLOSE_VALVES,
    "POST valves/{}:close": _CLOSE_VALVES,
    "GET valves/{}/commands": ROLES - ADMINISTRATOR,
    "GET command-keys": ROLES,
    # set-points
    "GET rules": ROLES,
    "GET rule-proposals": ROLES,
    "POST rules/{}:propose": _SET_POINTS,
    "POST rule-proposals/{}:approve": _SET_POINTS,
    # orders, crews, shifts
    "GET orders": ROLES,
    "GET orders/{}": ROLES,
    "GET orders/{}/timeline": ROLES,
    "GET orders/{}/recommendation": _DIRECT,
    "POST orders": _DIRECT | {"watch"},
    "POST orders/{}:accept": CREW,
    "POST orders/{}:depart": CREW,
    "POST orders/{}:arrive": CREW,
    "POST orders/{}:step": CREW,
    "POST orders/{}:close": _DIRECT | {"crew_lead"},
    "POST orders/{}:cancel": _DIRECT,
    "POST orders/{}:reassign": _DIRECT,
    "GET crews": ROLES,
    "GET crews/{}": ROLES,
    "POST crews": _PLAN,
    "PATCH crews/{}": _PLAN,
    "POST crews/{}:position": CREW | _DIRECT,
    "POST crews/{}:duty": CREW | _PLAN,
    "GET shifts": ROLES,
    "GET shifts/{}": ROLES,
    "POST shifts": _PLAN,
    "PATCH shifts/{}": _PLAN,
    # the register
    "GET operators": ROLES,
    "GET operators/{}": ROLES,
    "POST operators": _REGISTER,
    "PATCH operators/{}": _REGISTER,
    "POST operators:import": _REGISTER,
    "GET licences": ROLES,
    "GET licences/{}": ROLES,
    "POST licences": _REGISTER,
    # A firm registers its licence; what stands in it is changed by those who license.
    "PATCH licences/{}": LICENSERS,
    "POST licences:import": _REGISTER,
    "POST licences/{}:file-renewal": _REGISTER | {"regulator_officer"},
    "POST licences/{}:grant": LICENSERS,
    "POST licences/{}:renew": LICENSERS,
    "POST licences/{}:suspend": LICENSERS,
    "POST licences/{}:resume": LICENSERS,
    "POST licences/{}:withdraw": LICENSERS,
    "POST licences/{}:annul": LICENSERS,
    "POST licences/{}:revoke": LICENSERS,
    "POST licences/{}:deregister": LICENSERS,
    "GET sites": ROLES,
    "GET sites/{}": ROLES,
    "POST sites": _REGISTER,
    "PATCH sites/{}": _REGISTER,
    "POST sites:import": _REGISTER,
    "GET devices": ROLES,
    "GET devices/{}": ROLES,
    "GET devices:heard-unregistered": ROLES,
    "POST devices": _REGISTER,
    "PATCH devices/{}": _REGISTER,
    "POST devices:import": _REGISTER,
    "POST devices/{}/credentials": _REGISTER,
    "POST devices:credentials": _REGISTER,
    "POST devices/{}:revoke-credentials": _REGISTER,
    "POST devices/{}:maintain": _REGISTER,
    "POST devices/{}:record-test": _REGISTER,
    "POST devices/{}:retire": _REGISTER,
    "GET unlicensed": _OVERSEE,
    "GET coverage": _OVERSEE,
    "GET coverage:missing": _OVERSEE,
    # series
    "GET readings": ROLES,
    "GET device-events": ROLES,
    "GET device-latest": ROLES,
    # who is told
    "GET contacts": _TELL | {"watch", "dispatcher"},
    "GET contacts/{}": _TELL | {"watch", "dispatcher"},
    "POST contacts": _TELL,
    "PATCH contacts/{}": _TELL,
    "GET routes": _TELL | {"watch", "dispatcher"},
    "GET routes/{}": _TELL | {"watch", "dispatcher"},
    "POST routes": _TELL,
    "PATCH routes/{}": _TELL,
    "GET push-key": ROLES,
    "POST push-subscriptions": ROLES,
    "POST push-subscriptions:silence": ROLES,
    "DELETE push-subscriptions": ADMINISTRATOR,
    "DELETE push-subscriptions/{}": ROLES,
    "GET deliveries": _TELL | {"watch", "dispatcher"},
    "GET deliveries/{}": _TELL | {"watch", "dispatcher"},
    # people, sessions, audit
    "GET people": ADMINISTRATOR,
    "GET people/me": ROLES,
    "POST people/me:password": ROLES,
    "POST people/me:second-factor": ROLES,
    "POST people": ADMINISTRATOR,
    "GET people/{}": ADMINISTRATOR,
    "PATCH people/{}": ADMINISTRATOR,
    "POST people/{}:disable": ADMINISTRATOR,
    "POST people/{}:enable": ADMINISTRATOR,
    "POST people/{}:new-password": ADMINISTRATOR,
    "GET sessions": ROLES,
    "POST sessions:screen": WATCH | {"dispatcher", "operator_admin"},
    "DELETE sessions/{}": ROLES,
    "GET audit": _AUDIT,
    "GET stream/{}": ROLES,
    "GET settings": ROLES,
    "GET handovers": FIRM,
    "POST handovers": WATCH | {"dispatcher"},
    "POST handovers/{}:accept": WATCH | {"dispatcher"},
    "POST attachments": CREW | _DIRECT | OFFICERS | {"inspector", "watch"},
    "GET attachments/{}": ROLES,
    "GET attachments/{}/content": ROLES,
}
# What a screen on the wall may ask, in the name of whoever hung it up: reading, and only what it shows.
SCREEN_MAY = frozenset(
    {"GET alerts", "GET sites", "GET sites/{}", "GET stream/{}", "GET settings", "GET people/me"}
)
_PARAMETER = re.compile(r"\{[^}]*\}")
_LITERAL = frozenset({"me"})


def route_of(method: str, path: str) -> str:
    """Return the line of the table for a path below `/api/v1/`, or for its template.

    Collections stand at the first, third … place, ids between them: `alerts/1f:acknowledge` and
    `alerts/{alert_id}:acknowledge` are both `alerts/{}:acknowledge`.
    """
    parts = path.split("/")
    for number in range(1, len(parts), 2):
        name, colon, verb = parts[number].partition(":")
        if name not in _LITERAL:
            parts[number] = "{}" + colon + verb
    return f"{method} {_PARAMETER.sub('{}', '/'.join(parts))}"


def methods_of(path: str) -> list[str]:
    """Return by which methods anybody may ask for a path; none for a path that does not exist."""
    return [method for method in ("GET", "POST", "PATCH", "DELETE") if route_of(method, path) in MAY]


def may(roles: Iterable[str], method: str, path: str) -> bool:
    """Return whether one of `roles` may do this; False for a route that the table lacks."""
    return not MAY.get(route_of(method, path), frozenset()).isdisjoint(roles)
