"""The device itself: what it says, hears, obeys and goes through."""

import contextlib
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

from . import Message
from .commands import judged, opened
from .memory import Memory

LIST_MAX = 50
BUFFERED_AFTER_MS = 10_000
RETRY_S = {"event": 30.0, "reading": 120.0}
RETRY_MAX_S = 600.0
STROKE_S = 0.3


def tell(content: Message) -> None:
    """Write a line of JSON for whoever started this."""
    sys.stdout.write(json.dumps(content) + "\n")
    sys.stdout.flush()


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
