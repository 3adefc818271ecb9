"""What holds of every order: the table of its states, any interleaving, one open response order a site."""

from typing import get_args

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from services.dispatch.domain import decisions
from services.dispatch.domain.lifecycle import TRANSITIONS, Action, move
from services.dispatch.domain.model import TERMINAL, Decision, Limits, Order, Outcome, State
from services.dispatch.ports import OpenOrderExistsError
from tests.unit.dispatch.world import PLACES, World, crew

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
