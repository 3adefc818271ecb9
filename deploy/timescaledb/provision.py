"""A database for Gaswatch: a schema and three roles per service, and the schemas' migrations.

`<service>_owner` runs the migrations, `<service>_api` answers people (row-level security holds),
`<service>_worker` consumes, relays and runs timers. `gw_reader` can only read the public views.
"""

import asyncio
import json
import os
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import asyncpg

from shared.chassis.migrations import migrate

ROOT = Path(__file__).resolve().parents[2]
SCHEMAS = ("registry", "history", "alerting", "dispatch", "notification", "portal")
KINDS = ("owner", "api", "worker")
READER = "gw_reader"


@dataclass(frozen=True)
class ServiceDsns:
    """How one service's three roles sign in."""

    owner: str
    api: str
    worker: str


@dataclass(frozen=True)
class Database:
    """One database, ready for all services."""

    name: str
    services: dict[str, ServiceDsns]
    reader: str


def _passwords(file: Path) -> dict[str, str]:
    """Return the roles' random passwords, made once per engine state and kept in a file of mode 0600."""
    known: dict[str, str] = json.loads(file.read_text()) if file.exists() else {}
    names = [f"{schema}_{kind}" for schema in SCHEMAS for kind in KINDS] + [READER]
    missing = {name: secrets.token_urlsafe(24) for name in names if name not in known}
    if missing:
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        fresh = file.with_suffix(f".{os.getpid()}")
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as writer:
            json.dump(known | missing, writer)
        fresh.replace(file)
    return known | missing


def _dsn(admin_dsn: str, user: str, password: str, database: str) -> str:
    parts = urlsplit(admin_dsn)
    return urlunsplit(
        parts._replace(netloc=f"{user}:{password}@{parts.hostname}:{parts.port}", path=f"/{database}")
    )


def at_database(admin_dsn: str, database: str) -> str:
    """Return the superuser's DSN for another database of the same server."""
    return urlunsplit(urlsplit(admin_dsn)._replace(path=f"/{database}"))


async def _roles(connection: "asyncpg.Connection[asyncpg.Record]", passwords: dict[str, str]) -> None:
    for name, password in passwords.items():
        exists = await connection.fetchval("SELECT 1 FROM pg_roles WHERE rolname = $1", name)
        verb = "ALTER" if exists else "CREATE"
        await connection.execute(f"{verb} ROLE {name} LOGIN NOSUPERUSER PASSWORD '{password}'")
        schema = name.rpartition("_")[0]
        if schema in SCHEMAS:
            await connection.execute(f"ALTER ROLE {name} SET search_path = {schema}, gw, public")


async def _prepare(admin_dsn: str, name: str, passwords: dict[str, str]) -> None:
    connection = await asyncpg.connect(admin_dsn)
    try:
        # One at a time: roles belong to the whole server.
        await connection.execute("SELECT pg_advisory_lock(hashtext('gaswatch provision'))")
        await _roles(connection, passwords)
        if not await connection.fetchval("SELECT 1 FROM pg_database WHERE datname = $1", name):
            await connection.execute(f'CREATE DATABASE "{name}"')
    finally:
        await connection.close()
    connection = await asyncpg.connect(at_database(admin_dsn, name))
    try:
        await connection.execute((Path(__file__).parent / "provision.sql").read_text())
        for schema in SCHEMAS:
            await connection.execute(
                f"CREATE SCHEMA IF NOT EXISTS {schema} AUTHORIZATION {schema}_owner;"
                f"GRANT USAGE ON SCHEMA {schema} TO {schema}_api, {schema}_worker"
            )
        await connection.execute("GRANT CREATE ON SCHEMA public TO history_owner")
    finally:
        await connection.close()


def provision(
    admin_dsn: str, secrets_file: Path, name: str = "gaswatch", schemas: Iterable[str] = SCHEMAS
) -> Database:
    """Make (or bring up to date) the database `name`; running it again changes nothing."""
    passwords = _passwords(secrets_file)
    asyncio.run(_prepare(admin_dsn, name, passwords))
    database = addresses(admin_dsn, secrets_file, name)
    for schema in schemas:
        directory = ROOT / "services" / schema / "migrations"
        if directory.is_dir():
            migrate(database.services[schema].owner, directory, schema)
    return database


def addresses(admin_dsn: str, secrets_file: Path, name: str) -> Database:
    """Return how to reach a database that was provisioned (or cloned from one that was)."""
    passwords = _passwords(secrets_file)

    def dsn(user: str) -> str:
        return _dsn(admin_dsn, user, passwords[user], name)

    services = {schema: ServiceDsns(*(dsn(f"{schema}_{kind}") for kind in KINDS)) for schema in SCHEMAS}
    return Database(name, services, dsn(READER))
