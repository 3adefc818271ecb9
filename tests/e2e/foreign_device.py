"""A controller with its devices by another maker, who had nothing but the description of the wire.

It uses paho-mqtt and the standard library only. `python foreign_device.py CONFIG --leak` speaks once and ends
with a summary as one line of JSON; CONFIG is a file of `host, port, ca, certificate, key` (files), `client`,
`devices` (`device_id, kind, gas?`), `command_keys` (a JWKS) and `memory` (the file that outlives the power).
"""

import argparse
import base64
import contextlib
import hashlib
import json
import os
import queue
import random
import socket
import ssl
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.reasoncodes import ReasonCode

Message = dict[str, Any]
READINGS_MAX = 500
LIST_MAX = 50
BUFFERED_AFTER_MS = 10_000
RETRY_S = {"event": 30.0, "reading": 120.0}
RETRY_MAX_S = 600.0
STROKE_S = 0.3


# --- Ed25519 as RFC 8032 has it: this maker's processor has no library for it ---

P = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P
Point = tuple[int, int, int, int]


def _add(a: Point, b: Point) -> Point:
    less, more = (a[1] - a[0]) * (b[1] - b[0]), (a[1] + a[0]) * (b[1] + b[0])
    c, d = 2 * a[3] * b[3] * D, 2 * a[2] * b[2]
    e, f, g, h = more - less, d - c, d + c, more + less
    return e * f % P, g * h % P, f * g % P, e * h % P


def _times(n: int, a: Point) -> Point:
    total: Point = (0, 1, 1, 0)
    while n:
        if n & 1:
            total = _add(total, a)
        a, n = _add(a, a), n >> 1
    return total


def _point(raw: bytes) -> Point:
    number = int.from_bytes(raw, "little")
    y, odd = number & (2**255 - 1), number >> 255
    square = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * pow(2, (P - 1) // 4, P) % P
    if y >= P or (x * x - square) % P or (x == 0 and odd):
        raise ValueError("not a point of the curve")
    x = P - x if x & 1 != odd else x
    return x, y, 1, x * y % P


BASE = _point((4 * pow(5, -1, P) % P).to_bytes(32, "little"))


def signed_by(public: bytes, signature: bytes, content: bytes) -> bool:
    """Return whether an Ed25519 signature holds."""
    try:
        key, nonce = _point(public), _point(signature[:32])
    except ValueError:
        return False
    s = int.from_bytes(signature[32:], "little")
    if len(signature) != 64 or s >= ORDER:
        return False
    digest = int.from_bytes(hashlib.sha512(signature[:32] + public + content).digest(), "little")
    left, right = _times(s, BASE), _add(nonce, _times(digest % ORDER, key))
    return (left[0] * right[2] - right[0] * left[2]) % P == 0 == (left[1] * right[2] - right[1] * left[2]) % P


def _bytes(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def opened(command: bytes, keys: Message) -> Message | None:
    """Return the claims of a signed command, None when no known key has signed it."""
    try:
        head, claims, signature = command.decode("ascii").split(".")
        header, found = json.loads(_bytes(head)), json.loads(_bytes(claims))
        if (header["alg"], header["typ"]) != ("Ed25519", "gas-cmd+jwt") or not isinstance(found, dict):
            return None
        key = next(key for key in keys["keys"] if key["kid"] == header["kid"])
        good = signed_by(_bytes(key["x"]), _bytes(signature), f"{head}.{claims}".encode())
    except (ValueError, KeyError, TypeError, StopIteration):
        return None
    return found if good else None


def judged(claims: Message | None, executed: dict[str, Message], now_ms: float | None) -> tuple[str, str]:
    """Check in the wire's order: signature, claims, own id, action, same id, expiry, seq.

    `executed`: the last command of each valve of ours; `now_ms`: None before a receipt has set the clock.
    """
    if claims is None:
        return "refused", "bad_signature"
    kinds = {"command_id": str, "valve_id": str, "action": str, "seq": int, "expires_at_ms": int}
    if any(type(claims.get(name)) is not kind for name, kind in kinds.items()):
        return "refused", "bad_field"
    if claims["valve_id"] not in executed:
        return "refused", "wrong_valve"
    if claims["action"] != "close":
        return "refused", "unknown_action"
    last = executed[claims["valve_id"]]
    if claims["command_id"] == last["command_id"]:
        return "done", ""
    if now_ms is None or now_ms > claims["expires_at_ms"]:
        return "refused", "clock_unset" if now_ms is None else "expired"
    return ("accepted", "") if claims["seq"] > last["seq"] else ("refused", "replayed")


# --- what outlives the power ---


class Memory:
    """The number of this start, what nobody has receipted, and the command each valve executed last."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self.kept: Message = {"boot_id": 0, "unreceipted": [], "executed": {}}
        if file.exists():
            self.kept = json.loads(file.read_text())
        self.kept["boot_id"] += 1
        self.save()

    @property
    def unreceipted(self) -> list[Message]:
        return self.kept["unreceipted"]  # type: ignore[no-any-return]

    def save(self) -> None:
        new = self._file.with_suffix(".new")
        with new.open("w") as file:
            json.dump(self.kept, file)
            file.flush()
            os.fsync(file.fileno())
        new.replace(self._file)

    def keep(self, leaf: str, message: Message) -> Message:
        """Keep a message until it is receipted; a full memory drops its oldest reading, never an event."""
        entry = {"leaf": leaf, "message": message, "measured_ms": message["time_ms"], "sent": 0, "next": 0.0}
        self.unreceipted.append(entry)
        readings = [one for one in self.unreceipted if one["leaf"] == "reading"]
        if len(readings) > READINGS_MAX:
            self.unreceipted.remove(readings[0])
        self.save()
        return entry

    def drop(self, gone: Callable[[Message], bool]) -> int:
        """Forget what is receipted and return how many that were."""
        before = len(self.unreceipted)
        self.kept["unreceipted"] = [one for one in self.unreceipted if not gone(one["message"])]
        self.save()
        return before - len(self.unreceipted)


# --- the device ---


class Valve:
    """Where a valve stands, and the command that moves it."""

    def __init__(self) -> None:
        self.position = "open"
        self.command: Message = {}
        self.closed_at = 0.0


class Controller:
    """One client and the devices it speaks for; everything happens in the thread that calls `until`."""

    def __init__(self, config: Message) -> None:
        self._config = config
        self.client = str(config["client"])
        self.memory = Memory(Path(config["memory"]))
        for entry in self.memory.unreceipted:
            entry |= {"sent": 0, "next": 0.0}  # monotonic times end with the power
        self._seq = {one["device_id"]: 0 for one in config["devices"]}
        self.valves = {one["device_id"]: Valve() for one in config["devices"] if one["kind"] == "valve"}
        for valve_id in self.valves:
            self.memory.kept["executed"].setdefault(valve_id, {"command_id": None, "seq": -1})
        self.status, self.lel = "normal", 0.0
        self.offset_ms: float | None = None  # the server's time less the monotonic clock
        self.ready = self.refused = False
        self.done: Message = {"made": [], "receipted": 0, "rejected": [], "commands": [], "connects": 0}
        self._events: queue.Queue[tuple[str, Any]] = queue.Queue()
        self._mqtt = self._make_client()

    def _make_client(self) -> mqtt.Client:
        version = CallbackAPIVersion.VERSION2
        found = mqtt.Client(version, client_id=self.client, protocol=mqtt.MQTTv5)
        context = ssl.create_default_context(cafile=self._config["ca"])
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.load_cert_chain(self._config["certificate"], self._config["key"])
        found.tls_set_context(context)
        found.will_set(self._up("state"), json.dumps(self._state(online=False)), qos=1, retain=True)
        put = self._events.put
        found.on_connect = lambda _c, _u, _f, reason, _p: put(("connected", reason))
        found.on_subscribe = lambda _c, _u, _m, reasons, _p: put(("subscribed", reasons))
        found.on_disconnect = lambda _c, _u, _f, reason, _p: put(("gone", reason))
        found.on_message = lambda _c, _u, message: put((message.topic.rsplit("/", 1)[1], message.payload))
        return found

    def _up(self, leaf: str) -> str:
        return f"gas/v1/{self.client}/up/{leaf}"

    def _state(self, *, online: bool) -> Message:
        more = {"time_ms": int(time.time() * 1000), "firmware": "foreign-1"} if online else {}
        return {"online": online, "boot_id": self.memory.kept["boot_id"], **more}

    # --- what it says ---

    def say(self, leaf: str, device_id: str, **fields: Any) -> None:
        """Keep a reading or an event in the file, then send it if somebody listens."""
        ids = {"device_id": device_id, "boot_id": self.memory.kept["boot_id"], "seq": self._seq[device_id]}
        self._seq[device_id] += 1
        entry = self.memory.keep(leaf, {**ids, "time_ms": int(time.time() * 1000), **fields})
        self.done["made"].append([leaf, *ids.values()])
        if self.ready:
            self._send(leaf, [entry])

    def event(self, device_id: str, kind: str, **data: Any) -> None:
        self.say("event", device_id, type=kind, data=data)

    def measure(self) -> None:
        """One reading of each device."""
        for one in self._config["devices"]:
            kind = one["kind"]
            fields: Message = {"status": "normal"}
            if kind == "detector":
                fields = {"status": self.status, "gas": one["gas"], "lel_percent": self.lel, "battery_v": 3.6}
            elif kind == "valve":
                fields |= {"position": self.valves[one["device_id"]].position, "supply": "mains"}
            self.say("reading", one["device_id"], **fields)

    def _send(self, leaf: str, entries: list[Message]) -> None:
        for entry in entries:
            if time.time() * 1000 - entry["measured_ms"] > BUFFERED_AFTER_MS:
                entry["message"]["buffered"] = True
            wait = min(RETRY_S[leaf] * 2 ** entry["sent"], RETRY_MAX_S) * random.uniform(0.8, 1.2)
            entry |= {"sent": entry["sent"] + 1, "next": time.monotonic() + wait}
        body = [entry["message"] for entry in entries]
        self._mqtt.publish(self._up(leaf), json.dumps(body if len(body) > 1 else body[0]), qos=1)

    def _send_again(self, due_at: float) -> None:
        due = [entry for entry in self.memory.unreceipted if entry["next"] <= due_at]
        for entry in due:
            if entry["leaf"] == "event":
                self._send("event", [entry])
        readings = [entry for entry in due if entry["leaf"] == "reading"]
        for first in range(0, len(readings), LIST_MAX):
            self._send("reading", readings[first : first + LIST_MAX])

    # --- what it hears ---

    def until(self, reached: Callable[[], bool], what: str, limit_s: float = 10.0) -> None:
        """Live until a condition holds; TimeoutError names it, ConnectionRefusedError: not let in."""
        end = time.monotonic() + limit_s
        while not reached():
            if time.monotonic() > end:
                raise TimeoutError(what)
            with contextlib.suppress(queue.Empty):
                kind, content = self._events.get(timeout=0.02)
                getattr(self, f"_on_{kind}")(content)
            if self.ready:
                self._send_again(time.monotonic())
            for device_id, valve in self.valves.items():
                if valve.position == "closing" and time.monotonic() >= valve.closed_at:
                    self._closed(device_id, valve)

    def _on_connected(self, reason: ReasonCode) -> None:
        if reason.is_failure:
            raise ConnectionRefusedError(str(reason))
        self.done["connects"] += 1
        self._mqtt.subscribe(f"gas/v1/{self.client}/down/+", qos=1)

    def _on_subscribed(self, reasons: list[ReasonCode]) -> None:
        if any(reason.is_failure for reason in reasons):
            raise ConnectionRefusedError(f"no subscription: {reasons[0]}")
        self._mqtt.publish(self._up("state"), json.dumps(self._state(online=True)), qos=1, retain=True)
        self.ready = True
        self._send_again(float("inf"))

    def _on_gone(self, reason: ReasonCode) -> None:
        if not self.ready:
            raise ConnectionRefusedError(str(reason))
        self.ready = False

    def _on_receipt(self, payload: bytes) -> None:
        receipt = json.loads(payload)
        self.offset_ms = receipt["server_time_ms"] - time.monotonic() * 1000
        ranges = {(one["device_id"], one["boot_id"]): one["ranges"] for one in receipt["accepted"]}
        refused = [(one.get("device_id"), one.get("boot_id"), one.get("seq")) for one in receipt["rejected"]]

        def accepted(m: Message) -> bool:
            return any(a <= m["seq"] <= b for a, b in ranges.get((m["device_id"], m["boot_id"]), []))

        self.done["receipted"] += self.memory.drop(accepted)
        self.memory.drop(lambda m: (m["device_id"], m["boot_id"], m["seq"]) in refused)
        self.done["rejected"] += receipt["rejected"]

    # --- what it obeys ---

    def _on_command(self, payload: bytes) -> None:
        if not self.valves:
            return
        claims = opened(payload, self._config["command_keys"])
        first = next(iter(self.valves))
        valve_id = str(claims["valve_id"]) if claims and claims.get("valve_id") in self.valves else first
        command_id = claims.get("command_id") if claims else None
        now_ms = None if self.offset_ms is None else time.monotonic() * 1000 + self.offset_ms
        verdict, reason = judged(claims, self.memory.kept["executed"], now_ms)
        self.done["commands"].append([command_id, verdict, reason])
        more = {"reason": reason} if reason else {}
        self.event(valve_id, "command_result", command_id=command_id, result=verdict, **more)
        valve = self.valves[valve_id]
        if verdict == "accepted" and claims and (valve.position, valve.command) != ("closing", claims):
            valve.position, valve.command, valve.closed_at = "closing", claims, time.monotonic() + STROKE_S

    def _closed(self, valve_id: str, valve: Valve) -> None:
        valve.position = "closed"
        command_id = valve.command["command_id"]
        # Only now: power lost on the way must not make a half closed valve answer "done".
        self.memory.kept["executed"][valve_id] = {"command_id": command_id, "seq": valve.command["seq"]}
        self.memory.save()
        why = {"cause": "command", "command_id": command_id}
        self.event(valve_id, "position_changed", position="closed", **why)
        self.event(valve_id, "command_result", command_id=command_id, result="done")
        self.done["commands"].append([command_id, "done", ""])

    # --- its day ---

    def boot(self) -> None:
        for device_id in self._seq:
            self.event(device_id, "boot", firmware="foreign-1", reason="power_on")

    def connect(self) -> None:
        self._mqtt.connect(self._config["host"], self._config["port"], keepalive=30, clean_start=True)
        self._mqtt.loop_start()
        self.until(lambda: self.ready, "connected")

    def cut(self) -> None:
        """Tear the wire out and go on measuring; the library dials again by itself."""
        wire = self._mqtt.socket()
        if wire is not None:
            with socket.socket(fileno=os.dup(wire.fileno())) as end:
                end.shutdown(socket.SHUT_RDWR)
        self.until(lambda: not self.ready, "cut off")

    def leak(self) -> None:
        """Gas rises beside the detectors, and falls once every valve is closed."""
        self.status, self.lel = "alarm_high", 62.5
        detectors = [one["device_id"] for one in self._config["devices"] if one["kind"] == "detector"]
        for device_id in detectors:
            self.event(device_id, "alarm_raised", level="high", lel_percent=self.lel)
        tell({"alarm_at": time.time()})
        self.measure()
        self.until(lambda: all(v.position == "closed" for v in self.valves.values()), "closed by command")
        self.status, self.lel = "normal", 0.5
        self.measure()
        for device_id in detectors:
            self.event(device_id, "alarm_cleared")

    def part(self) -> None:
        """Take leave so that the broker says the will at once."""
        self._mqtt.disconnect(reasoncode=ReasonCode(PacketTypes.DISCONNECT, identifier=4))
        self._mqtt.loop_stop()


def tell(content: Message) -> None:
    """Write a line of JSON for whoever started this."""
    sys.stdout.write(json.dumps(content) + "\n")
    sys.stdout.flush()


def _day(controller: Controller, options: argparse.Namespace) -> None:
    controller.boot()
    for _ in range(3):
        controller.measure()
    if options.unplugged:
        return
    controller.connect()
    controller.until(lambda: controller.offset_ms is not None, "the receipt of boot")
    if options.leak:
        controller.cut()
        controller.measure()
        controller.until(lambda: controller.ready, "connected again")
        controller.leak()
    controller.until(lambda: not controller.memory.unreceipted, "everything receipted", 25.0)
    controller.part()


def main() -> int:
    """0: said and receipted; 1: something promised did not come; 3: the broker lets nobody in."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("config", type=Path)
    parser.add_argument("--unplugged", action="store_true", help="measure without a connection, and end")
    parser.add_argument("--leak", action="store_true", help="lose the connection, then find gas")
    options = parser.parse_args()
    controller = Controller(json.loads(options.config.read_text()))
    code, fault = 0, None
    try:
        _day(controller, options)
    except TimeoutError as error:
        code, fault = 1, f"missing: {error}"
    except (ConnectionRefusedError, ssl.SSLError) as error:
        code, fault = 3, f"refused: {error}"
    positions = {name: valve.position for name, valve in controller.valves.items()}
    left = len(controller.memory.unreceipted)
    tell({**controller.done, "unreceipted": left, "valves": positions, "fault": fault})
    return code


if __name__ == "__main__":
    sys.exit(main())
