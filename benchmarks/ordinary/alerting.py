"""Kafka to alerts: a threshold per device, the alert in PostgreSQL when it turns."""

import asyncio

import asyncpg
from aiokafka import AIOKafkaConsumer
from prometheus_client import Counter, start_http_server

from benchmarks.ordinary.model import TOPIC, Event, Reading, config, parse

INSERT = """
INSERT INTO alert (device_id, site_id, rule, value) VALUES ($1, $2, $3, $4) RETURNING alert_id"""
LOW, HIGH, DEADBAND = 10.0, 50.0, 3.0
SEEN = Counter("ordinary_judged", "Records looked at")


def judge(said: Reading | Event, *, active: bool) -> tuple[str, float | None] | None:
    """Return rule and value when there is an alarm, None when not."""
    if isinstance(said, Event):
        if said.type == "alarm_raised":
            return "G01" if said.data.get("level") == "low" else "G02", said.data.get("lel_percent")
        return ("", None) if active and said.type != "alarm_cleared" else None
    value = said.lel_percent or 0.0
    if said.status == "alarm_high" or value >= HIGH:
        return "G02", value
    if said.status == "alarm_low" or value >= LOW or (active and value >= LOW - DEADBAND):
        return "G01", value
    return None


async def main() -> None:
    """Run until stopped."""
    settings = config()
    pool = await asyncpg.create_pool(settings.dsn, min_size=1, max_size=4)
    rows = await pool.fetch("SELECT device_id, site_id FROM device")
    sites = {row["device_id"]: row["site_id"] for row in rows}
    active: dict[str, int] = {
        row["device_id"]: row["alert_id"]
        for row in await pool.fetch(
            "SELECT device_id, alert_id FROM alert WHERE alert_id NOT IN (SELECT alert_id FROM alert_cleared)"
        )
    }
    consumer = AIOKafkaConsumer(
        TOPIC, bootstrap_servers=settings.kafka, group_id="ordinary-alerting", auto_offset_reset="earliest"
    )
    await consumer.start()
    start_http_server(settings.metrics_port, "127.0.0.1")
    async for record in consumer:
        said = parse(record.value)
        device_id = said.device_id
        found = judge(said, active=device_id in active)
        if found is not None and device_id not in active:
            active[device_id] = await pool.fetchval(
                INSERT,
                device_id, sites[device_id], *found,
            )  # fmt: skip
        elif found is None and device_id in active:
            await pool.execute("INSERT INTO alert_cleared (alert_id) VALUES ($1)", active.pop(device_id))
        SEEN.inc()


if __name__ == "__main__":
    asyncio.run(main())
