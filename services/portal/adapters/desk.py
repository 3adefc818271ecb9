"""Hand-over notes and photos in PostgreSQL, under row-level security."""

from typing import Any

from shared.chassis.database import Connection

_HANDOVER = (
    "handover_id::text, operator_id, text, open_alerts, created_by, created_at, accepted_by, accepted_at"
)
_ATTACHMENT = (
    "attachment_id::text, operator_id, area_code, order_id, name, media_type, width, height,"
    " encode(sha256, 'hex') AS sha256, length(content) AS bytes, created_by, created_at"
)


async def add_handover(connection: Connection, values: dict[str, Any]) -> bool:
    """Add a note; False when its id is taken."""
    status = await connection.execute(
        "INSERT INTO handover (handover_id, operator_id, text, open_alerts, created_by)"
        " VALUES ($1::text::uuid, $2, $3, $4, $5) ON CONFLICT DO NOTHING",
        values["handover_id"],
        values["operator_id"],
        values["text"],
        values["open_alerts"],
        values["created_by"],
    )
    return str(status).endswith(" 1")


async def accept_handover(connection: Connection, handover_id: str, subject: str) -> bool:
    """Take a note over; False when somebody did so before, or when it is one's own."""
    status = await connection.execute(
        "UPDATE handover SET accepted_by = $2, accepted_at = now() WHERE handover_id::text = $1"
        " AND accepted_by IS NULL AND created_by <> $2",
        handover_id,
        subject,
    )
    return str(status).endswith(" 1")


async def handover(connection: Connection, handover_id: str) -> dict[str, Any] | None:
    """Return a note."""
    row = await connection.fetchrow(
        f"SELECT {_HANDOVER} FROM handover WHERE handover_id::text = $1",  # noqa: S608
        handover_id,
    )
    return dict(row) if row else None


async def handovers(
    connection: Connection, before: tuple[Any, str] | None, limit: int
) -> list[dict[str, Any]]:
    """Return notes, the newest first."""
    rows = await connection.fetch(
        f"SELECT {_HANDOVER} FROM handover"  # noqa: S608
        " WHERE $1::timestamptz IS NULL OR (created_at, handover_id::text) < ($1, $2)"
        " ORDER BY created_at DESC, handover_id::text DESC LIMIT $3",
        before[0] if before else None,
        before[1] if before else None,
        limit,
    )
    return [dict(row) for row in rows]


async def add_attachment(connection: Connection, values: dict[str, Any]) -> dict[str, Any]:
    """Add a photo and return it without its content."""
    names = (
        "attachment_id", "operator_id", "area_code", "order_id", "name", "media_type", "width", "height",
        "sha256", "content", "created_by",
    )  # fmt: skip
    await connection.execute(
        "INSERT INTO attachment (attachment_id, operator_id, area_code, order_id, name, media_type, width,"
        " height, sha256, content, created_by)"
        " VALUES ($1::text::uuid, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
        *(values[name] for name in names),
    )
    return await attachment(connection, values["attachment_id"]) or {}


async def attachment(connection: Connection, attachment_id: str) -> dict[str, Any] | None:
    """Return a photo without its content."""
    row = await connection.fetchrow(
        f"SELECT {_ATTACHMENT} FROM attachment WHERE attachment_id::text = $1",  # noqa: S608
        attachment_id,
    )
    return dict(row) if row else None


async def attachment_content(connection: Connection, attachment_id: str) -> tuple[str, bytes] | None:
    """Return a photo's media type and content."""
    row = await connection.fetchrow(
        "SELECT media_type, content FROM attachment WHERE attachment_id::text = $1", attachment_id
    )
    return (row["media_type"], row["content"]) if row else None
