"""Every act of a person in every state of an alert: done, or refused with its reason."""

from dataclasses import replace
from typing import Any

import pytest

from services.alerting.domain.acts import TABLE, Act, Asked, Refusal, do, shelving_ends
from services.alerting.domain.command import AlarmSignal
from services.alerting.domain.site import Alert, SiteFacts, SiteState
from services.alerting.domain.valve import Moment, Valve
from services.alerting.domain.valve_loop import on_close_due

NOW_MS = 1_800_000_000_000


def alert(**more: Any) -> Alert:
    made = Alert(
        alert_id="a1",
        rule="G01",
        family="gas",
        subject="d1",
        priority="P2",
        site_id="s1",
        operator_id="o1",
        area_code="530602",
        zone="kitchen",
        device_ids=("d1",),
        opened_at_ms=NOW_MS - 60_000,
        updated_at_ms=NOW_MS - 60_000,
    )
    return replace(made, **more)


def site(*alerts: Alert, holder: str | None = None) -> SiteState:
    facts = SiteFacts("s1", "o1", "530602", auto_close=True, valves={"kitchen": ("v1",)})
    return SiteState(facts, holder, {a.alert_id: a for a in alerts})


def ask(act: Act, **more: Any) -> Asked:
    return Asked(act, "li", NOW_MS, **({"text": "because"} | more))


LATCHED = alert(rule="G02", priority="P1", latched=True, in_condition=False)
CLOSED = alert(active=False, acknowledged=True)
RETURNED = alert(active=False, acknowledged=False)


@pytest.mark.parametrize(
    ("act", "state", "refusal"),
    [
        (Act.ACKNOWLEDGE, alert(), None),
        (Act.ACKNOWLEDGE, RETURNED, None),
        (Act.ACKNOWLEDGE, alert(acknowledged=True), Refusal.ALREADY_ACKNOWLEDGED),
        (Act.CONFIRM, alert(), None),
        (Act.CONFIRM, alert(confirmed="x"), Refusal.ALREADY_CONFIRMED),
        (Act.CONFIRM, CLOSED, Refusal.CLOSED),
        (Act.SHELVE, alert(), None),
        (Act.SHELVE, alert(priority="P1"), Refusal.P1_IS_NOT_SHELVED),
        (Act.SHELVE, CLOSED, Refusal.CLOSED),
        (Act.UNSHELVE, alert(suppressed=True, shelved_until_ms=NOW_MS + 1), None),
        (Act.UNSHELVE, alert(), Refusal.NOT_SHELVED),
        (Act.SILENCE, alert(), None),
        (Act.SILENCE, alert(silenced=True), Refusal.ALREADY_SILENCED),
        (Act.ASSIGN, alert(), None),
        (Act.ASSIGN, CLOSED, Refusal.CLOSED),
        (Act.RESET, LATCHED, None),
        (Act.RESET, alert(), Refusal.NOT_LATCHED),
        (Act.RESET, replace(LATCHED, active=False), Refusal.NOT_LATCHED),
        (Act.RESET, replace(LATCHED, in_condition=True), Refusal.GAS_ABOVE_CLEAR_POINT),
        (Act.RESET, alert(rule="V01", family="not_closed", subject="v1"), None),
    ],
)
def test_each_state_allows_or_refuses(act: Act, state: Alert, refusal: Refusal | None) -> None:
    place = site(state, holder="order-1")
    found = do(place, state, ask(act, order_id="order-1"))
    if refusal is not None:
        assert found is refusal
        assert place.changed == []
        return
    assert isinstance(found, Alert)
    (change,) = place.changed
    assert change.item is not None
    assert (change.item.kind, change.item.actor, change.item.reason) == (TABLE[act][0], "li", "because")
    assert found.revision == state.revision + 1


def test_active_acknowledged_and_suppressed_are_independent() -> None:
    one = alert()
    place = site(one)
    shelved = do(place, one, ask(Act.SHELVE, until_ms=NOW_MS + 1000))
    assert isinstance(shelved, Alert)
    assert (shelved.active, shelved.acknowledged, shelved.suppressed) == (True, False, True)
    seen = do(place, shelved, ask(Act.ACKNOWLEDGE))
    assert isinstance(seen, Alert)
    assert (seen.active, seen.acknowledged, seen.suppressed) == (True, True, True)


@pytest.mark.parametrize(("holder", "order"), [(None, "order-1"), ("order-2", "order-1"), (None, None)])
def test_only_the_crew_that_has_arrived_resets(holder: str | None, order: str | None) -> None:
    why = Refusal.ANOTHER_ORDER if holder else Refusal.CREW_NOT_ARRIVED
    assert do(site(LATCHED, holder=holder), LATCHED, ask(Act.RESET, order_id=order)) is why


def test_gas_of_another_alert_of_the_zone_forbids_the_reset_too() -> None:
    other = alert(alert_id="a2", subject="d2")
    elsewhere = replace(other, zone="hall")
    order = ask(Act.RESET, order_id="order-1")
    assert do(site(LATCHED, other, holder="order-1"), LATCHED, order) is Refusal.GAS_ABOVE_CLEAR_POINT
    assert isinstance(do(site(LATCHED, elsewhere, holder="order-1"), LATCHED, order), Alert)


def test_a_reset_ends_what_the_alert_wanted_of_the_valve() -> None:
    place = site(LATCHED, holder="order-1")
    signal = AlarmSignal("a1", "G02", NOW_MS)
    place.put_valve(on_close_due(Valve("v1"), signal, Moment(NOW_MS, "c1")).valve, None)
    assert place.valves["v1"].latched
    assert isinstance(do(place, LATCHED, ask(Act.RESET, order_id="order-1")), Alert)
    assert not place.valves["v1"].latched
    assert place.valves["v1"].want is None
    assert place.commands == []


def test_shelving_ends_by_itself() -> None:
    over = alert(suppressed=True, shelved_until_ms=NOW_MS)
    later = alert(alert_id="a2", subject="d2", suppressed=True, shelved_until_ms=NOW_MS + 1)
    place = site(over, later)
    (ended,) = shelving_ends(place, NOW_MS)
    assert (ended.alert_id, ended.suppressed, ended.shelved_until_ms) == ("a1", False, None)
    assert [(c.item.kind, c.item.actor) for c in place.changed if c.item] == [("unshelved", "timer")]
    assert place.alerts["a2"].suppressed
