"""Queries for `unlicensed` and `coverage`: nothing is stored, everything is computed as of two times."""

import datetime as dt
from collections.abc import AsyncIterator, Sequence
from typing import Any

from services.registry.adapters.asof import finds
from services.registry.domain.areas import prefix
from services.registry.domain.licensing import STATIONS
from services.registry.ports import Row
from shared.chassis.database import Connection

PREFETCH = 1000
EXAMPLES_MAX = 20

_ACTIVITIES = """
WITH seen AS (
  SELECT site_id, operator_id, area_code, kind, gas, reserved,
    kind = ANY($4) AND (planning_approval IS NULL OR planning_approved_on > $2) AS unapproved
  FROM site
  WHERE valid_time @> $2::date AND record_time @> $3::timestamptz
), acting AS (
  SELECT operator_id, area_code, kind, gas, false AS elsewhere,
    (array_agg(site_id ORDER BY site_id))[1:$5] AS site_ids,
    (array_agg(site_id ORDER BY site_id) FILTER (WHERE unapproved))[1:$5] AS unapproved_site_ids
  FROM seen WHERE NOT reserved AND starts_with(area_code, $1) GROUP BY operator_id, area_code, kind, gas
), seat AS (
  SELECT operator_id, area_code, 'seat' AS kind, NULL AS gas,
    EXISTS (SELECT 1 FROM seen WHERE seen.operator_id = operator.operator_id) AS elsewhere,
    '{}'::text[] AS site_ids, '{}'::text[] AS unapproved_site_ids
  FROM operator
  WHERE valid_time @> $2::date AND record_time @> $3::timestamptz AND starts_with(area_code, $1)
    -- The firm that the platform's canaries belong to trades nowhere.
    AND (SELECT bool_and(reserved) FROM seen WHERE seen.operator_id = operator.operator_id) IS NOT TRUE
)
SELECT act.*, firm.name, firm.search_text, firm.search_pinyin
FROM (SELECT * FROM acting UNION ALL SELECT * FROM seat) act
JOIN operator firm ON firm.operator_id = act.operator_id
  AND firm.valid_time @> $2::date AND firm.record_time @> $3::timestamptz
ORDER BY act.operator_id, act.area_code, act.kind, act.gas
"""

_LICENCES = """
SELECT to_jsonb(l) AS l, first_holder(l.number, $2, $3) AS holder,
  -- Since when it has been in this state without a break; other fields may have changed meanwhile.
  (SELECT min(lower(v.valid_time)) FROM licence v
    WHERE v.licence_id = l.licence_id AND v.record_time @> $3::timestamptz AND v.state = l.state
      AND lower(v.valid_time) <= $2::date
      AND NOT EXISTS (SELECT 1 FROM licence w
        WHERE w.licence_id = l.licence_id AND w.record_time @> $3::timestamptz AND w.state <> l.state
          AND lower(w.valid_time) > lower(v.valid_time) AND lower(w.valid_time) <= $2::date)) AS since
FROM licence l
WHERE operator_id = ANY($1) AND valid_time @> $2::date AND record_time @> $3::timestamptz
ORDER BY licence_id
"""

_SITES = """
SELECT s.site_id, s.operator_id, s.area_code, s.name, s.kind, s.address, s.obliged, d.devices
FROM site s
LEFT JOIN LATERAL (
  SELECT jsonb_agg(jsonb_build_object(
    'device_id', device_id, 'kind', kind, 'gas', gas, 'installed_on', installed_on, 'active', active,
    'retired_on', retired_on, 'tested_on', t.done_on, 'test_passed', t.passed)) AS devices
  FROM device
  LEFT JOIN LATERAL (
    SELECT done_on, passed FROM device_test
    WHERE device_test.device_id = device.device_id AND done_on <= $2 AND recorded_at <= $3
    ORDER BY done_on DESC, recorded_at DESC LIMIT 1
  ) t ON true
  WHERE site_id = s.site_id AND kind IN ('detector', 'valve')
    AND valid_time @> $2::date AND record_time @> $3::timestamptz
) d ON true
WHERE starts_with(s.area_code, $1) AND s.site_id > $4 AND (s.obliged OR s.kind = 'residential')
  AND NOT s.reserved AND s.valid_time @> $2::date AND s.record_time @> $3::timestamptz AND {found}
ORDER BY s.site_id
"""


class OversightQueries:
    """The part of a unit that implements `ports.Oversight`; row-level security holds here too."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    async def activities(self, area: str, day: dt.date, known_at: dt.datetime) -> list[Row]:
        """Return who has sites in an area, grouped, and who has its seat there."""
        found = await self.connection.fetch(
            _ACTIVITIES, prefix(area), day, known_at, sorted(STATIONS), EXAMPLES_MAX
        )
        return [dict(row) for row in found]

    async def licences_of(
        self, operator_ids: Sequence[str], day: dt.date, known_at: dt.datetime
    ) -> list[Row]:
        """Return these operators' licences, each with the operator it was issued to first."""
        found = await self.connection.fetch(_LICENCES, list(operator_ids), day, known_at)
        return [{**row["l"], "holder": row["holder"], "state_since": row["since"]} for row in found]

    async def sites_with_devices(
        self, area: str, day: dt.date, known_at: dt.datetime, after: str, words: Sequence[str] = ()
    ) -> AsyncIterator[Row]:
        """Give obliged and residential sites with their detectors and valves, in the order of their ids."""
        parameters: list[Any] = [prefix(area), day, known_at, after]
        text = _SITES.format(found=finds(words, parameters))
        async for row in self.connection.cursor(text, *parameters, prefetch=PREFETCH):
            yield dict(row)
