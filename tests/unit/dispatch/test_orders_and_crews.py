"""Who goes and what they report: limits, the next crew, the hold on the site, steps."""

from services.dispatch.domain.model import Crew, Outcome
from services.dispatch.domain.steps import Step, merged
from tests.unit.dispatch.world import World, crew, on_site


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
