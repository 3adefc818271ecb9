"""What alerts make of orders: opened, joined, raised, kept open while they last, opened again."""

from typing import Any

import pytest

from services.dispatch.domain.model import Outcome
from services.dispatch.domain.policy import Cause
from tests.unit.dispatch.world import PLACES, World, crew, on_site


def test_a_p1_alert_sends_the_nearest_crew_at_once() -> None:
    world = World(crew("far", 105.0), crew("near"))
    assert world.alert().outcome is Outcome.OPENED
    order = world.order()
    assert (order.state, order.crew_id, order.members) == ("assigned", "near", ("a", "b"))
    assert order.accept_by_ms == world.now + 60_000
    assert order.arrive_by_ms == world.now + 3_600_000
    assert world.said() == ["opened", "assigned"]


def test_a_p2_alert_waits_for_a_person_with_a_recommendation() -> None:
    world = World(crew("near"))
    world.alert(rule="G01", priority="P2")
    assert (world.order().state, world.order().crew_id) == ("open", None)
    assert world.said() == ["opened", "recommended"]


def test_a_further_alert_joins_and_a_higher_one_sends_the_crew() -> None:
    world = World(crew("near"))
    world.alert("a1", "G01", "P2")
    assert world.alert("a2", "G02", "P1").outcome is Outcome.RAISED
    order = world.order()
    assert (order.alert_ids, order.priority, order.state) == (("a1", "a2"), "P1", "assigned")
    assert world.alert("a3", "G01", "P2").outcome is Outcome.JOINED
    assert world.alert("a3", "G01", "P2").outcome is Outcome.ALREADY_SERVED
    assert len(world.store.orders) == 1


def test_the_text_begins_with_the_gravest_cause_and_keeps_what_was_said_before() -> None:
    world = World(crew("near"))
    world.alert("a1", "G01", "P2", zone="kitchen")
    world.alert("a2", "D08", "P2")
    world.alert("a3", "G02", "P1", zone="kitchen")
    world.alert("a4", "V01", "P1", zone="kitchen")
    world.alert("a5", "V01", "P1", zone="kitchen")
    world.alert("a6", "G01", "P2", zone="cellar")
    assert [line.split(" ")[0] for line in world.order().text.splitlines()] == ["G02", "G01", "D08", "V01"]


def test_the_same_message_again_changes_nothing() -> None:
    world = World(crew("near"))
    cause = Cause(cause_id="a1", rule="G02", priority="P1")
    world.run(world.use.on_cause(cause, PLACES["s1"], "m"))
    assert world.run(world.use.on_cause(cause, PLACES["s1"], "m")) is None
    assert world.said() == ["opened", "assigned"]


def test_a_cancelled_order_is_not_opened_again_by_the_same_alert() -> None:
    world = World(crew("near"))
    world.alert()
    world.alert(trigger="cleared", active=False)
    world.act("cancel")
    assert world.alert().outcome is Outcome.ALREADY_SERVED
    assert world.alert("a2").outcome is Outcome.OPENED


@pytest.mark.parametrize("cause", [{"rule": "G02"}, {"rule": "G06", "priority": "P2", "latched": True}])
def test_an_order_is_not_closed_in_silence_while_an_alert_lasts_that_needs_somebody(
    cause: dict[str, Any],
) -> None:
    world = World(crew("near"))
    world.alert(**cause)
    if world.order().state == "open":
        world.run(world.use.reassign(world.order(), "near", "d"))
    on_site(world)
    refused = world.act("close")
    assert (refused.outcome, refused.alert_ids) == (Outcome.ALERTS_ACTIVE, ("a1",))
    world.alert(**cause, trigger="reset", active=False)
    assert world.act("close").outcome is Outcome.DONE


def test_a_reason_closes_an_order_whose_alert_lasts() -> None:
    """A detector that is broken or burnt never says that the gas is gone."""
    world = World(crew("near"))
    world.alert()
    on_site(world)
    assert world.act("close", reason="detector burnt, replaced").outcome is Outcome.DONE


def test_a_p1_alert_is_not_left_without_anybody_by_cancelling() -> None:
    world = World(crew("near"))
    world.alert()
    assert world.act("cancel", reason="false alarm").outcome is Outcome.ALERTS_ACTIVE
    assert world.order().crew_id == "near"


def test_an_alert_of_another_site_or_of_less_weight_keeps_nobody() -> None:
    world = World(crew("near"), crew("far"))
    world.alert("a2", site="s2")
    world.alert("a1", rule="G01", priority="P2")
    assert world.act("cancel", "o2").outcome is Outcome.DONE


def test_gas_that_returns_after_its_order_closed_sends_somebody_again() -> None:
    world = World(crew("near"))
    world.alert(latched=True)
    assert world.alert(latched=True, again=True).outcome is Outcome.ALREADY_SERVED
    on_site(world)
    world.act("close", reason="nothing found")
    assert world.alert(latched=True).outcome is Outcome.ALREADY_SERVED
    assert world.alert(latched=True, again=True).outcome is Outcome.OPENED
    [order] = [one for one in world.store.orders.values() if one.is_open]
    assert (order.state, order.alert_ids) == ("assigned", ("a1",))
    assert world.alert(latched=True, again=True).outcome is Outcome.ALREADY_SERVED


def test_an_alert_that_returns_to_normal_does_not_close_its_order() -> None:
    world = World(crew("near"))
    world.alert()
    world.alert(trigger="cleared", active=False)
    assert world.order().state == "assigned"
