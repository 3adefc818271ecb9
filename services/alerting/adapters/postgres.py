"""The store in PostgreSQL: what is decided is written in one transaction with the offset it was decided at.

A pass over all partitions is one transaction of about six round trips, however many sites it touches.
"""

from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager

from services.alerting.adapters import rows, valve_store
from services.alerting.adapters.valve_store import Place, Signer
from services.alerting.domain.setpoints import SetPoint
from services.alerting.domain.site import Change, SiteFacts, SiteState
from services.alerting.ports import Advance, Claim, Fenced, Unavailable
from shared.chassis import outbox
from shared.chassis.database import AWAY, Connection, Pool, transaction
from shared.chassis.inbox import first_time

_CLAIM = """
INSERT INTO partition AS p (partition, owner_epoch) VALUES ($1, 1)
ON CONFLICT (partition) DO UPDATE SET owner_epoch = p.owner_epoch + 1
RETURNING "offset", owner_epoch, snapshot, snapshot_offset
"""
# Offsets and the clock in one round trip.
_ADVANCE = """
WITH moved AS (
  UPDATE partition AS p SET "offset" = a.new_offset
  FROM unnest($1::int[], $2::bigint[], $3::bigint[], $4::bigint[]) AS a (partition, epoch, was, new_offset)
  WHERE p.partition = a.partition AND p.owner_epoch = a.epoch AND p."offset" = a.was
  RETURNING 1
)
SELECT (SELECT count(*) FROM moved) AS moved, (extract(epoch FROM clock_timestamp()) * 1000)::bigint AS now_ms
"""
_SNAPSHOT = """
UPDATE partition SET snapshot = $4, snapshot_offset = $3, snapshot_at = clock_timestamp()
WHERE partition = $1 AND owner_epoch = $2 AND snapshot_offset <= $3 AND "offset" >= $3
"""
_LOAD = "SELECT * FROM locked_sites($1)"
# As text: whoever names an alert may name something else.
_UNLINKED = """
SELECT alert_id::text FROM alert WHERE alert_id::text = ANY($1) AND site_id = $2 AND is_open
  AND order_id IS DISTINCT FROM $3
"""
_NAMED = "SELECT * FROM alert WHERE alert_id::text = ANY($1) AND site_id = ANY($2) AND is_open"
_COLUMNS = ", ".join(rows.COLUMNS)
_SAVE = f"""
INSERT INTO alert ({_COLUMNS}) SELECT {_COLUMNS} FROM jsonb_populate_recordset(NULL::alert, $1::jsonb)
ON CONFLICT (alert_id) DO UPDATE SET
  {", ".join(f"{name} = EXCLUDED.{name}" for name in rows.COLUMNS if name != "alert_id")}
"""  # noqa: S608 - the names are the dataclass's own
_SAVE_WITH_TIMELINE = f"""
WITH saved AS ({_SAVE})
INSERT INTO timeline (alert_id, operator_id, area_code, at_ms, kind, actor, command_id, reason)
SELECT * FROM unnest($2::uuid[], $3::text[], $4::text[], $5::bigint[], $6::text[], $7::text[], $8::text[],
  $9::text[])
"""  # noqa: S608 - the statement above
_HOLD = """
INSERT INTO site (site_id, holder_order_id, held_since_ms, holder_crew_id) VALUES ($1, $2, $3, $4)
ON CONFLICT (site_id) DO UPDATE SET holder_order_id = $2, held_since_ms = $3, holder_crew_id = $4
"""
_QUARANTINED = "SELECT device_ids[1] FROM alert WHERE active AND rule = 'S02' AND reason = 'quarantined'"
_SET_POINTS = """
SELECT key, value, unit, on_ms, off_ms, deadband, priority, standard, clause, verified, latched, scope,
  version, effective_from_ms, effective_to_ms FROM set_point
"""


@contextmanager
def passing() -> Iterator[None]:
    """Turn what may pass into Unavailable; everything else is a fault and stays one."""
    try:
        yield
    except AWAY as error:
        raise Unavailable(f"{type(error).__name__}: {error}") from error


class PostgresUnit:
    """One transaction."""

    def __init__(self, connection: Connection, signer: Signer) -> None:
        self.connection = connection
        self.now_ms = 0
        self._signer = signer

    async def begin(self, advances: Sequence[Advance]) -> None:
        """Read the database's clock; compare and set the offsets, or raise Fenced."""
        ordered = sorted(advances, key=lambda a: a.partition)
        row = await self.connection.fetchrow(
            _ADVANCE,
            [a.partition for a in ordered],
            [a.owner_epoch for a in ordered],
            [a.offset for a in ordered],
            [a.new_offset for a in ordered],
        )
        if row is None or row["moved"] != len(ordered):
            raise Fenced(f"one of the partitions {[a.partition for a in ordered]} has another owner")
        self.now_ms = row["now_ms"]

    async def load(self, facts: Sequence[SiteFacts], named: Iterable[str] = ()) -> dict[str, SiteState]:
        """Lock the sites in the order of their ids; return what is open there and counts."""
        states = {f.site_id: SiteState(f) for f in sorted(facts, key=lambda f: f.site_id)}
        for row in await self.connection.fetch(_LOAD, list(states)):
            state = states[row["id"]]
            state.holder_order_id = row["holder"]
            alerts = [rows.from_row(alert) for alert in row["alerts"]]
            state.alerts = {alert.alert_id: alert for alert in alerts}
            state.alarmed = frozenset(row["alarmed"])
            if state.facts.valves:
                state.valves = valve_store.from_states(row["valves"])
            self.now_ms = row["now_ms"]
        missing = {*named, *(name for state in states.values() for name in state.alerts_of_loops)}
        missing -= {name for state in states.values() for name in state.alerts}
        if missing:
            for row in await self.connection.fetch(_NAMED, sorted(missing), list(states)):
                alert = rows.from_row(row)
                states[alert.site_id].alerts[alert.alert_id] = alert
        return states

    async def save(self, states: Sequence[SiteState]) -> None:
        """Write what changed, its timeline, and the events and commands that follow from it."""
        changes = [change for state in states for change in state.changed]
        lines = [change for change in changes if change.item is not None]
        if changes:
            await self._alerts(changes, lines)
        messages = [rows.message(change) for change in lines]
        messages += await self._valves(states)
        await outbox.put(self.connection, messages)
        for state in states:
            state.changed, state.valves_changed, state.commands = [], {}, []

    async def _alerts(self, changes: Sequence[Change], lines: Sequence[Change]) -> None:
        newest = {change.alert.alert_id: change.alert for change in changes}
        ordered = [newest[alert_id] for alert_id in sorted(newest)]
        ended = [rows.to_row(alert) for alert in ordered if not alert.active]
        active = [rows.to_row(alert) for alert in ordered if alert.active]
        if ended and active:
            # What ends goes first: its row must leave the unique index before a new episode enters it.
            await self.connection.execute(_SAVE, ended)
        items = [(change.alert, change.item) for change in lines if change.item is not None]
        await self.connection.execute(
            _SAVE_WITH_TIMELINE,
            active or ended,
            [alert.alert_id for alert, _ in items],
            [alert.operator_id for alert, _ in items],
            [alert.area_code for alert, _ in items],
            [item.at_ms for _, item in items],
            [item.kind for _, item in items],
            [item.actor for _, item in items],
            [item.command_id for _, item in items],
            [item.reason for _, item in items],
        )

    async def _valves(self, states: Sequence[SiteState]) -> list[outbox.Message]:
        changed = [
            (place_of(state, valve_id), state.valves[valve_id], deadline_ms)
            for state in states
            for valve_id, deadline_ms in state.valves_changed.items()
        ]
        if changed:
            await valve_store.save(self.connection, changed)
        commands = [(state, valve_id, command) for state in states for valve_id, command in state.commands]
        places = {valve_id: place_of(state, valve_id) for state, valve_id, _ in commands}
        return valve_store.messages(self._signer, places, [(v, command) for _, v, command in commands])

    async def unlinked(self, order_id: str, site_id: str, alert_ids: Sequence[str]) -> list[str]:
        """Return which of a site's open alerts do not name the order yet."""
        return [row[0] for row in await self.connection.fetch(_UNLINKED, alert_ids, site_id, order_id)]

    async def hold(self, site_id: str, order_id: str | None, crew_id: str | None = None) -> None:
        """Note which order's crew holds a site."""
        await self.connection.execute(_HOLD, site_id, order_id, self.now_ms if order_id else None, crew_id)

    async def first_time(self, consumer: str, message_id: str) -> bool:
        """Tell whether this message is handled for the first time, and remember it."""
        return await first_time(self.connection, consumer, message_id)


def place_of(state: SiteState, valve_id: str) -> Place:
    """Return where a valve stands and who speaks for it."""
    facts = state.facts
    zone = next((zone for zone, valves in facts.valves.items() if valve_id in valves), "")
    return Place(
        valve_id,
        facts.clients.get(valve_id, valve_id),
        facts.site_id,
        facts.operator_id,
        facts.area_code,
        zone,
    )


class PostgresStore:
    """Decisions in PostgreSQL, under the worker's role."""

    def __init__(self, pool: Pool, signer: Signer) -> None:
        self._pool = pool
        self._signer = signer

    @asynccontextmanager
    async def _transaction(self) -> AsyncIterator[Connection]:
        with passing():
            async with transaction(self._pool) as connection:
                yield connection

    async def claim(self, partition: int) -> Claim:
        """Take a partition over."""
        async with self._transaction() as connection:
            row = await connection.fetchrow(_CLAIM, partition)
        if row is None:
            raise RuntimeError("the claim of a partition returned no row")
        return Claim(partition, row["offset"], row["owner_epoch"], row["snapshot"], row["snapshot_offset"])

    async def snapshot(self, claim: Claim, offset: int, data: bytes) -> None:
        """Keep a snapshot; nothing happens when the claim is outdated."""
        async with self._transaction() as connection:
            await connection.execute(_SNAPSHOT, claim.partition, claim.owner_epoch, offset, data)

    @asynccontextmanager
    async def unit(self, advances: Sequence[Advance] = ()) -> AsyncIterator[PostgresUnit]:
        """Begin a transaction and set offsets in it, or raise Fenced."""
        async with self._transaction() as connection:
            unit = PostgresUnit(connection, self._signer)
            await unit.begin(advances)
            yield unit

    async def quarantined(self) -> list[str]:
        """Return the devices about which an alert of quarantine (S02) is active."""
        async with self._transaction() as connection:
            return [row[0] for row in await connection.fetch(_QUARANTINED)]

    async def set_points(self) -> list[SetPoint]:
        """Return every version of every set-point."""
        async with self._transaction() as connection:
            return [SetPoint(**dict(row)) for row in await connection.fetch(_SET_POINTS)]
