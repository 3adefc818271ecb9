"""A stranger's device, made from the description of the wire alone, lives its day on the whole product."""

import asyncio
import base64
import hashlib
import hmac
import json
import secrets
import struct
import subprocess
import sys
import time
import uuid
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from deploy.native.places import PROJECT
from deploy.native.stack import Stack
from tests.e2e.foreign_device import commands

# Started from here, the program finds itself and nothing of the product.
HERE = Path(__file__).parent
CREDIT_CODE_CHARACTERS = "0123456789ABCDEFGHJKLMNPQRTUWXY"
ALERT_LIMIT_S = 1.0
RECEIPTS_LIMIT_S = 30.0
STORED_LIMIT_S = 5.0
REFUSED = 3


def one_time_code(secret: str) -> str:
    digest = hmac.digest(base64.b32decode(secret), struct.pack(">Q", int(time.time()) // 30), hashlib.sha1)
    start = digest[-1] & 15
    return f"{(struct.unpack('>I', digest[start : start + 4])[0] & 0x7FFFFFFF) % 10**6:06d}"


def credit_code(base: str) -> str:
    total = sum(CREDIT_CODE_CHARACTERS.index(letter) * pow(3, at, 31) for at, letter in enumerate(base))
    return base + CREDIT_CODE_CHARACTERS[(31 - total % 31) % 31]


class Stranger:
    """Somebody with an account, the addresses, and the description of the wire."""

    def __init__(self, portal: str, account: dict[str, Any], mqtt: dict[str, Any], folder: Path) -> None:
        self._mqtt, self._folder = mqtt, folder
        self.http = httpx.Client(base_url=f"{portal}/api/v1", timeout=10)
        otp = {"otp": one_time_code(account["totp_secret"])} if account["totp_secret"] else {}
        names = {name: account[name] for name in ("username", "password")}
        token = self.post("session", {**names, **otp}).json()["token"]
        self.http.cookies.clear()
        self.http.headers["Authorization"] = f"Bearer {token}"
        tail = f"{secrets.randbelow(10**5):05d}"
        self.operator_id, self.site_id = f"op-foreign-{tail}", f"site-foreign-{tail}"
        self.client, self.detector, self.valve = f"fc-{tail}", f"fd-{tail}", f"fv-{tail}"
        self.devices = (self.client, self.detector, self.valve)
        self._tail = tail

    def post(self, path: str, body: Any = None, key: str = "", **headers: str) -> httpx.Response:
        headers["Idempotency-Key"] = key or str(uuid.uuid4())
        answer = self.http.post(path, json=body, headers=headers)
        assert answer.status_code < 300, answer.text
        return answer

    def register(self) -> None:
        code = credit_code(f"91530602MA6F{self._tail}")
        place = {"operator_id": self.operator_id, "area_code": "530602"}
        self.post("operators", {**place, "name": "异厂燃气", "credit_code": code})
        more = {"kind": "restaurant", "address": "异厂路 1 号", "longitude": 103.7, "latitude": 27.3}
        what = {"site_id": self.site_id, "name": "异厂饭馆", "obliged": True, "auto_close": True}
        self.post("sites", {**place, **more, **what})
        self._device(self.client, "controller")
        self._device(self.detector, "detector", gas="LPG", lel_basis_volpct=1.5, controller_id=self.client)
        self._device(self.valve, "valve", controller_id=self.client)

    def _device(self, device_id: str, kind: str, **more: Any) -> None:
        where = {"device_id": device_id, "site_id": self.site_id, "zone": "z1", "kind": kind}
        made = {"model": "foreign-1", "serial": device_id, "installed_on": "2026-01-05"}
        self.post("devices", {**where, **made, **more})

    def certify(self, name: str = "device", key: str = "") -> dict[str, Any]:
        """Ask for a certificate and write what the program reads; return the answer."""
        got: dict[str, Any] = self.post(f"devices/{self.client}/credentials", key=key).json()
        files = {}
        for part in ("certificate", "key", "ca"):
            if got.get(part):
                files[part] = str(self._folder / f"{name}.{part}")
                Path(files[part]).write_text(got[part])
        detector = {"device_id": self.detector, "kind": "detector", "gas": "LPG"}
        others = [
            {"device_id": self.client, "kind": "controller"},
            {"device_id": self.valve, "kind": "valve"},
        ]
        config = {
            **files, "client": self.client, "devices": [*others, detector],
            "host": self._mqtt["host"], "port": self._mqtt["port_tls"],
            "command_keys": got["command_keys"], "memory": str(self._folder / "memory.json"),
        }  # fmt: skip
        (self._folder / f"{name}.json").write_text(json.dumps(config))
        return got

    def start(self, *options: str, name: str = "device") -> subprocess.Popen[str]:
        config = str(self._folder / f"{name}.json")
        argv = [sys.executable, "-W", "error", "-m", "foreign_device", config, *options]
        return subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=HERE)

    def run(self, *options: str, name: str = "device") -> tuple[int, dict[str, Any]]:
        with self.start(*options, name=name) as process:
            return summary(process)

    def alerts(self) -> list[dict[str, Any]]:
        answer = self.http.get("alerts", params={"site_id": self.site_id})
        return list(answer.json()["items"])

    def readings(self, device_id: str) -> list[dict[str, Any]]:
        """Return all pages of a device's readings."""
        now, found = datetime.now(UTC), []
        span = {name: (now + timedelta(minutes=m)).isoformat() for name, m in (("from", -5), ("to", 5))}
        params = {"device_id": device_id, "limit": "7", **span}
        while True:
            page = self.http.get("readings", params=params).json()
            found += page["items"]
            if not page["next_cursor"]:
                return found
            params["cursor"] = page["next_cursor"]

    def retire(self) -> None:
        for device_id in reversed(self.devices):
            tag = self.http.get(f"devices/{device_id}").headers["ETag"]
            self.post(f"devices/{device_id}:retire", **{"If-Match": tag})


def summary(process: subprocess.Popen[str]) -> tuple[int, dict[str, Any]]:
    out, error = process.communicate(timeout=RECEIPTS_LIMIT_S)
    assert error == ""
    return process.returncode, json.loads(out.splitlines()[-1])


def seconds_until_alert(stranger: Stranger, process: subprocess.Popen[str]) -> float:
    """Return how long after the program's alarm the API showed a P1 alert of high gas."""
    assert process.stdout is not None
    raised = float(json.loads(process.stdout.readline())["alarm_at"])
    while time.time() < raised + 10:
        if any(alert["rule"] == "G02" and alert["active"] for alert in stranger.alerts()):
            return time.time() - raised
        time.sleep(0.02)
    raise AssertionError("no alert")


def encoded(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def test_the_device_obeys_only_what_a_known_key_has_signed():
    private = Ed25519PrivateKey.generate()
    keys = {"keys": [{"kid": "k", "kty": "OKP", "x": encoded(private.public_key().public_bytes_raw())}]}
    header, claims = {"alg": "Ed25519", "typ": "gas-cmd+jwt", "kid": "k"}, {"valve_id": "v"}

    def opened(header: dict[str, str], signer: Ed25519PrivateKey = private, tail: str = "") -> Any:
        signed = ".".join(encoded(json.dumps(part).encode()) for part in (header, claims))
        token = f"{signed}.{encoded(signer.sign(signed.encode()))}{tail}"
        return commands.opened(token.encode(), keys)

    assert opened(header) == claims
    assert opened(header, Ed25519PrivateKey.generate()) is None
    assert opened({**header, "alg": "none"}) is None
    assert opened({**header, "typ": "JWT"}) is None
    assert opened({**header, "kid": "another"}) is None
    assert opened(header, tail=".x") is None


@pytest.mark.parametrize(
    ("changed", "now_ms", "verdict"),
    [
        ({}, 99, ("accepted", "")),
        ({"seq": 7}, 99, ("refused", "replayed")),
        ({}, 101, ("refused", "expired")),
        ({}, None, ("refused", "clock_unset")),
        ({"command_id": "last"}, None, ("done", "")),
        ({"action": "open"}, 99, ("refused", "unknown_action")),
        ({"valve_id": "other", "action": "open"}, 99, ("refused", "wrong_valve")),
        ({"seq": None}, 99, ("refused", "bad_field")),
    ],
)
def test_the_device_refuses_in_the_order_of_the_wire(changed, now_ms, verdict):
    claims = {"command_id": "new", "valve_id": "v", "action": "close", "seq": 8, "expires_at_ms": 100}
    executed = {"v": {"command_id": "last", "seq": 7}}
    assert commands.judged(claims | changed, executed, now_ms) == verdict


@pytest.fixture
def stranger(stack: Stack, tmp_path: Path):
    account = {
        "username": f"stranger-{secrets.token_hex(3)}", "password": secrets.token_urlsafe(12),
        "role": "administrator", "totp_secret": base64.b32encode(secrets.token_bytes(20)).decode(),
    }  # fmt: skip
    (tmp_path / "accounts.json").write_text(json.dumps([account]))
    subprocess.run(
        [sys.executable, "-m", "services.portal", "add-accounts", str(tmp_path / "accounts.json")],
        env=stack.environment("portal"), cwd=PROJECT, check=True,
    )  # fmt: skip
    mqtt = {"host": stack.engines.mqtt.host, "port_tls": stack.engines.mqtt.port_tls}
    found = Stranger(stack.url("portal"), account, mqtt, tmp_path)
    yield found
    found.http.close()


async def stored(dsn: str, devices: tuple[str, ...]) -> set[tuple[str, str, int, int]]:
    """Return what the views hold of some devices: (leaf, device, boot, seq)."""
    connection = await asyncpg.connect(dsn)
    try:
        found = set()
        for leaf, view in (("reading", "reading_v1"), ("event", "device_event_v1")):
            rows = await connection.fetch(
                f"SELECT device_id, boot_id, seq FROM public.{view} WHERE device_id = ANY($1)"
                " AND seq IS NOT NULL",  # ingestion's own `connection` has none
                list(devices),
            )
            found |= {(leaf, *row) for row in rows}
        return found
    finally:
        await connection.close()


@pytest.mark.engines
async def test_a_device_made_from_the_description_alone_is_served_like_any_other(stack, stranger):
    assert stack.database is not None
    await lives_its_day(stranger, stack.database.reader)


async def lives_its_day(stranger: Stranger, dsn: str) -> None:
    """Registration, certificate, power without a network, a leak, the closed valve, and the end."""
    stranger.register()
    first = stranger.certify(key="shown-once-" + stranger.client)
    again = stranger.post(
        f"devices/{stranger.client}/credentials", key="shown-once-" + stranger.client
    ).json()
    assert "PRIVATE KEY" in first["key"]
    assert "PRIVATE KEY" not in json.dumps(again)
    assert again["certificate"] == first["certificate"]

    code, before = stranger.run("--unplugged")
    assert (code, before["receipted"]) == (0, 0)
    with stranger.start("--leak") as process:
        assert seconds_until_alert(stranger, process) < ALERT_LIMIT_S
        code, day = summary(process)
    assert (code, day["fault"], day["rejected"], day["unreceipted"]) == (0, None, [], 0)
    assert day["connects"] == 2
    made = {tuple(one) for one in before["made"] + day["made"]}
    assert day["receipted"] == len(made)
    assert [verdict for _, verdict, _ in day["commands"]] == ["accepted", "done"]
    assert day["valves"] == {stranger.valve: "closed"}

    end = time.monotonic() + STORED_LIMIT_S  # a receipt says that Kafka has it; the books follow
    while await stored(dsn, stranger.devices) != made and time.monotonic() < end:
        await asyncio.sleep(0.05)
    assert await stored(dsn, stranger.devices) == made
    readings = {
        ("reading", one["device_id"], one["boot_id"], one["seq"])
        for device_id in stranger.devices
        for one in stranger.readings(device_id)
    }
    assert readings == {one for one in made if one[0] == "reading"}

    stranger.retire()
    code, last = stranger.run()
    assert (code, last["connects"]) == (REFUSED, 0), last
