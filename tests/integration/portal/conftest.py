"""A portal with one service behind it that says what it heard, on the real engines."""

from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI, Request

from services.portal.adapters.audit import PostgresAudit
from services.portal.adapters.postgres import PostgresPeople
from services.portal.app import Pools, _streams, build
from services.portal.domain.people import Account
from services.portal.domain.routes import service_of
from services.portal.handlers.signing_in import hash_password
from services.portal.settings import Settings
from shared.chassis.database import open_pool
from shared.chassis.health import Health
from shared.chassis.principal import HEADER, PrincipalKey
from tests.answers import fits
from tests.integration.portal.rig import KNOWN, ORIGIN, PEOPLE


def pages(folder: Path) -> Path:
    """Write what a build of the apps would have made."""
    for app in ("console", "regulator", "field"):
        (folder / app).mkdir(parents=True)
        (folder / app / "index.html").write_text(f'<script nonce="__NONCE__">"{app}"</script>')
    (folder / "field" / "worker.js").write_text("1")
    (folder / "assets").mkdir()
    (folder / "assets" / "console-1.js").write_text("1")
    (folder.parent / "secret.txt").write_text("secret")
    return folder


async def own_answer_fits(answer: httpx.Response) -> None:
    """Hold what the portal says itself against the document; behind it stands nothing but an echo."""
    if service_of(answer.request.url.path.removeprefix("/api/v1/")) is None:
        await fits(answer)


@pytest.fixture
async def portal(database, tmp_path, kafka_bootstrap, topic_prefix):
    found = await database("portal")
    key_file = tmp_path / "key"
    PrincipalKey.create(key_file)
    key = PrincipalKey.load(key_file)
    upstream = FastAPI()
    heard: list[Any] = []
    away: dict[str, Any] = {}

    @upstream.api_route("/{path:path}", methods=["GET", "POST", "PATCH", "DELETE"])
    async def echo(path: str, request: Request):
        service = request.url.hostname or ""
        who = key.verify(request.headers[HEADER], service)
        asked = {"method": request.method, "query": str(request.query_params)}
        asked["body"] = (await request.body()).decode()
        heard.append({"path": path, "who": who, "headers": dict(request.headers)} | asked)
        if service in away:
            await away[service]()
        return {"path": path, "second_factor": who.second_factor} | KNOWN.get(path, {})

    pool = await open_pool(found.services["portal"].api, application_name="test")
    worker = await open_pool(found.services["portal"].worker, application_name="test")
    acts = await open_pool(found.services["portal"].api, application_name="test", max_size=4)
    reading = await open_pool(found.services["portal"].api, application_name="test", max_size=2)
    pools = Pools(pool, acts, worker, reading)
    store = PostgresPeople(pool)
    password_hash = await hash_password("right")
    for one in PEOPLE:
        await store.add(
            Account(name="x", password_hash=password_hash, totp_last_step=0, disabled=False, **one)
        )
    settings = Settings(
        kafka_bootstrap=kafka_bootstrap,
        http_port=1,
        principal_key_file=key_file,
        topic_prefix=topic_prefix,
        upstreams={name: f"http://{name}" for name in ("alerting", "dispatch", "notification", "registry")},
        public_origin=ORIGIN,
        audit_key_file=tmp_path / "audit.key",
        audit_heads_file=tmp_path / "heads.log",
        ui_folder=pages(tmp_path / "ui"),
    )
    health = Health()
    streams = _streams(settings, health)
    upstream_client = httpx.AsyncClient(transport=httpx.ASGITransport(upstream))
    app = build(settings, key, pools, upstream_client, streams, health)
    hooks: dict[str, Any] = {"response": [own_answer_fits]}
    client = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=ORIGIN, event_hooks=hooks)
    setattr(client, "heard", heard)  # noqa: B010
    setattr(client, "away", away)  # noqa: B010
    setattr(client, "streams", streams)  # noqa: B010
    setattr(client, "pool", pool)  # noqa: B010
    setattr(client, "chain", PostgresAudit(worker, pool))  # noqa: B010
    setattr(client, "people", PEOPLE)  # noqa: B010
    setattr(client, "owner", found.services["portal"].owner)  # noqa: B010
    setattr(client, "settings", settings)  # noqa: B010
    setattr(client, "later", app.state.later)  # noqa: B010
    yield client
    await client.aclose()
    await app.state.later.ended()
    await upstream_client.aclose()
    await pools.close()
