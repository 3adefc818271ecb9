"""Alerts that no device raised: rows for the alerting database, and changes as events of `gas.alert.v1`."""

import asyncio
import random
import time
from collections.abc import Iterator
from typing import Any

import asyncpg
import msgspec

from benchmarks.fleet import AREA, OPERATOR
from shared.chassis import cloudevents
from shared.chassis.clock import SystemClock
from shared.chassis.ids import uuid7
from shared.chassis.kafka import Producer
from shared.contracts import topic_names
from shared.contracts.events import Alert, AlertChanged, AlertItemKind, Priority, Rule, TimelineItem

# (rule, priority, set-point, unit): what a list holds most of.
_KINDS: tuple[tuple[Rule, Priority, float | None, str], ...] = (
    ("G02", "P1", 50.0, "%[LEL]"),
    ("G01", "P2", 10.0, "%[LEL]"),
    ("D02", "P2", None, ""),
    ("D03", "P3", None, ""),
)
AGES_MS = range(3_600_000, 5 * 3_600_000)
"""Of these ages are the alerts that stand there already: younger ones would count as a flood (rule S01)."""
_COLUMNS = [
    "alert_id", "rule", "family", "subject", "priority", "site_id", "operator_id", "area_code", "zone",
    "device_ids", "opened_at_ms", "updated_at_ms", "rule_version", "active", "acknowledged", "suppressed",
    "test", "in_condition", "latched", "value", "set_point", "unit", "silenced", "unregistered", "reserved",
    "acknowledged_at_ms", "cleared_at_ms", "repeat_count", "repeated_at_ms", "reason", "revision",
]  # fmt: skip


class Alerts:
    """`count` open alerts at `sites` as they stand now, and what happens to them; the seed decides what.

    Revisions are numbered through, so that each tells which change it was.
    """

    def __init__(self, count: int, sites: list[str], seed: int = 1) -> None:
        self._count = count
        self._sites = sites
        self._rng = random.Random(seed)
        self._revision = 0
        self._now_ms = SystemClock().now_ms()
        self.open: dict[str, Alert] = {}
        self._ids: list[str] = []
        for _ in range(count):
            self._add(self._made(self._now_ms - self._rng.choice(AGES_MS), settled=True))

    def _made(self, at_ms: int, *, settled: bool) -> Alert:
        rng = self._rng
        rule, priority, limit, unit = rng.choice(_KINDS)
        acknowledged = settled and rng.random() < 0.6
        number = len(self._ids) + self._revision
        site = self._sites[number % len(self._sites)]
        self._revision += 1
        return Alert(
            alert_id=uuid7(), rule=rule, priority=priority, site_id=site, operator_id=OPERATOR,
            area_code=AREA, zone="z0", device_ids=[f"{site}-{number}"],
            active=acknowledged or rng.random() < 0.9, acknowledged=acknowledged, suppressed=False,
            test=False, opened_at_ms=at_ms, updated_at_ms=at_ms,
            rule_version=1, value=None if limit is None else self._value(), set_point=limit, unit=unit,
            acknowledged_at_ms=at_ms if acknowledged else None, revision=self._revision,
        )  # fmt: skip

    def _value(self) -> float:
        return self._rng.randrange(10, 999) / 10

    def _add(self, alert: Alert) -> None:
        self.open[alert.alert_id] = alert
        self._ids.append(alert.alert_id)

    def change(self) -> AlertChanged:
        """Return what happens next: repeated, acknowledged, cleared, or raised in place of what left."""
        rng, now_ms = self._rng, SystemClock().now_ms()
        if len(self._ids) < self._count:
            alert = self._made(now_ms, settled=False)
            alert.active = True
            self._add(alert)
            return _changed(alert, "raised", now_ms)
        place, draw = rng.randrange(len(self._ids)), rng.random()
        alert = self.open[self._ids[place]]
        self._revision += 1
        alert.revision, alert.updated_at_ms = self._revision, now_ms
        if draw < 0.2 and not alert.acknowledged:
            alert.acknowledged, alert.acknowledged_at_ms = True, now_ms
            kind: AlertItemKind = "acknowledged"
        elif draw < 0.4 and alert.active:
            alert.active, alert.cleared_at_ms = False, now_ms
            kind = "cleared"
        else:
            alert.active, alert.cleared_at_ms = True, None
            alert.repeat_count += 1
            alert.value = None if alert.set_point is None else self._value()
            kind = "repeated"
        if not alert.active and alert.acknowledged:
            del self.open[alert.alert_id]
            self._ids[place] = self._ids[-1]
            self._ids.pop()
        return _changed(alert, kind, now_ms)

    def in_order(self) -> list[Alert]:
        """Return what the list must show, from its top: unacknowledged, priority, newest."""
        return sorted(
            self.open.values(),
            key=lambda one: (one.acknowledged, one.priority, -one.opened_at_ms, one.alert_id),
        )

    async def store(self, dsn: str) -> None:
        """Write all into the alerting database, as the role that owns it."""
        connection = await asyncpg.connect(dsn)
        try:
            await connection.copy_records_to_table(
                "alert", schema_name="alerting", columns=_COLUMNS,
                records=[_row(one) for one in self.open.values()],
            )  # fmt: skip
            await connection.execute("ANALYZE alerting.alert")
        finally:
            await connection.close()


def _row(alert: Alert) -> tuple[Any, ...]:
    more = {
        "family": "bench", "subject": alert.device_ids[0], "in_condition": alert.active,
        "repeated_at_ms": alert.opened_at_ms,
    }  # fmt: skip
    return tuple(more[name] if name in more else getattr(alert, name) for name in _COLUMNS)


def _changed(alert: Alert, kind: AlertItemKind, now_ms: int) -> AlertChanged:
    return AlertChanged(alert, TimelineItem(now_ms, kind))


class Injector:
    """Publishes changes at the portal's topic, one by one; open loop."""

    def __init__(self, bootstrap: str, alerts: Alerts) -> None:
        self._producer = Producer(bootstrap, client_id="benchmark")
        self._alerts = alerts
        self.sent: dict[int, float] = {}
        """When each revision was due (monotonic seconds)."""
        self.late_ms_max = 0.0

    async def start(self) -> None:
        await self._producer.start()

    async def stop(self) -> None:
        await self._producer.stop()

    async def publish(self, due: Iterator[float]) -> None:
        """Publish one change at each moment (monotonic seconds); return when Kafka has all."""
        futures = []
        for at in due:
            if (wait := at - time.monotonic()) > 0:
                await asyncio.sleep(wait)
            changed = self._alerts.change()
            self.sent[changed.alert.revision] = at
            futures.append(await self._enqueue(changed))
            self.late_ms_max = max(self.late_ms_max, (time.monotonic() - at) * 1000)
        await asyncio.gather(*futures)

    async def _enqueue(self, changed: AlertChanged) -> "asyncio.Future[Any]":
        site = changed.alert.site_id
        type_ = f"cn.gas.alert.{changed.item.kind}.v1"
        return await self._producer.enqueue(
            topic_names.ALERT, msgspec.json.encode(changed), key=site.encode(),
            headers=cloudevents.headers(type_, "/gaswatch/benchmark", site, changed.item.at_ms),
        )  # fmt: skip


def steadily(rate: float, seconds: float) -> Iterator[float]:
    """Give the moments of a steady rate, from now on."""
    begin = time.monotonic()
    return (begin + n / rate for n in range(int(rate * seconds)))
