"""What is overdue: the list's filter says what the domain says, for every order there can be."""

import itertools
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace

import pytest

from services.dispatch.adapters import queries
from services.dispatch.adapters.rows import UPSERT, row_of
from services.dispatch.domain.model import TERMINAL, Order, State
from shared.chassis.database import Pool, open_pool
from tests.conftest import DatabaseFactory

ACCEPT_MS = 60_000
HOUR = 3_600_000
STATES: tuple[State, ...] = ("open", "assigned", "accepted", "en_route", "on_site", "closed", "cancelled")


@pytest.fixture
async def pool(database: DatabaseFactory) -> AsyncIterator[Pool]:
    dsns = (await database("dispatch")).services["dispatch"]
    pool = await open_pool(dsns.worker, application_name="test")
    try:
        yield pool
    finally:
        await pool.close()


def every_order(now: int) -> Iterator[Order]:
    past, ahead = now - HOUR, now + HOUR
    for number, (state, opened, arrive_by, accept_by, tried, waiting) in enumerate(
        itertools.product(
            STATES, (past, now), (None, past, ahead), (None, past, ahead), ((), ("c1",)), (False, True)
        )
    ):
        order = Order(
            order_id=f"o{number:04}",
            site_id=f"s{number}",
            operator_id="op1",
            area_code="530602",
            kind="repair",
            priority="P1",
            text="x",
            opened_at_ms=opened,
            updated_at_ms=opened,
            state=state,
            arrive_by_ms=arrive_by,
            accept_by_ms=accept_by,
        )
        yield replace(order, tried=tried, waiting=waiting)


async def test_the_filter_says_what_the_domain_says(pool: Pool) -> None:
    now = int(time.time() * 1000)
    orders = list(every_order(now))
    async with pool.acquire() as connection:
        await connection.executemany(UPSERT, [row_of(order) for order in orders])
        for whether in (True, False):
            found = await queries.orders(connection, {"overdue": (whether, ACCEPT_MS)}, None, 1000)
            expected = {order.order_id for order in orders if order.overdue(now, ACCEPT_MS) is whether}
            assert {order.order_id for order in found} == expected
            assert expected
        all_ = await queries.orders(connection, {"overdue": None}, None, 1000)
        assert len(all_) == len(orders)
        late = await queries.orders(
            connection, {"overdue": (True, ACCEPT_MS), "state": "assigned"}, None, 1000
        )
        assert {order.state for order in late} == {"assigned"}


def test_an_order_that_ended_or_whose_crew_is_there_is_not_overdue() -> None:
    now = 10 * HOUR
    for order in every_order(now):
        if order.state in {"on_site", *TERMINAL}:
            assert not order.overdue(now, ACCEPT_MS)
        elif order.arrive_by_ms is not None and order.arrive_by_ms < now:
            assert order.overdue(now, ACCEPT_MS)
