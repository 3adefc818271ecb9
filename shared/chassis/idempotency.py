"""`Idempotency-Key`: the same request again gets the same answer, and acts once; kept 24 h.

Each schema that uses it has the table
`idempotency (subject text, key text, digest bytea NOT NULL, status int NOT NULL, body jsonb NOT NULL,
at timestamptz NOT NULL DEFAULT now(), PRIMARY KEY (subject, key))`.
"""

import hashlib
from collections.abc import Awaitable, Callable
from typing import Any

import orjson
from fastapi import Request
from fastapi.responses import Response

from shared.chassis.database import Connection
from shared.chassis.http import problem
from shared.chassis.principal import Principal

KEY_CHARACTERS_MAX = 200
# What another transaction forgets is passed over: an import may take a minute, and nobody waits for that.
_FORGET = """
DELETE FROM idempotency WHERE (subject, key) IN (
  SELECT subject, key FROM idempotency WHERE at < now() - interval '24 hours' FOR UPDATE SKIP LOCKED)
"""


async def once(
    request: Request,
    asking: Principal,
    connection: Connection,
    act: Callable[[], Awaitable[tuple[int, dict[str, Any]]]],
    *,
    secret: frozenset[str] = frozenset(),
) -> Response:
    """Run `act` in the caller's transaction unless this key did so before; answer with its (status, body).

    Fields named in `secret` are answered once and never stored. The key is taken first, so of two requests
    at the same time one waits for the other. The same key with another request is a 422.
    """
    key = request.headers.get("idempotency-key", "")
    if len(key) > KEY_CHARACTERS_MAX:
        raise problem(
            400,
            "idempotency-key-too-long",
            f"An Idempotency-Key has at most {KEY_CHARACTERS_MAX} characters.",
        )
    if not key:
        raise problem(
            400, "idempotency-key-required", "A POST that creates or acts needs an Idempotency-Key."
        )
    text = f"{request.method} {request.url.path}?{request.url.query}\n".encode() + await request.body()
    digest = hashlib.sha256(text).digest()
    await connection.execute(_FORGET)
    taken = await connection.fetchval(
        "INSERT INTO idempotency (subject, key, digest, status, body) VALUES ($1, $2, $3, 0, '{}')"
        " ON CONFLICT DO NOTHING RETURNING true",
        asking.subject,
        key,
        digest,
    )
    if not taken:
        row = await connection.fetchrow(
            "SELECT digest, status, body FROM idempotency WHERE subject = $1 AND key = $2",
            asking.subject,
            key,
        )
        if row is None or row["digest"] != digest:
            raise problem(422, "idempotency-key-reused", "This Idempotency-Key was used for another request.")
        return _answer(row["status"], row["body"])
    status, body = await act()
    kept = {name: value for name, value in body.items() if name not in secret}
    await connection.execute(
        "UPDATE idempotency SET status = $3, body = $4 WHERE subject = $1 AND key = $2",
        asking.subject,
        key,
        status,
        kept,
    )
    return _answer(status, body)


def _answer(status: int, body: dict[str, Any]) -> Response:
    headers = {"ETag": f'"{body["revision"]}"'} if "revision" in body else None
    return Response(orjson.dumps(body), status, media_type="application/json", headers=headers)
