"""One suite for both stores: what a simulation finds true in memory holds in PostgreSQL."""

import asyncio
import itertools
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from typing import Protocol

import asyncpg
import pytest

from services.dispatch.adapters.memory import MemoryOrders
from services.dispatch.adapters.postgres import PostgresOrders
from services.dispatch.domain.model import Crew, Decision, Item, Limits, Order, Outcome, Place, Situation
from services.dispatch.domain.policy import Cause
from services.dispatch.domain.steps import Step
from services.dispatch.handlers.use_cases import Dispatching
from services.dispatch.ports import OpenOrderExistsError, OrderStore
from shared.chassis.database import Pool, open_pool
from tests.conftest import DatabaseFactory

SITE = Place(site_id="s1", operator_id="op1", area_code="530602", longitude=103.7, latitude=27.3)
LIMITS = Limits(accept_s=0, retry_s=0)  # every deadline has passed at once: no test waits


class Bench(Protocol):
    """A store, and what a test may know of it."""

    store: OrderStore

    async def add_crew(self, crew: Crew) -> None: ...

    async def orders(self) -> list[tuple[str, str, str | None]]: ...

    async def counts(self) -> tuple[int, int, int]: ...


class MemoryBench:
    def __init__(self) -> None:
        self.memory = MemoryOrders(lambda: 1_000_000)
        self.store: OrderStore = self.memory

    async def add_crew(self, crew: Crew) -> None:
        self.memory.crews.setdefault("op1", []).append(crew)

    async def orders(self) -> list[tuple[str, str, str | None]]:
        return sorted((o.order_id, o.state, o.crew_id) for o in self.memory.orders.values())

    async def counts(self) -> tuple[int, int, int]:
        return len(self.memory.items), len(self.memory.events), len(self.memory.steps)


class PostgresBench:
    def __init__(self, pool: Pool) -> None:
        self.pool = pool
        self.store: OrderStore = PostgresOrders(pool)

    async def add_crew(self, crew: Crew) -> None:
        await self.pool.execute(
            "INSERT INTO crew (crew_id, operator_id, area_code, name, lead, members, skills,"
            " longitude, latitude) VALUES ($1, 'op1', '530602', $1, $2, $3, $4, $5, $6)",
            crew.crew_id,
            crew.lead,
            list(crew.members),
            list(crew.skills),
            crew.longitude,
            crew.latitude,
        )
        await self.pool.execute(
            "INSERT INTO shift (shift_id, crew_id, operator_id, area_code, from_ms, to_ms, on_duty)"
            " VALUES ($1, $1, 'op1', '530602', 0, 9000000000000, $2)",
            crew.crew_id,
            crew.on_shift,
        )

    async def orders(self) -> list[tuple[str, str, str | None]]:
        return [
            tuple(row)
            for row in await self.pool.fetch("SELECT order_id, state, crew_id FROM orders ORDER BY 1")
        ]

    async def counts(self) -> tuple[int, int, int]:
        tables = ("order_item", "outbox", "order_step")
        found = [await self.pool.fetchval(f"SELECT count(*) FROM {table}") for table in tables]
        return found[0], found[1], found[2]


@pytest.fixture(params=["memory", "postgres"])
async def bench(request: pytest.FixtureRequest, database: DatabaseFactory) -> AsyncIterator[Bench]:
    if request.param == "memory":
        yield MemoryBench()
        return
    dsns = (await database("dispatch")).services["dispatch"]
    pool = await open_pool(dsns.worker, application_name="test", max_size=8)
    try:
        yield PostgresBench(pool)
    finally:
        await pool.close()


def use(bench: Bench) -> Dispatching:
    ids = itertools.count(1)
    return Dispatching(bench.store, {"s1": SITE}, LIMITS, lambda: f"o{next(ids)}")


CREW = Crew(
    crew_id="c1",
    lead="a",
    members=("a", "b"),
    skills=frozenset({"leak"}),
    longitude=103.7,
    latitude=27.3,
    on_shift=True,
)
LEAK = Cause(cause_id="a1", rule="G02", priority="P1")


async def test_an_alert_becomes_an_assigned_order_with_its_events(bench: Bench) -> None:
    await bench.add_crew(CREW)
    decision = await use(bench).on_cause(LEAK, SITE, "m1")
    assert decision is not None
    assert decision.outcome is Outcome.OPENED
    assert await bench.orders() == [("o1", "assigned", "c1")]
    assert await bench.counts() == (2, 2, 0)


async def test_a_message_counts_once(bench: Bench) -> None:
    await use(bench).on_cause(LEAK, SITE, "m1")
    assert await use(bench).on_cause(LEAK, SITE, "m1") is None
    assert len(await bench.orders()) == 1


@pytest.mark.parametrize("crews", [0, 1])
async def test_fifty_alerts_at_once_make_one_order(bench: Bench, crews: int) -> None:
    """Without a crew nothing but the lock of the site keeps them apart."""
    if crews:
        await bench.add_crew(CREW)
    dispatching = use(bench)
    await asyncio.gather(
        *(dispatching.on_cause(replace(LEAK, cause_id=f"a{n}"), SITE, f"m{n}") for n in range(50))
    )
    orders = await bench.orders()
    assert len(orders) == 1
    assert orders[0][1] == ("assigned" if crews else "open")


async def test_nothing_is_stored_when_the_decision_fails(bench: Bench) -> None:
    def fail(_situation: Situation) -> Decision:
        raise RuntimeError("crash")

    with pytest.raises(RuntimeError, match="crash"):
        await bench.store.change(SITE, fail, message_id="m1")
    assert await use(bench).on_cause(LEAK, SITE, "m1") is not None


def blind(order_id: str, site_id: str = "s1", crew_id: str | None = None) -> Callable[[Situation], Decision]:
    """Decide without looking, as a broken decision would."""

    def decide(situation: Situation) -> Decision:
        now = situation.now_ms
        order = Order(
            order_id=order_id,
            site_id=site_id,
            crew_id=crew_id,
            operator_id="op1",
            area_code="530602",
            kind="response",
            priority="P1",
            text="x",
            opened_at_ms=now,
            updated_at_ms=now,
        )
        item = Item(order_id=order_id, at_ms=now, kind="opened")
        return Decision(outcome=Outcome.OPENED, orders=(order,), items=(item,))

    return decide


async def test_the_store_itself_refuses_a_second_open_response_order(bench: Bench) -> None:
    await bench.store.change(SITE, blind("o1"))
    with pytest.raises(OpenOrderExistsError):
        await bench.store.change(SITE, blind("o2"), message_id="m")
    assert [row[0] for row in await bench.orders()] == ["o1"]
    assert (await bench.counts())[:2] == (1, 1)


async def test_a_decision_sees_open_orders_the_one_asked_for_and_what_was_served(bench: Bench) -> None:
    dispatching = use(bench)
    await dispatching.on_cause(LEAK, SITE, "m1")
    seen: list[Situation] = []

    def look(situation: Situation) -> Decision:
        seen.append(situation)
        return Decision(outcome=Outcome.NOTHING_DUE)

    await bench.store.change(SITE, look)
    refused = await dispatching.act(seen[0].orders[0], "cancel", "d")
    assert refused is not None
    assert refused.outcome is Outcome.ALERTS_ACTIVE
    assert seen[0].binding == {"a1"}
    await dispatching.on_cause(replace(LEAK, trigger="cleared", active=False), SITE, "m2")
    await dispatching.act(seen[0].orders[0], "cancel", "d")
    await bench.store.change(SITE, look)
    await bench.store.change(SITE, look, order_id="o1")
    assert [len(situation.orders) for situation in seen] == [1, 0, 1]
    assert all(situation.served == {"a1"} for situation in seen)


async def test_deadlines_that_passed_are_found_and_acted_on_once(bench: Bench) -> None:
    dispatching = use(bench)
    await dispatching.on_cause(LEAK, SITE, "m1")  # nobody there: look again at once
    await bench.add_crew(CREW)
    assert [place.site_id for place in await bench.store.places_due(10)] == ["s1"]
    await asyncio.gather(*(dispatching.ring() for _ in range(5)))
    items, events, _ = await bench.counts()
    assert items == events
    assert len(await bench.orders()) == 1


async def test_an_order_without_a_crew_is_due_again_when_somebody_is_free(bench: Bench) -> None:
    """Thousands may wait in a flood; looking at each in vain takes the time of those that can be helped."""
    dispatching = use(bench)
    await dispatching.on_cause(LEAK, SITE, "m1")
    assert await bench.store.places_due(10) == []
    await bench.add_crew(replace(CREW, crew_id="off", on_shift=False))
    await bench.add_crew(replace(CREW, crew_id="alone", members=("a",)))
    assert await bench.store.places_due(10) == []
    await bench.add_crew(CREW)
    assert [place.site_id for place in await bench.store.places_due(10)] == ["s1"]
    await bench.store.change(replace(SITE, site_id="s2"), blind("o2", "s2", crew_id="c1"))
    assert await bench.store.places_due(10) == []


async def test_a_missed_arrival_is_said_though_nobody_is_free(bench: Bench) -> None:
    dispatching = replace(use(bench), limits=replace(LIMITS, arrive_s={"": 0}))
    await dispatching.on_cause(LEAK, SITE, "m1")
    assert await dispatching.ring() == 1
    assert (await bench.counts())[0] == 3  # opened, nobody there, late
    assert await dispatching.ring() == 0


async def test_a_step_is_kept_unless_there_is_no_such_order(bench: Bench) -> None:
    dispatching = use(bench)
    await bench.add_crew(CREW)
    decision = await dispatching.on_cause(LEAK, SITE, "m1")
    assert decision is not None
    assert decision.order is not None
    order = decision.order
    step = Step(
        step_id="x1", order_id=order.order_id, step="located", person="a", crew_id="c1", device_time_ms=5
    )
    await dispatching.report(order, step)
    lost = replace(step, step_id="x2", order_id="nowhere")
    await dispatching.report(replace(order, order_id="nowhere"), lost)
    assert (await bench.counts())[2] == 1


async def test_an_order_stays_its_operators_when_the_site_changes_hands(bench: Bench) -> None:
    """Another operator's crew could not even see it."""
    dispatching = use(bench)
    await dispatching.on_cause(LEAK, SITE, "m1")
    sold = replace(dispatching, places={"s1": replace(SITE, operator_id="op2")})
    await bench.add_crew(CREW)
    await sold.on_time(SITE)
    assert await bench.orders() == [("o1", "assigned", "c1")]


async def test_crews_carry_their_load(bench: Bench) -> None:
    await bench.add_crew(CREW)
    await bench.add_crew(replace(CREW, crew_id="c2", on_shift=False))
    await use(bench).on_cause(LEAK, SITE, "m1")
    seen: list[Crew] = []

    def look(situation: Situation) -> Decision:
        seen.extend(situation.crews)
        return Decision(outcome=Outcome.NOTHING_DUE)

    await bench.store.change(SITE, look)
    assert sorted((crew.crew_id, crew.load, crew.on_shift) for crew in seen) == [
        ("c1", 1, True),
        ("c2", 0, False),
    ]


async def test_steps_and_items_cannot_be_changed(database: DatabaseFactory) -> None:
    dsns = (await database("dispatch")).services["dispatch"]
    for dsn in (dsns.worker, dsns.api):
        connection = await asyncpg.connect(dsn)
        try:
            for table in ("order_step", "order_item"):
                for statement in (f"DELETE FROM {table}", f"UPDATE {table} SET step = 'x'"):
                    with pytest.raises(asyncpg.InsufficientPrivilegeError):
                        await connection.execute(statement)
        finally:
            await connection.close()
