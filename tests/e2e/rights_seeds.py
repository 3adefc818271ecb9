"""Gives each firm one of everything through the API, as its people would; an alert comes from a device."""

import asyncio
import base64
import io
import json
import secrets
import subprocess
import sys
import uuid
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from PIL import Image
from stdnum.cn import uscc

from tests.e2e.rights_ground import AREA_OF_FIRM, LIMIT_S, NOWHERE, Ground, Owner


async def prepare(ground: Ground) -> None:
    """Create everybody and everything."""
    async with ground.opened():
        await ground.add_everybody()
        await Seeds(ground).plant()


class Seeds:
    """One of everything for each firm."""

    def __init__(self, ground: Ground) -> None:
        self.ground = ground

    async def plant(self) -> None:
        """Create it all; each crew has an order in hand before the leaks come."""
        owners = self.ground.owners
        await asyncio.gather(*(self._registers(firm) for firm in AREA_OF_FIRM))
        await asyncio.gather(*(self._works(firm) for firm in AREA_OF_FIRM))
        second = await self._crew("a", "a2", "second")
        await asyncio.gather(*(self._leak(firm) for firm in AREA_OF_FIRM))
        # What happens to this account of theirs happens to nobody who signs in.
        account = {"username": f"account-d-{self.ground.tail}", "name": "n", "role": "watch"}
        made = await self.ground.do(
            "administrator", "people", {**account, "operator_id": self.ground.operator("d")}
        )
        owners["d"].things["people"] = made["username"]
        owners["a2"] = Owner("a2", "a", owners["a"].area, second["crews"], owners["a"].things | second)
        owners["none"] = Owner("none", None, "", None, dict(NOWHERE))

    async def _registers(self, firm: str) -> None:
        area, operator_id = AREA_OF_FIRM[firm], self.ground.operator(firm)
        code = f"91{area}MA{self.ground.tail.upper()}{'abcd'.index(firm)}"
        place = {"operator_id": operator_id, "area_code": area}
        await self.ground.do(
            "administrator", "operators",
            {**place, "name": f"燃气 {firm}", "credit_code": code + uscc.calc_check_digit(code)},
        )  # fmt: skip
        dates = {"issued_on": "2026-01-05", "valid_from": "2026-01-05", "valid_to": "2029-01-04"}
        what = {"number": f"滇 {firm} {self.ground.tail}", "class": "bottled", "issued_by": "燃气管理部门"}
        ids = {"licence_id": f"licence-{firm}-{self.ground.tail}", "operator_id": operator_id}
        await self.ground.do("administrator", "licences", {**ids, **what, **dates, "area_codes": [area]})
        for name in ("leaking", "first", "second"):
            sort = {
                "kind": "restaurant",
                "obliged": True,
                "auto_close": True,
                "name": name,
                "address": "路 1 号",
            }
            where = {"longitude": 103.7, "latitude": 27.3}
            await self.ground.do(
                "administrator", "sites", {**place, **sort, **where, "site_id": self.site(firm, name)}
            )
        for kind, more in _devices(self.client(firm)):
            device = {"device_id": f"{kind}-{firm}-{self.ground.tail}", "site_id": self.site(firm, "leaking")}
            made = {"zone": "z1", "model": "m", "serial": "s", "installed_on": "2026-01-05", "kind": kind}
            await self.ground.do("administrator", "devices", {**device, **made, **more})

    def site(self, firm: str, name: str) -> str:
        return f"site-{name}-{firm}-{self.ground.tail}"

    def client(self, firm: str) -> str:
        return f"controller-{firm}-{self.ground.tail}"

    async def _works(self, firm: str) -> None:
        area, tail = AREA_OF_FIRM[firm], self.ground.tail
        place = {"operator_id": self.ground.operator(firm), "area_code": area}
        watch = self.ground.people[f"watch-{firm}"]
        things = {
            "operators": self.ground.operator(firm), "licences": f"licence-{firm}-{tail}",
            "sites": self.site(firm, "leaking"), "devices": f"detector-{firm}-{tail}",
            "valves": f"valve-{firm}-{tail}", "contacts": f"contact-{firm}-{tail}",
            "routes": f"route-{firm}-{tail}", "people": watch.username,
        }  # fmt: skip
        told = {"name": "值班", "role": "watch", "person": watch.username}
        address = {"addresses": [{"channel": "app", "address": watch.username}]}
        await self.ground.do(
            "administrator", "contacts", {"contact_id": things["contacts"], **place, **told, **address}
        )
        rule = {"topic": "order", "priorities": ["P1"], "roles": ["watch"]}
        await self.ground.do("administrator", "routes", {"route_id": things["routes"], **place, **rule})
        later = (datetime.now(UTC) + timedelta(days=2)).isoformat()
        change = {
            "value": 40,
            "effective_from": later,
            "reason": "本站更低",
            "scope": f"site:{things['sites']}",
        }
        proposal = await self.ground.do(f"watch_supervisor-{firm}", "rules/G02:propose", change)
        note = {"handover_id": str(uuid.uuid4()), "text": "无事"}
        things |= {
            "rule-proposals": proposal["proposal_id"],
            "handovers": (await self.ground.do(f"watch-{firm}", "handovers", note))["handover_id"],
        }
        sessions = await self.ground.get(f"watch-{firm}", "sessions")
        things["sessions"] = sessions["items"][0]["session_id"]
        subscribed = await self.ground.do(f"watch-{firm}", "push-subscriptions", subscription(firm + tail))
        things["push-subscriptions"] = subscribed["subscription_id"]
        things |= await self._crew(firm, firm, "first")
        self.ground.owners[firm] = Owner(firm, firm, area, f"crew-{firm}-{tail}", things)

    async def _crew(self, firm: str, crew: str, site: str) -> dict[str, str]:
        """Put a crew on shift and give it an order, which it takes."""
        id_, now = f"crew-{crew}-{self.ground.tail}", datetime.now(UTC)
        people = [self.ground.people[f"crew_{name}-{crew}"].username for name in ("lead", "member")]
        made = {"name": "班", "lead": people[0], "members": people, "longitude": 103.7, "latitude": 27.3}
        place = {"operator_id": self.ground.operator(firm), "area_code": AREA_OF_FIRM[firm]}
        await self.ground.do("administrator", "crews", {"crew_id": id_, **place, **made})
        shift = {"from": (now - timedelta(hours=1)).isoformat(), "to": (now + timedelta(hours=9)).isoformat()}
        await self.ground.do(
            "administrator",
            "shifts",
            {"shift_id": f"shift-{crew}-{self.ground.tail}", "crew_id": id_, **shift},
        )
        wanted = {"site_id": self.site(firm, site), "kind": "inspection", "priority": "P3", "text": "查看"}
        order = await self.ground.do(f"dispatcher-{firm}", "orders", wanted)
        if order["crew_id"] != id_:
            await self.ground.do(
                f"dispatcher-{firm}", f"orders/{order['order_id']}:reassign", {"crew_id": id_}
            )
        await self.ground.do(f"crew_lead-{crew}", f"orders/{order['order_id']}:accept")
        photo = {"files": {"file": ("p.png", picture())}, "data": {"order_id": order["order_id"]}}
        sent = await self.ground.do(f"dispatcher-{firm}", "attachments", **photo)
        return {
            "orders": order["order_id"], "crews": id_, "shifts": f"shift-{crew}-{self.ground.tail}",
            "attachments": sent["attachment_id"],
        }  # fmt: skip

    async def _leak(self, firm: str) -> None:
        """Let a device find gas; then there is an alert, a command to the valve, and who was told."""
        got = await self.ground.do("administrator", f"devices/{self.client(firm)}/credentials")
        files = {name: str(self.ground.folder / f"{firm}.{name}") for name in ("certificate", "key", "ca")}
        _write({file: got[name] for name, file in files.items()})
        ids = [(kind, f"{kind}-{firm}-{self.ground.tail}") for kind in ("controller", "detector", "valve")]
        devices = [{"device_id": id_, "kind": kind, "gas": "LPG"} for kind, id_ in ids]
        mqtt = self.ground.stack.engines.mqtt
        config = {
            **files, "client": self.client(firm), "devices": devices, "host": mqtt.host,
            "port": mqtt.port_tls, "command_keys": got["command_keys"],
            "memory": str(self.ground.folder / f"{firm}.memory"),
        }  # fmt: skip
        told = str(self.ground.folder / f"{firm}.json")
        _write({told: json.dumps(config)})
        argv, here = [sys.executable, "-m", "foreign_device", told, "--leak"], Path(__file__).parent
        run = await asyncio.to_thread(
            subprocess.run, argv, check=False, capture_output=True, text=True, cwd=here
        )
        assert run.returncode == 0, run.stdout + run.stderr
        things, site_id = self.ground.owners[firm].things, self.site(firm, "leaking")
        things["alerts"] = (await self._first(f"watch-{firm}", "alerts", site_id))["alert_id"]
        things["deliveries"] = (await self._first(f"watch-{firm}", "deliveries", site_id))["delivery_id"]

    async def _first(self, who: str, path: str, site_id: str) -> dict[str, Any]:
        async with asyncio.timeout(LIMIT_S):
            while not (found := (await self.ground.get(who, path, site_id=site_id))["items"]):
                await asyncio.sleep(0.2)
        return dict(found[0])


def _devices(client: str) -> Iterable[tuple[str, dict[str, Any]]]:
    under = {"controller_id": client}
    return (
        ("controller", {}),
        ("detector", {"gas": "LPG", "lel_basis_volpct": 1.5, **under}),
        ("valve", under),
    )


def _write(files: dict[str, str]) -> None:
    for file, text in files.items():
        Path(file).write_text(text)


def subscription(name: str) -> dict[str, Any]:
    """Return what a browser says that wants to be rung."""
    point = ec.generate_private_key(ec.SECP256R1()).public_key()
    raw = point.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    keys = {"p256dh": raw, "auth": secrets.token_bytes(16)}
    coded = {name: base64.urlsafe_b64encode(key).rstrip(b"=").decode() for name, key in keys.items()}
    return {"endpoint": f"https://fcm.googleapis.com/fcm/send/{name}", "keys": coded}


def picture() -> bytes:
    """Return a small photo."""
    file = io.BytesIO()
    Image.new("RGB", (8, 8), "red").save(file, "PNG")
    return file.getvalue()
