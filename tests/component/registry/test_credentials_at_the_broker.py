"""From the API to the broker: an issued certificate connects, a revoked one does not; others stay."""

import asyncio
import contextlib
import ssl
import time
from pathlib import Path

import pytest

from deploy.native.mosquitto import CONNACK_ACCEPTED, CONNECT
from tests.component.registry.test_registry_process import environment, started, until
from tests.conftest import Broker, DatabaseFactory
from tests.integration.registry.harness import device, operator, site

PINGREQ, PINGRESP = bytes((0xC0, 0)), bytes((0xD0, 0))


async def close(writer: asyncio.StreamWriter) -> None:
    writer.close()
    with contextlib.suppress(OSError):
        await writer.wait_closed()


async def connect(
    broker: Broker, certificate: Path, key: Path
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter] | None:
    """Return an MQTT connection, or None when the broker refuses the certificate."""
    context = ssl.create_default_context(cafile=str(broker.ca_file))
    context.load_cert_chain(certificate, key)
    try:
        reader, writer = await asyncio.open_connection(broker.host, broker.port, ssl=context)
    except OSError:
        return None
    try:
        writer.write(CONNECT)
        answer = await reader.readexactly(4)
    except (OSError, asyncio.IncompleteReadError):
        await close(writer)
        return None
    assert answer == CONNACK_ACCEPTED
    return reader, writer


async def refuses(broker: Broker, certificate: Path, key: Path) -> bool:
    again = await connect(broker, certificate, key)
    if again is not None:
        await close(again[1])
    return again is None


@pytest.fixture
async def env(
    database: DatabaseFactory, kafka_bootstrap: str, topic_prefix: str, tmp_path: Path, mqtt_broker: Broker
) -> dict[str, str]:
    found = environment(await database("registry"), kafka_bootstrap, topic_prefix, tmp_path)
    return found | {
        "GW_CRL_FILE": str(mqtt_broker.process.crl_file),
        "GW_BROKER_PID_FILE": str(mqtt_broker.process.daemon.pid_file),
        "GW_MQTT_HOST": mqtt_broker.host,
        "GW_MQTT_PORT": str(mqtt_broker.port),
    }


async def test_a_revoked_certificate_is_refused_and_others_are_not_dropped(
    env: dict[str, str], mqtt_broker: Broker, tmp_path: Path
) -> None:
    async with started(env) as registry:
        await registry.made("operators", operator())
        await registry.made("sites", site())
        files = {}
        for id_ in ("dev-1", "dev-2"):
            await registry.made("devices", device(id_))
            found = (await registry.post(f"devices/{id_}/credentials", None, f"issue-{id_}")).json()
            files[id_] = (tmp_path / f"{id_}.crt", tmp_path / f"{id_}.key")
            files[id_][0].write_text(found["certificate"])
            files[id_][1].write_text(found["key"])
        other = await connect(mqtt_broker, *files["dev-2"])
        mine = await connect(mqtt_broker, *files["dev-1"])
        assert other is not None
        assert mine is not None
        await close(mine[1])
        begun = time.monotonic()
        assert (await registry.post("devices/dev-1:revoke-credentials", None, "revoke")).status_code == 200

        await until(lambda: refuses(mqtt_broker, *files["dev-1"]), 5, "the refusal")
        assert time.monotonic() - begun < 5
        other[1].write(PINGREQ)
        assert await asyncio.wait_for(other[0].readexactly(2), 5) == PINGRESP
        await close(other[1])
        fresh = (await registry.post("devices/dev-1/credentials", None, "again")).json()
        files["dev-1"][0].write_text(fresh["certificate"])
        files["dev-1"][1].write_text(fresh["key"])
        back = await connect(mqtt_broker, *files["dev-1"])
        assert back is not None
        await close(back[1])


async def test_new_credentials_put_out_who_is_still_connected_with_the_revoked_ones(
    env: dict[str, str], mqtt_broker: Broker, tmp_path: Path
) -> None:
    """Mosquitto keeps what was connected before the revocation; ingestion would believe it again."""
    async with started(env) as registry:
        await registry.made("operators", operator())
        await registry.made("sites", site())
        await registry.made("devices", device("dev-1"))
        found = (await registry.post("devices/dev-1/credentials", None, "issue")).json()
        pair = tmp_path / "dev-1.crt", tmp_path / "dev-1.key"
        pair[0].write_text(found["certificate"])
        pair[1].write_text(found["key"])
        thief = await connect(mqtt_broker, *pair)
        assert thief is not None
        await registry.post("devices/dev-1:revoke-credentials", None, "revoke")
        thief[1].write(PINGREQ)
        assert await asyncio.wait_for(thief[0].readexactly(2), 5) == PINGRESP
        assert (await registry.post("devices/dev-1/credentials", None, "again")).status_code == 201
        assert await asyncio.wait_for(thief[0].read(), 5) == b""
        await close(thief[1])
        await until(lambda: refuses(mqtt_broker, *pair), 5, "the refusal")
        await registry.post("devices/dev-1:revoke-credentials", None, "once more")
        mqtt_broker.process.stop()
        refused = await registry.post("devices/dev-1/credentials", None, "in vain")
        assert (refused.status_code, refused.json()["type"]) == (503, "unavailable")
