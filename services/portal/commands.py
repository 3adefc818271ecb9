"""The portal's command line for who has the machine but no account yet."""

import asyncio
import json
import sys
from pathlib import Path

from services.portal.adapters.postgres import PostgresPeople
from services.portal.domain.people import Account
from services.portal.handlers.signing_in import hash_password
from services.portal.settings import Settings
from shared.chassis.database import open_pool
from shared.chassis.settings import load, secret


def add_accounts(arguments: list[str]) -> int:
    """Create the accounts of a JSON file: a list of username, password, role, name, scope, totp_secret."""
    if len(arguments) != 1 or not Path(arguments[0]).is_file():
        sys.stderr.write("Usage: python -m services.portal add-accounts FILE.json\n")
        return 2
    wanted = json.loads(Path(arguments[0]).read_text())
    asyncio.run(_add(wanted))
    return 0


async def _add(wanted: list[dict[str, str | None]]) -> None:
    dsn = secret(load(Settings).database_worker_dsn, "GW_DATABASE_WORKER_DSN")
    pool = await open_pool(dsn, application_name="portal add-accounts")
    try:
        store = PostgresPeople(pool)
        for one in wanted:
            await store.add(
                Account(
                    username=one["username"] or "",
                    name=one.get("name") or one["username"] or "",
                    password_hash=await hash_password(one["password"] or ""),
                    role=one["role"] or "",
                    operator_id=one.get("operator_id"),
                    area_code=one.get("area_code"),
                    crew_id=one.get("crew_id"),
                    totp_secret=one.get("totp_secret"),
                    totp_last_step=0,
                    disabled=False,
                )
            )
    finally:
        await pool.close()
