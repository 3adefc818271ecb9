"""The portal's command line: for who has the machine but no account yet, or doubts the audit chain."""

import asyncio
import json
import os
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated, Any

import typer

from services.portal.adapters.audit import PostgresAudit
from services.portal.adapters.heads import HeadKey
from services.portal.adapters.postgres import PostgresPeople
from services.portal.domain.audit import Fault, Finding, Head, verify
from services.portal.domain.people import Account
from services.portal.handlers.accounts import first_password
from services.portal.handlers.auditing import Acts
from services.portal.handlers.signing_in import hash_password
from services.portal.settings import Settings
from shared.chassis.clock import SystemClock
from shared.chassis.database import Pool, open_pool
from shared.chassis.principal import Principal
from shared.chassis.settings import load, secret

app = typer.Typer(add_completion=False, no_args_is_help=True, help="Gaswatch's portal.")
_SAID = {
    Fault.EDITED: "was changed after it was written",
    Fault.DELETED: "is missing",
    Fault.REORDERED: "is not in its place",
    Fault.TRUNCATED: "and what follows was cut off: a signed head lies beyond the end",
    Fault.REWRITTEN: "was computed anew: a signed head says another hash",
}


def _account(wanted: dict[str, Any], password_hash: str, *, must_change: bool) -> Account:
    return Account(
        username=wanted["username"] or "",
        name=wanted.get("name") or wanted["username"] or "",
        password_hash=password_hash,
        role=wanted["role"] or "",
        totp_last_step=0,
        disabled=False,
        must_change=must_change,
        operator_id=wanted.get("operator_id"),
        area_code=wanted.get("area_code"),
        crew_id=wanted.get("crew_id"),
        totp_secret=wanted.get("totp_secret"),
    )


async def _pool() -> Pool:
    dsn = secret(load(Settings).database_worker_dsn, "GW_DATABASE_WORKER_DSN")
    return await open_pool(dsn, application_name="portal command")


async def _written(pool: Pool, command: str, account: Account, do: Callable[[], Awaitable[bool]]) -> bool:
    """Do something to an account by a command: whoever may run one stands in the audit chain, too."""
    acts = Acts(PostgresAudit(pool, pool), SystemClock())
    who = Principal(f"command (uid {os.getuid()})", frozenset({"command"}))
    made = {name: getattr(account, name) for name in ("name", "role", "operator_id", "area_code", "crew_id")}
    target = f"people/{account.username}"
    intent = await acts.intend(who, f"command {command}", target, "", body=made, before=None)
    done = await do()
    await acts.done(intent, 201 if done else 409, made if done else None)
    return done


@app.command()
def add_accounts(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="JSON: a list of accounts.")],
) -> None:
    """Create the accounts of a file: username, password, role, name, scope, totp_secret; for demos and tests.

    Their passwords need not be changed.
    """

    async def work() -> None:
        pool = await _pool()
        try:
            people = PostgresPeople(pool)
            for one in json.loads(file.read_text()):
                account = _account(one, await hash_password(one["password"] or ""), must_change=False)

                async def add(account: Account = account) -> bool:
                    await people.add(account)
                    return True

                await _written(pool, "add-accounts", account, add)
        finally:
            await pool.close()

    asyncio.run(work())


@app.command()
def create_administrator(
    username: Annotated[str, typer.Argument(help="Letters, digits, dot, dash, underscore.")],
    name: Annotated[str, typer.Option(help="Full name.")] = "",
) -> None:
    """Create an administrator and print a first password: it works once, to set one of your own."""
    password = first_password()

    async def work() -> bool:
        pool = await _pool()
        try:
            wanted = {"username": username, "name": name, "role": "administrator"}
            account = _account(wanted, await hash_password(password), must_change=True)
            people = PostgresPeople(pool)
            return await _written(pool, "create-administrator", account, lambda: people.create(account))
        finally:
            await pool.close()

    if not asyncio.run(work()):
        typer.echo(f"There is a person with the user name {username}.", err=True)
        raise typer.Exit(1)
    typer.echo(f"Administrator {username}; first password, shown this once: {password}")


@app.command()
def audit_verify() -> None:
    """Check the audit chain, entry by entry and against its signed heads; 1 and where, if it was touched."""
    found, heads, forged = asyncio.run(_verify())
    if forged:
        typer.echo(f"{forged} signed head(s) are not signed by this installation's key.", err=True)
        raise typer.Exit(1)
    if isinstance(found, Finding):
        typer.echo(f"Entry {found.seq} {_SAID[found.fault]}.", err=True)
        raise typer.Exit(1)
    typer.echo(f"The audit chain is whole: {found} entries, {heads} signed heads.")


async def _verify() -> tuple[Finding | int, int, int]:
    settings = load(Settings)
    key = HeadKey.load(settings.audit_key_file, settings.audit_heads_file)
    pool = await _pool()
    try:
        chain = PostgresAudit(pool, pool)
        texts = {*await chain.heads(), *key.kept()}
        heads: list[Head] = []
        for text in texts:
            head = key.verify(text)
            if head is not None:
                heads.append(head)
        links = [link async for link in chain.links()]
        return verify(links, heads), len(heads), len(texts) - len(heads)
    finally:
        await pool.close()
