"""The one table of who may do what."""

import pytest

from services.portal.entrypoints.inputs import scope_fault
from shared.contracts.access import MAY, ROLES, may, route_of


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("alerts", "GET alerts"),
        ("alerts/0190-a", "GET alerts/{}"),
        ("alerts/{alert_id}/timeline", "GET alerts/{}/timeline"),
        ("valves/v1:arm", "GET valves/{}:arm"),
        ("devices:credentials", "GET devices:credentials"),
        ("devices/{id_}/credentials", "GET devices/{}/credentials"),
        ("people/me", "GET people/me"),
        ("people/me:password", "GET people/me:password"),
        ("people/mel", "GET people/{}"),
    ],
)
def test_a_path_and_its_template_are_one_line(path, line):
    assert route_of("GET", path) == line


def test_what_the_table_lacks_nobody_may():
    assert not any(may({role}, "POST", "valves/v1:open") for role in ROLES)
    assert not any(may({role}, "DELETE", "alerts/a") for role in ROLES)
    assert not may({"root"}, "GET", "alerts")


def test_the_administrator_sees_no_valve_and_a_regulator_closes_none():
    assert not any(may({"administrator"}, *line.split(" ")) for line in MAY if " valves" in line)
    for role in ("regulator_approver", "inspector", "crew_lead", "operator_admin"):
        assert not may({role}, "POST", "valves/v1:close")


@pytest.mark.parametrize(
    ("role", "scope", "fault"),
    [
        ("watch", ("op", None, None), None),
        ("watch", (None, "530602", None), "operator_id"),
        ("watch", ("op", None, "crew"), "crew_id"),
        ("crew_lead", ("op", None, None), "crew_id"),
        ("crew_lead", ("op", None, "crew"), None),
        ("inspector", (None, "530602", None), None),
        ("inspector", ("op", None, None), "area_code"),
        ("administrator", (None, None, None), None),
        ("administrator", ("op", None, None), "role"),
        ("root", (None, None, None), "role"),
    ],
)
def test_a_role_has_its_scope(role, scope, fault):
    found = scope_fault(role, *scope)
    assert (found is None) if fault is None else (found or "").startswith(fault)
