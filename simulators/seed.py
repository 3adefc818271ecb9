"""Registers a city through the API, as an administrator would: CSV imports, verbs, certificates, crews."""

import csv
import io
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from simulators.api import Api
from simulators.city import City, Row
from simulators.people import crews

CREDENTIALS_AT_ONCE = 100
# Where an operator's crews wait: area, longitude, latitude.
BASES = {"op-zhaoyun": ("530602", 103.70, 27.33), "op-wumeng": ("530627", 104.86, 27.44)}
_SKILLS = ["leak", "valve", "pressure", "station", "detector", "patrol"]


def to_csv(rows: list[Row]) -> bytes:
    """Return rows as CSV in UTF-8 with the columns of all of them."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    text = io.StringIO()
    writer = csv.DictWriter(text, names, restval="")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


async def register(api: Api, city: City) -> None:
    """Import operators, licences, sites and devices."""
    for name in ("operators", "licences", "sites", "devices"):
        rows: list[Row] = getattr(city, name)
        await api.call(
            "POST",
            f"{name}:import",
            content=to_csv(rows),
            headers={"Content-Type": "text/csv; charset=utf-8"},
        )
    for licence_id, verb in city.licence_verbs:
        await api.post(f"licences/{licence_id}:{verb}", {"reason": "演示数据", "on": "2025-06-01"})


async def certify(api: Api, clients: list[str], folder: Path) -> dict[str, Any]:
    """Write a certificate and key for each client; return the keys that valves trust."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    keys: dict[str, Any] = {}
    for start in range(0, len(clients), CREDENTIALS_AT_ONCE):
        answer = await api.post(
            "devices:credentials", {"device_ids": clients[start : start + CREDENTIALS_AT_ONCE]}
        )
        keys = answer["command_keys"]
        for one in answer["items"]:
            key = folder / f"{one['device_id']}.key"
            key.touch(mode=0o600)
            key.write_text(one["key"])
            (folder / f"{one['device_id']}.crt").write_text(one["certificate"])
    return keys


async def contacts(api: Api, accounts: list[dict[str, Any]]) -> None:
    """Write down whom to tell: everybody who watches, dispatches, manages or drives, on two channels."""
    told = {"watch", "watch_supervisor", "dispatcher", "crew_lead", "crew_member", "administrator"}
    people = [one for one in accounts if one["role"] in told]
    manager = next(one for one in accounts if one["role"] == "operator_admin")
    for one in [*people, manager | {"role": "duty_manager"}]:
        await api.post(
            "contacts",
            {
                "contact_id": f"contact-{one['username']}",
                "operator_id": one["operator_id"],
                "area_code": "530600",
                "name": one["name"],
                "role": one["role"],
                "person": one["username"],
                "crew_id": one["crew_id"],
                "addresses": [{"channel": name, "address": one["username"]} for name in ("app", "sms")],
            },
        )


def crew_name(lead: str) -> str:
    """Return what a crew is called, of which this is the lead (一班班长: 一班; 乌蒙班长: 乌蒙班)."""
    return lead.removesuffix("班长").removesuffix("班") + "班"


async def man(api: Api, accounts: list[dict[str, Any]]) -> None:
    """Create crews, each where its operator's sites are, and put them on shift."""
    now = datetime.now(UTC)
    for number, (crew_id, members) in enumerate(sorted(crews(accounts).items()), start=1):
        area_code, longitude, latitude = BASES[members[0]["operator_id"]]
        await api.post(
            "crews",
            {
                "crew_id": crew_id,
                "operator_id": members[0]["operator_id"],
                "area_code": area_code,
                "name": crew_name(members[0]["name"]),
                "lead": members[0]["username"],
                "members": [one["username"] for one in members],
                "skills": _SKILLS,
                "longitude": round(longitude + number * 0.01, 4),
                "latitude": latitude,
            },
        )
        await api.post(
            "shifts",
            {
                "shift_id": f"shift-{crew_id}",
                "crew_id": crew_id,
                "from": (now - timedelta(hours=1)).isoformat(),
                "to": (now + timedelta(hours=11)).isoformat(),
                "on_duty": True,
            },
        )
