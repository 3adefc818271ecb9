"""What time alone makes due: deadlines of valve loops and the ends of shelvings.

Deadlines are columns, compared with the database's clock. A due site is locked like by any other decision
and what is due is asked for again under that lock, so that two instances (or a timer and a message) never
do it twice; one that another instance works on is passed over.
"""

import asyncio

from services.alerting.domain import acts, loops
from services.alerting.domain.site import SiteState
from services.alerting.domain.valve import next_deadline_ms
from services.alerting.domain.valve_loop import on_timer
from services.alerting.entrypoints.deps import ActingUnit, Deps
from services.alerting.ports import Unavailable
from shared.chassis.database import CONNECT_LIMIT_S, Pool
from shared.chassis.health import Health
from shared.chassis.ids import uuid7
from shared.chassis.logs import get_logger
from shared.chassis.metrics import Counter, Histogram
from shared.chassis.outbox import LOST

LOOK_S_MAX = 1.0
LOOK_S_MIN = 0.02
RETRY_S = 1.0
SITES_MAX = 50

RUN = Counter("gas_alerting_timer_sites_total", "Sites at which a timer was due")
LATE = Histogram(
    "gas_alerting_timer_late_seconds",
    "How late a valve's deadline was looked at",
    buckets=(0.01, 0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10),
)

_DUE = """
SELECT site_id, extract(epoch FROM clock_timestamp() - min(due))::float8 AS late_s FROM (
  SELECT site_id, next_deadline AS due FROM valve WHERE next_deadline <= clock_timestamp()
  UNION ALL
  SELECT site_id, to_timestamp(shelved_until_ms / 1000.0) FROM alert
  WHERE shelved_until_ms <= extract(epoch FROM clock_timestamp()) * 1000 AND is_open
) AS found GROUP BY site_id ORDER BY min(due) LIMIT $1
"""
# One that somebody else has locked is passed over: its owner does what is due, or the next look does.
_CLAIM = "SELECT site_id FROM site WHERE site_id = ANY($1::text[]) ORDER BY site_id FOR UPDATE SKIP LOCKED"
_WAIT_S = """
SELECT extract(epoch FROM min(next_deadline) - clock_timestamp())::float8 FROM valve
WHERE next_deadline IS NOT NULL
"""


class Timers:
    """Runs in every instance; `wake` when a commit in this process may have set a nearer deadline."""

    def __init__(self, pool: Pool, deps: Deps, *, health: Health) -> None:
        self._pool = pool
        self._deps = deps
        self._health = health
        self._woken = asyncio.Event()

    def wake(self) -> None:
        """Look at once."""
        self._woken.set()

    async def run(self) -> None:
        """Do what is due until cancelled; without the database wait for it."""
        while True:
            try:
                wait_s = await self.once()
                self._health.set("timers", ok=True)
            except (Unavailable, *LOST) as error:
                self._health.set("timers", ok=False, detail=type(error).__name__)
                get_logger().warning("timers wait for the database", error=str(error))
                wait_s = RETRY_S
            try:
                async with asyncio.timeout(wait_s):
                    await self._woken.wait()
            except TimeoutError:
                continue
            finally:
                self._woken.clear()

    async def once(self) -> float:
        """Do what is due now; return how many seconds to wait before looking again."""
        async with self._pool.acquire(timeout=CONNECT_LIMIT_S) as connection:
            due = await connection.fetch(_DUE, SITES_MAX)
            for row in due:
                LATE.observe(max(0.0, row["late_s"]))
        if due:
            await self._sites([row["site_id"] for row in due])
        async with self._pool.acquire(timeout=CONNECT_LIMIT_S) as connection:
            wait_s = await connection.fetchval(_WAIT_S)
        return LOOK_S_MAX if wait_s is None else min(LOOK_S_MAX, max(LOOK_S_MIN, wait_s))

    async def _sites(self, site_ids: list[str]) -> None:
        async with self._deps.unit() as unit:
            mine = {row["site_id"] for row in await unit.connection.fetch(_CLAIM, site_ids)}
            facts = [self._deps.registry.facts(site_id) for site_id in mine]
            await self._retire(unit, [site.site_id for site in facts if not site.valves])
            states = await unit.load(facts)
            for state in states.values():
                run(state, unit.now_ms)
                RUN.inc()
            await unit.save(list(states.values()))
        self._deps.woken()

    async def _retire(self, unit: ActingUnit, site_ids: list[str]) -> None:
        """Stop the clocks of sites that the registry no longer knows a valve of: nobody else would."""
        if site_ids:
            await unit.connection.execute(
                "UPDATE valve SET next_deadline = NULL WHERE site_id = ANY($1::text[])", site_ids
            )


def run(state: SiteState, now_ms: int) -> None:
    """Take, in place of `state`, every step that time alone makes due."""
    for valve_id, valve in list(state.valves.items()):
        due_ms = next_deadline_ms(valve)
        if due_ms is not None and due_ms <= now_ms:
            step = on_timer(valve, loops.moment(state, valve_id, now_ms, uuid7))
            loops.apply(state, step, now_ms, uuid7)
            # Also when nothing came of it (a renewal held back): its deadline is used up.
            state.put_valve(state.valves[valve_id], step.deadline_ms)
    acts.shelving_ends(state, now_ms)
