"""The query API: readings, device events, latest states."""

from collections.abc import Sequence
from typing import Annotated, Any

import orjson
from fastapi import FastAPI, Query, Request, Response

from services.history.domain.buckets import POINTS_MAX, Bucket, choose, parse
from services.history.domain.window import DAY_MS, FUTURE_MS, HOUR_MS
from services.history.entrypoints import shapes
from services.history.ports import Archive
from shared.chassis.clock import Clock
from shared.chassis.http import Asking, Limit, decode_cursor, not_found, page, query_parameters, query_problem
from shared.chassis.openapi import answers
from shared.chassis.times import parse_rfc3339, rfc3339

RANGE_MS_MAX = 4 * 366 * 24 * 3600 * 1000
_HIDDEN = frozenset({"device_key", "time", "ingested_at", "time_ms", "odd", "boot_id", "seq"})
LATE_MS = 60_000
Text = Annotated[str | None, Query(max_length=64)]
PointLimit = Annotated[int, Query(ge=1, le=POINTS_MAX)]
Key = tuple[int, int, int, int]


def _times(request: Request, *names: str) -> list[int | None]:
    """Return the times of these parameters in Unix ms; 422 names all that are wrong."""
    found: list[int | None] = []
    wrong: list[str] = []
    for name in names:
        text = request.query_params.get(name)
        try:
            found.append(None if text is None else parse_rfc3339(text))
        except (ValueError, OverflowError):
            wrong.append(name)
    if wrong:
        raise query_problem(wrong, "not a time of RFC 3339 with its offset")
    return found


def _span(request: Request, now_ms: int) -> tuple[int, int]:
    """Return [from, to) in Unix ms; 422 names the fields that are wrong.

    Without `to` everything that is believed of now, clocks that are fast included; without `from` the day
    before `to`.
    """
    from_said, to_said = _times(request, "from", "to")
    to_ms = now_ms + FUTURE_MS if to_said is None else to_said
    from_ms = max(0, to_ms - DAY_MS) if from_said is None else from_said
    if from_ms >= to_ms:
        raise query_problem("to", "must be after `from`")
    if to_ms - from_ms > RANGE_MS_MAX:
        raise query_problem("from", "at most four years can be asked for")
    return from_ms, to_ms


def _bucket(text: str | None) -> Bucket | None:
    if text is None:
        return None
    try:
        return parse(text)
    except ValueError as error:
        raise query_problem("bucket", str(error)) from error


def _milliseconds(moment: Any) -> int:
    milliseconds: int = round(moment.timestamp() * 1000)
    return milliseconds


def _as_said(device_id: str, row: Any) -> dict[str, Any]:
    """Return a row with the wire's names; what was not said is absent."""
    ingested_ms = _milliseconds(row["ingested_at"])
    item: dict[str, Any] = {"device_id": device_id}
    if row["seq"] >= 0:
        item |= {"boot_id": row["boot_id"], "seq": row["seq"]}
    if row["time_ms"] is not None:
        item |= {"time_ms": row["time_ms"], "skew_ms": row["time_ms"] - ingested_ms}
    item |= {name: value for name, value in row.items() if name not in _HIDDEN and value is not None}
    late = not row["odd"] and ingested_ms - row["time_ms"] > LATE_MS
    return item | {
        "buffered": bool(row["buffered"]),
        "ingested_at": rfc3339(ingested_ms),
        "late": late,
        "odd": row["odd"],
    }


def _rolled(device_id: str, quantities: tuple[str, ...], row: Any) -> dict[str, Any]:
    """Return one bucket: its start, how many readings, seconds in alarm, and each measured quantity."""
    values = tuple(row)
    item: dict[str, Any] = {
        "device_id": device_id,
        "time": rfc3339(_milliseconds(values[0])),
        "count": values[1],
        "alarm_s": round(values[2], 3),
    }
    for number, name in enumerate(quantities):
        low, high, total, count = values[3 + number * 4 : 7 + number * 4]
        if count:
            item[name] = {"min": low, "max": high, "avg": total / count, "count": count}
    return item


def _row_key(rows: Sequence[Any]) -> list[Any] | None:
    if not rows:
        return None
    last = rows[-1]
    return [0, _milliseconds(last["time"]), last["boot_id"], last["seq"]]


def _after(cursor: str | None) -> Key | None:
    """Return a cursor's bucket width, so that all pages have the same, and the last item's key."""
    if cursor is None:
        return None
    values = decode_cursor(cursor, 4)
    if not all(isinstance(value, int) for value in values) or values[0] % HOUR_MS or values[0] < 0:
        raise query_problem("cursor", "not a cursor of this list")
    return values[0], values[1], values[2], values[3]


def _page(items: list[Any], limit: int, last: list[Any] | None, **more: str) -> Response:
    """Answer with a page; up to 2,000 points are too many for FastAPI's own encoder."""
    return Response(orjson.dumps(page(items, limit, last) | more), media_type="application/json")


def _latest(row: Any) -> dict[str, Any]:
    item = {name: row[name] for name in ("device_id", "site_id", "zone", "kind", "online", "reading")}
    for name in ("online_at", "ingested_at"):
        item[name] = rfc3339(_milliseconds(row[name])) if row[name] else None
    if row["event_type"]:
        at = rfc3339(_milliseconds(row["event_at"]))
        item["event"] = {"type": row["event_type"], "data": row["event_data"], "at": at}
    return item


def add_routes(app: FastAPI, queries: Archive, *, clock: Clock, keep_readings_days: int) -> None:
    """Add the routes of history to the app; `keep_readings_days` is how far back readings are complete."""

    @app.get(
        "/api/v1/readings",
        openapi_extra=query_parameters("from", "to"),
        responses=answers(shapes.ReadingPage, shapes.BucketPage),
    )
    async def readings(
        request: Request, asking: Asking, device_id: Annotated[str, Query(max_length=64)],
        bucket: Text = None, cursor: Annotated[str | None, Query(max_length=200)] = None,
        limit: PointLimit = POINTS_MAX,
    ) -> Response:  # fmt: skip
        """Return a device's curve: raw readings, or buckets of a multiple of an hour."""
        from_ms, to_ms = _span(request, clock.now_ms())
        after = _after(cursor)
        wanted = _bucket(bucket) or (after and Bucket(after[0]))
        device = await queries.find(asking, device_id)
        if device is None:
            raise not_found("device")
        if wanted is None:
            complete = from_ms >= clock.now_ms() - keep_readings_days * DAY_MS
            wanted = choose(
                from_ms, to_ms, await queries.count(device.key, from_ms, to_ms) if complete else None
            )
        if wanted.raw:
            rows = await queries.readings(device.key, from_ms, to_ms, after and after[1:], limit)
            return _page([_as_said(device_id, row) for row in rows], limit, _row_key(rows), bucket="raw")
        if wanted.points(from_ms, to_ms) > POINTS_MAX:
            raise query_problem("bucket", f"more than {POINTS_MAX} points: ask for wider buckets")
        start = wanted.floor(after[1] + wanted.width_ms if after else from_ms)
        rows = await queries.buckets(asking, device, start, -wanted.floor(-to_ms), wanted, limit)
        last = [wanted.width_ms, _milliseconds(rows[-1]["bucket"]), 0, 0] if rows else None
        return _page(
            [_rolled(device_id, device.quantities, row) for row in rows], limit, last, bucket=str(wanted)
        )

    @app.get(
        "/api/v1/device-events",
        openapi_extra=query_parameters("from", "to"),
        responses=answers(shapes.DeviceEventPage),
    )
    async def device_events(
        request: Request, asking: Asking, device_id: Annotated[str, Query(max_length=64)],
        cursor: Annotated[str | None, Query(max_length=200)] = None, limit: Limit = 50,
    ) -> Response:  # fmt: skip
        """Return a device's events, oldest first."""
        from_ms, to_ms = _span(request, clock.now_ms())
        after = _after(cursor)
        device = await queries.find(asking, device_id)
        if device is None:
            raise not_found("device")
        rows = await queries.events(device.key, from_ms, to_ms, after and after[1:], limit)
        return _page([_as_said(device_id, row) for row in rows], limit, _row_key(rows))

    @app.get("/api/v1/device-latest", responses=answers(shapes.DeviceLatestPage))
    async def device_latest(
        asking: Asking, device_id: Text = None, site_id: Text = None,
        cursor: Annotated[str | None, Query(max_length=200)] = None, limit: Limit = 50,
    ) -> Response:  # fmt: skip
        """Return the newest reading, event and connection of devices, by device id."""
        after = decode_cursor(cursor, 1)[0] if cursor else ""
        if not isinstance(after, str):
            raise query_problem("cursor", "not a cursor of this list")
        rows = await queries.latest(asking, device_id, site_id, after, limit)
        last = [rows[-1]["device_id"]] if rows else None
        return _page([_latest(row) for row in rows], limit, last)
