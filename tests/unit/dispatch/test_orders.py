"""The life of an order, decision by decision, and any interleaving of everything at once."""

import itertools
from typing import Any, get_args

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from services.dispatch.adapters.memory import MemoryOrders
from services.dispatch.domain import decisions
from services.dispatch.domain.lifecycle import TRANSITIONS, Action, move
from services.dispatch.domain.model import TERMINAL, Crew, Decision, Limits, Order, Outcome, Place, State
from services.dispatch.domain.policy import Cause
from services.dispatch.domain.steps import Step, merged
from services.dispatch.handlers.use_cases import Dispatching
from services.dispatch.ports import OpenOrderExistsError

PLACES = {
    name: Place(site_id=name, operator_id="op1", area_code="530602", longitude=103.7, latitude=27.3)
    for name in ("s1", "s2")
}


def crew(crew_id: str, longitude: float = 103.7) -> Crew:
    return Crew(
        crew_id=crew_id,
        members=("a", "b"),
        lead="a",
        skills=frozenset({"leak"}),
        longitude=longitude,
        latitude=27.3,
        on_shift=True,
    )


class World:
    """Dispatching over the store in memory, with a clock of its own."""

    def __init__(self, *crews: Crew) -> None:
        self.now = 1_000_000
        self.store = MemoryOrders(lambda: self.now)
        self.store.crews["op1"] = list(crews)
        ids = itertools.count(1)
        self.use = Dispatching(self.store, PLACES, Limits(), lambda: f"o{next(ids)}")
        self.messages = itertools.count(1)

    def run(self, work: Any) -> Any:
        """Drive a coroutine that never waits."""
        try:
            work.send(None)
        except StopIteration as done:
            return done.value
        raise AssertionError("the store in memory must not wait")

    def alert(
        self, alert_id: str = "a1", rule: str = "G02", priority: str = "P1", site: str = "s1", **more: Any
    ) -> Decision:
        cause = Cause(cause_id=alert_id, rule=rule, priority=priority, **more)  # type: ignore[arg-type]
        found: Decision = self.run(self.use.on_cause(cause, PLACES[site], f"m{next(self.messages)}"))
        return found

    def act(self, action: Action, order_id: str = "o1", reason: str | None = None) -> Decision:
        found: Decision = self.run(self.use.act(self.store.orders[order_id], action, "a", reason=reason))
        return found

    def wait(self, seconds: float) -> None:
        self.now += round(seconds * 1000)
        self.run(self.use.ring())

    def order(self, order_id: str = "o1") -> Order:
        return self.store.orders[order_id]

    def said(self) -> list[str]:
        return [item.kind for item in self.store.items]


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


def on_site(world: World, order_id: str = "o1") -> None:
    for action in ("accept", "depart", "arrive"):
        assert world.act(action, order_id).outcome is Outcome.DONE


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


def test_not_accepted_in_60_s_goes_to_the_next_crew() -> None:
    world = World(crew("near"), crew("far", 105.0))
    world.alert()
    world.wait(59.9)
    assert world.order().crew_id == "near"
    world.wait(0.1)
    order = world.order()
    assert (order.crew_id, order.state, order.crews_before) == ("far", "assigned", ("near",))
    assert world.said()[-1] == "reassigned"
    assert [item.former_crew_id for item in world.store.items] == [None, None, "near"]


def test_when_nobody_accepts_it_is_said_once_and_the_round_begins_again() -> None:
    world = World(crew("near"), crew("far", 105.0))
    world.alert()
    world.wait(60)
    world.wait(60)
    assert (world.order().state, world.order().crew_id) == ("open", None)
    assert world.said()[-1] == "escalated"
    world.wait(15)
    assert (world.order().state, world.order().crew_id) == ("assigned", "near")


def test_without_any_crew_it_is_said_once_until_one_is_free() -> None:
    world = World()
    world.alert()
    for _ in range(10):
        world.wait(15)
    assert world.said() == ["opened", "escalated"]
    world.store.crews["op1"] = [crew("near")]
    world.wait(15)
    assert world.order().crew_id == "near"


def test_cancelling_frees_the_crew() -> None:
    world = World(crew("near"))
    world.alert("a1", site="s1")
    world.alert("a2", site="s2")
    assert world.order("o2").crew_id is None
    world.alert("a1", site="s1", trigger="cleared", active=False)
    world.act("cancel", "o1")
    world.wait(15)
    assert world.order("o2").crew_id == "near"


def test_arrival_holds_the_site_until_it_is_closed() -> None:
    world = World(crew("near"))
    world.alert()
    world.alert(trigger="reset", active=False)
    held = []
    for action in ("accept", "depart", "arrive", "close"):
        assert world.act(action).outcome is Outcome.DONE
        held.append(world.order().holds_site)
    assert held == [False, False, True, False]
    assert world.act("accept").outcome is Outcome.STATE_FORBIDS


def test_an_alert_that_returns_to_normal_does_not_close_its_order() -> None:
    world = World(crew("near"))
    world.alert()
    world.alert(trigger="cleared", active=False)
    assert world.order().state == "assigned"


def test_a_crew_on_site_is_neither_sent_away_nor_cancelled() -> None:
    world = World(crew("near"), crew("far", 105.0))
    world.alert()
    for action in ("accept", "depart", "arrive"):
        world.act(action)
    assert world.act("cancel").outcome is Outcome.STATE_FORBIDS
    found = world.run(world.use.reassign(world.order(), "far", "d"))
    assert found.outcome is Outcome.STATE_FORBIDS
    assert (world.order().crew_id, world.order().holds_site) == ("near", True)


def test_who_had_an_order_is_named_when_a_person_gives_it_to_another_crew() -> None:
    world = World(crew("near"), crew("far", 105.0))
    world.alert()
    for to, former in (("far", "near"), ("near", "far")):
        assert world.run(world.use.reassign(world.order(), to, "d")).outcome is Outcome.DONE
        assert world.store.items[-1].former_crew_id == former


def test_a_late_arrival_is_said_once() -> None:
    world = World(crew("near"))
    world.alert()
    world.act("accept")
    world.wait(3600)
    world.wait(3600)
    assert world.said().count("escalated") == 1


def test_a_person_may_send_a_busy_crew_but_never_one_person() -> None:
    world = World(crew("near"), crew("lonely"))
    world.store.crews["op1"][1] = Crew(crew_id="lonely", members=("a",), on_shift=True)
    world.alert("a1", site="s1")
    world.alert("a2", site="s2")
    assert world.run(world.use.reassign(world.order("o2"), "lonely", "d")).outcome is Outcome.NO_CREW
    assert world.run(world.use.reassign(world.order("o2"), "near", "d")).outcome is Outcome.DONE
    assert world.order("o2").crew_id == "near"


def test_a_step_of_a_phone_that_was_offline_is_kept_even_after_closing() -> None:
    world = World(crew("near"))
    world.alert()
    on_site(world)
    world.act("close", reason="done")
    step = Step(step_id="x", order_id="o1", step="located", person="a", crew_id="near", device_time_ms=5)
    assert world.run(world.use.report(world.order(), step)).outcome is Outcome.LATE_STEP
    kept = world.store.steps[0]
    assert (kept.device_time_ms, kept.received_at_ms) == (5, world.now)


def test_steps_are_merged_by_the_phones_clock() -> None:
    def step(name: str, device: int, received: int) -> Step:
        return Step(
            step_id=name,
            order_id="o",
            step=name,
            person="a",
            crew_id="c",
            device_time_ms=device,
            received_at_ms=received,
        )

    late = step("cordoned", 10, 99)
    assert [one.step for one in merged([step("located", 20, 30), late])] == ["cordoned", "located"]


STATES: tuple[State, ...] = get_args(State)
ACTIONS: tuple[Action, ...] = get_args(Action)


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("action", ACTIONS)
def test_the_table_is_all_there_is(state: State, action: Action) -> None:
    order = Order(
        order_id="o",
        site_id="s",
        operator_id="p",
        area_code="5",
        kind="response",
        priority="P1",
        text="",
        opened_at_ms=0,
        updated_at_ms=0,
        state=state,
    )
    moved = move(order, action, 1)
    assert (moved is None) == ((state, action) not in TRANSITIONS)
    assert state not in TERMINAL or moved is None


class Anything(RuleBasedStateMachine):
    """Alerts, crews, people and timers in any order: never two open response orders at one site."""

    def __init__(self) -> None:
        super().__init__()
        self.world = World(crew("c1"), crew("c2", 104.0), crew("c3", 105.0))

    @rule(
        alert=st.sampled_from([f"a{n}" for n in range(6)]),
        rule_id=st.sampled_from(["G01", "G02", "G04", "V03", "D02", "D03", "S02"]),
        priority=st.sampled_from(["P1", "P2", "P3"]),
        site=st.sampled_from(["s1", "s2"]),
        trigger=st.sampled_from(["raised", "escalated", "cleared", "repeated"]),
        again=st.booleans(),
    )
    def alerts(self, alert: str, rule_id: str, priority: str, site: str, trigger: str, again: bool) -> None:
        active = trigger != "cleared"
        self.world.alert(alert, rule_id, priority, site, trigger=trigger, active=active, again=again)

    @precondition(lambda self: self.world.store.orders)
    @rule(
        data=st.data(),
        action=st.sampled_from(["accept", "depart", "arrive", "close", "cancel"]),
        reason=st.sampled_from([None, "burnt"]),
    )
    def people_act(self, data: st.DataObject, action: Action, reason: str | None) -> None:
        order_id = data.draw(st.sampled_from(sorted(self.world.store.orders)))
        self.world.act(action, order_id, reason)

    @precondition(lambda self: self.world.store.orders)
    @rule(data=st.data(), to=st.sampled_from([None, "c1", "c2", "nobody"]))
    def reassigned(self, data: st.DataObject, to: str | None) -> None:
        order = self.world.order(data.draw(st.sampled_from(sorted(self.world.store.orders))))
        self.world.run(self.world.use.reassign(order, to, "d"))

    @rule(seconds=st.sampled_from([1, 15, 60, 3600]))
    def time_passes(self, seconds: int) -> None:
        self.world.wait(seconds)

    @invariant()
    def one_open_response_order_a_site(self) -> None:
        found = [o.site_id for o in self.world.store.orders.values() if o.kind == "response" and o.is_open]
        assert len(found) == len(set(found))

    @invariant()
    def what_is_true_of_every_order(self) -> None:
        for order in self.world.store.orders.values():
            assert order.holds_site == (order.state == "on_site")
            assert (order.crew_id is None) <= (order.state in {"open", "cancelled"})
            assert order.state != "assigned" or order.kind != "response" or order.accept_by_ms is not None
            assert order.is_open or order.due_ms is None
            if order.state == "open" and order.kind == "response" and order.priority == "P1":
                assert order.due_ms is not None, "a P1 order nobody will look at again"

    @invariant()
    def events_tell_every_change_in_order(self) -> None:
        last: dict[str, int] = {}
        for order, _ in self.world.store.events:
            assert order.revision >= last.get(order.order_id, 0)
            last[order.order_id] = order.revision


TestAnything = Anything.TestCase
TestAnything.settings = settings(max_examples=60, stateful_step_count=40)


def test_a_second_open_response_order_would_be_caught() -> None:
    """The guard of last resort is fed something bad."""
    world = World(crew("c1"))
    world.alert()
    second = Order(**{**{name: getattr(world.order(), name) for name in Order.__slots__}, "order_id": "o9"})
    with pytest.raises(OpenOrderExistsError):
        world.run(
            world.store.change(PLACES["s1"], lambda _: Decision(outcome=Outcome.OPENED, orders=(second,)))
        )
    assert decisions.open_order(
        world.store.situation(PLACES["s1"]), second, PLACES["s1"], Limits(), actor="d"
    ).outcome is (Outcome.SITE_HAS_OPEN_ORDER)
