"""What a kill of dispatch leaves behind, and what goes on after it."""

from typing import Any

import asyncpg
import pytest

from shared.contracts import topic_names as names
from tests.component.dispatch.support import alert, until
from tests.component.dispatch.world import World

pytestmark = pytest.mark.engines


async def test_killed_in_the_middle_of_an_assignment_there_is_one_order(world: World) -> None:
    """Fault 7: held inside its transaction by a lock on the crews, killed, started again."""
    await world.crew()
    connection = await asyncpg.connect(world.database.services["dispatch"].worker)
    try:
        blocking = connection.transaction()
        await blocking.start()
        await connection.execute("SELECT FROM crew FOR UPDATE")
        await world.bus.alert(alert())

        async def waits() -> Any:
            return await connection.fetchval("SELECT count(*) FROM pg_locks WHERE NOT granted")

        await until(waits, what="dispatch waits inside its transaction")
        await world.service.kill()
        await blocking.rollback()
        assert await connection.fetchval("SELECT count(*) FROM orders") == 0
        again = world.another()
        try:
            await again.start()
            await until(lambda: connection.fetchval("SELECT count(*) FROM orders"))
            events = await world.bus.read(names.ORDER, lambda found: len(found) >= 2)
            assert [type_ for type_, _, _ in events] == ["cn.gas.order.opened.v1", "cn.gas.order.assigned.v1"]
            assert await connection.fetchval("SELECT count(*) FROM orders") == 1
            assert await connection.fetchval("SELECT crew_id FROM orders") == "c1"
            assert await again.stop() == 0
        finally:
            await again.kill()
    finally:
        await connection.close()


async def test_not_accepted_in_time_goes_to_the_next_crew_even_across_a_restart(world: World) -> None:
    await world.crew()
    await world.crew("c2", 104.5)
    await world.bus.alert(alert())
    await until(lambda: world.orders(crew_id="c1"))
    await world.service.kill()
    connection = await asyncpg.connect(world.database.services["dispatch"].worker)
    try:  # a minute passes
        await connection.execute(
            "UPDATE orders SET accept_by_ms = accept_by_ms - 60000, due_at_ms = due_at_ms - 60000"
        )
        again = world.another()
        try:
            await again.start()
            await until(lambda: connection.fetchval("SELECT true FROM orders WHERE crew_id = 'c2'"))
        finally:
            await again.kill()
    finally:
        await connection.close()
