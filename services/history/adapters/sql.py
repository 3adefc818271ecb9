"""Columns, in the order of the rows that the use cases make, and the statements built from them."""

from services.history.domain.items import QUANTITIES, READING_FIELDS, Item

READING_COLUMNS = (
    "ingested_at",
    "device_key",
    *("time" if name == "time_ms" else name for name in Item.__struct_fields__[1:READING_FIELDS]),
)
EVENT_COLUMNS = (
    "ingested_at",
    "device_key",
    "boot_id",
    "seq",
    "time",
    "buffered",
    "type",
    "data",
    "dropped",
    "unregistered",
    "replayed",
    "client",
)
STAGED = ("device_time_ms", "odd")


def columns(names: tuple[str, ...], alias: str = "") -> str:
    """Return the quoted names of columns."""
    return ", ".join(f'{alias}"{name}"' for name in names)


def stage(table: str) -> str:
    """Return what makes the temporary table through which doubtful rows go."""
    return (
        f"CREATE TEMP TABLE IF NOT EXISTS incoming_{table} (LIKE {table}, device_time_ms bigint, odd boolean)"
        " ON COMMIT DELETE ROWS"
    )


def settle(table: str, names: tuple[str, ...]) -> tuple[str, str]:
    """Return what moves staged rows on: those with a believable time, then the odd ones.

    A message stands in one of the two tables, once: what was odd stays odd, and what the hypertable has
    under its own time does not become odd when the same message comes again much later.
    """
    listed = columns(names)
    usual = f"""
        INSERT INTO {table} ({listed})
        SELECT {listed} FROM incoming_{table} i
        WHERE NOT odd AND NOT EXISTS (
          SELECT FROM odd_{table} o
          WHERE o.device_key = i.device_key AND o.boot_id = i.boot_id AND o.seq = i.seq)
        ON CONFLICT DO NOTHING"""  # noqa: S608 - names are constants of this module
    odd = f"""
        INSERT INTO odd_{table} ({listed}, device_time_ms)
        SELECT {listed}, device_time_ms FROM incoming_{table} i
        WHERE odd AND NOT EXISTS (
          SELECT FROM {table} r
          WHERE r.device_key = i.device_key AND r.boot_id = i.boot_id AND r.seq = i.seq
            AND r."time" = to_timestamp(least(i.device_time_ms, 9e12) / 1000.0))
        ON CONFLICT DO NOTHING"""  # noqa: S608 - names are constants of this module
    return usual, odd


LATEST_READINGS = """
    INSERT INTO latest AS l (device_key, boot_id, seq, "time", ingested_at, reading)
    SELECT * FROM unnest($1::integer[], $2::bigint[], $3::bigint[], $4::timestamptz[], $5::timestamptz[],
                         $6::jsonb[])
    ON CONFLICT (device_key) DO UPDATE
      SET boot_id = excluded.boot_id, seq = excluded.seq, "time" = excluded."time",
          ingested_at = excluded.ingested_at, reading = excluded.reading
      WHERE (excluded.boot_id, excluded.seq) > (coalesce(l.boot_id, -1), coalesce(l.seq, -1))"""
# A process that was killed may owe `latest` the states whose turn had not come.
CATCH_UP = """
    INSERT INTO latest AS l (device_key, boot_id, seq, "time", ingested_at, reading)
    SELECT d.device_key, r.boot_id, r.seq, r."time", r.ingested_at,
           jsonb_strip_nulls(to_jsonb(r) - ARRAY['device_key', 'time', 'ingested_at'])
           || jsonb_build_object('device_id', d.device_id,
                                 'time_ms', round(extract(epoch FROM r."time") * 1000)::bigint)
    FROM device d CROSS JOIN LATERAL (
      SELECT * FROM reading WHERE device_key = d.device_key AND "time" >= $3
      ORDER BY "time" DESC LIMIT 1) r
    WHERE d.device_key >= $1 AND d.device_key < $2
    ON CONFLICT (device_key) DO UPDATE
      SET boot_id = excluded.boot_id, seq = excluded.seq, "time" = excluded."time",
          ingested_at = excluded.ingested_at, reading = excluded.reading
      WHERE (excluded.boot_id, excluded.seq) > (coalesce(l.boot_id, -1), coalesce(l.seq, -1))"""
LATEST_EVENTS = """
    INSERT INTO latest AS l (device_key, event_boot_id, event_seq, event_at, event_type, event_data)
    SELECT * FROM unnest($1::integer[], $2::bigint[], $3::bigint[], $4::timestamptz[], $5::text[],
                         $6::jsonb[])
    ON CONFLICT (device_key) DO UPDATE
      SET event_boot_id = excluded.event_boot_id, event_seq = excluded.event_seq,
          event_at = excluded.event_at, event_type = excluded.event_type, event_data = excluded.event_data
      WHERE (excluded.event_boot_id, excluded.event_seq)
            > (coalesce(l.event_boot_id, -1), coalesce(l.event_seq, -1))"""
LATEST_ONLINE = """
    INSERT INTO latest AS l (device_key, online, online_at)
    SELECT * FROM unnest($1::integer[], $2::boolean[], $3::timestamptz[])
    ON CONFLICT (device_key) DO UPDATE SET online = excluded.online, online_at = excluded.online_at
      WHERE excluded.online_at >= coalesce(l.online_at, '-infinity')"""
MARK_ODD = "UPDATE device SET has_odd = true WHERE device_key = ANY($1) AND NOT has_odd"
_PARTS = ("min", "max", "sum", "count")


def rolled_columns(quantities: tuple[str, ...]) -> str:
    """Return the columns of a roll-up."""
    return ", ".join(("count", "alarm_s", *(f"{name}_{part}" for name in quantities for part in _PARTS)))


def roll_rolled(quantities: tuple[str, ...]) -> str:
    """Return the same columns, computed from several roll-ups."""
    whole = ("sum(count) AS count", "sum(alarm_s) AS alarm_s")
    parts = (
        f"min({name}_min) AS {name}_min, max({name}_max) AS {name}_max,"
        f" sum({name}_sum) AS {name}_sum, sum({name}_count) AS {name}_count"
        for name in quantities
    )
    return ", ".join((*whole, *parts))


ROLLED_COLUMNS = rolled_columns(QUANTITIES)
ROLL_ROLLED = roll_rolled(QUANTITIES)
UPDATE_ROLLED = ", ".join(f"{name} = excluded.{name}" for name in ROLLED_COLUMNS.split(", "))
