"""The whole product on engines of its own, with a small city registered through the API."""

import asyncio
import json
import ssl
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import pytest
from joserfc.jwk import KeySet, KeySetSerialization

from deploy.native import session
from deploy.native.engines import Engines
from deploy.native.pki import write_private
from deploy.native.places import PROJECT
from deploy.native.stack import Stack
from simulators import people, seed
from simulators.api import Api
from simulators.city import City, build
from simulators.client import Broker
from tests.faults.proxy import Proxy

AREA = "530602"


def scenario(sites: int, talkers: int) -> dict[str, Any]:
    """Return a city of users with one detector and one valve each, and of detectors alone."""
    common = {"operator": "op-zhaoyun", "kind": "restaurant", "county": AREA, "detectors": 1}
    return {
        "seed": 1,
        "prefecture": "530600",
        "counties": [{"code": AREA, "name": "昭阳区", "longitude": 103.7, "latitude": 27.3, "users": 0}],
        "operators": [
            {
                "id": name,
                "name": name,
                "county": AREA,
                "class": "pipeline",
                "licence": "valid",
                "areas": [AREA],
            }
            for name in ("op-zhaoyun", "op-wumeng")
        ],
        "stations": [],
        "named_sites": [
            *(
                common | {"id": f"f{n:03d}", "name": f"f{n:03d}", "auto_close": True, "valve": True}
                for n in range(sites)
            ),
            *(common | {"id": f"t{n:03d}", "name": f"t{n:03d}", "valve": False} for n in range(talkers)),
        ],
    }


@dataclass
class World:
    """What lives as long as the session: engines, services, the registered city."""

    engines: Engines
    stack: Stack
    proxy: Proxy
    keys: KeySet
    broker: Broker
    city: City
    sites: Iterator[str]
    talkers: list[str]
    watchdog_late_s: float

    @property
    def dsn(self) -> str:
        """Return the superuser's address of the database."""
        return self.engines.postgres.dsn


def start(*, sites: int, talkers: int, watchdog: dict[str, str]) -> Iterator[World]:
    """Start everything, register the city, and stop everything at the end."""
    with session.own(name="-faults") as engines:
        if not isinstance(engines, Engines):
            pytest.skip("only the native engines can be killed one by one")
        yield from _start(engines, sites, talkers, watchdog)


def _start(engines: Engines, sites: int, talkers: int, watchdog: dict[str, str]) -> Iterator[World]:
    addresses = engines.addresses()
    folder = Path(addresses.state)
    proxy: Proxy | None = None
    stack: Stack | None = None
    try:
        proxy = Proxy(addresses.mqtt.host, addresses.mqtt.port_tls)
        stack = Stack(
            addresses, folder, extra={"ingestion": {"GW_MQTT_PORT": str(proxy.port)}, "watchdog": watchdog}
        )
        stack.prepare()
        stack.start()
        city = build(scenario(sites, talkers))
        keys = asyncio.run(_register(stack, city))
        certificates = Path(addresses.mqtt.certs_dir)
        yield World(
            engines,
            stack,
            proxy,
            KeySet.import_key_set(cast("KeySetSerialization", keys)),
            _broker(addresses.mqtt, certificates),
            city,
            iter(sorted(row["site_id"] for row in city.sites if row["site_id"].startswith("f"))),
            sorted(row["device_id"] for row in city.devices if row["site_id"].startswith("t")),
            float(watchdog.get("GW_LATE_S", "60")),
        )
    finally:
        if stack is not None:
            stack.stop()
        if proxy is not None:
            proxy.stop()


def _broker(mqtt: Any, certificates: Path) -> Broker:
    def context(client: str) -> ssl.SSLContext:
        found = ssl.create_default_context(cafile=mqtt.ca_file)
        found.load_cert_chain(certificates / f"{client}.crt", certificates / f"{client}.key")
        return found

    return Broker(mqtt.host, mqtt.port_tls, context)


async def _register(stack: Stack, city: City) -> dict[str, Any]:
    accounts = people.make()
    file = stack.folder / "secrets" / "accounts.json"
    write_private(file, json.dumps(accounts).encode())
    done = await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-m", "services.portal", "add-accounts", str(file)],
        env=stack.environment("portal"),
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    api = Api(stack.url("portal"), people.credentials(accounts, "administrator"))
    try:
        await seed.register(api, city)
        await seed.man(api, accounts)
        return await seed.certify(api, city.clients(), Path(stack.engines.mqtt.certs_dir))
    finally:
        await api.close()
