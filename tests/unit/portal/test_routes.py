"""Which service answers a path."""

import pytest

from services.portal.domain.people import SECOND_FACTOR_ROLES, throttled, totp_steps
from services.portal.domain.routes import ARM, service_of


@pytest.mark.parametrize(
    ("path", "service"),
    [
        ("alerts", "alerting"),
        ("alerts/0-1:acknowledge", "alerting"),
        ("devices:import", "registry"),
        ("valves/v1:arm", "alerting"),
        ("orders/x:step", "dispatch"),
        ("readings", "history"),
        ("deliveries", "notification"),
    ],
)
def test_a_path_belongs_to_one_service(path, service):
    assert service_of(path) == service


@pytest.mark.parametrize(
    "path",
    [
        "",
        "alerts/../people",
        "nothing",
        "alerts//x",
        "al erts",
        "alerts\n",
        "http://evil/alerts",
        "alerts/%61bc:acknowledge",
        "sites/",
    ],
)
def test_strange_paths_go_nowhere(path):
    assert service_of(path) is None


def test_only_arming_takes_a_code():
    assert ARM.match("valves/v1:arm")
    assert not ARM.match("valves/v1:close")
    assert not ARM.match("valves/v1:arm/x")


def test_five_failures_close_the_door():
    assert not throttled(4)
    assert throttled(5)


def test_the_roles_that_close_publish_or_administer_need_a_second_factor():
    assert {"watch", "regulator_approver", "administrator"} <= SECOND_FACTOR_ROLES
    assert "crew_member" not in SECOND_FACTOR_ROLES


def test_a_code_lives_one_step_before_and_after():
    from datetime import UTC, datetime

    assert list(totp_steps(datetime.fromtimestamp(90, UTC))) == [2, 3, 4]
