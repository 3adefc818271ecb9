"""What must hold at the end of a run, when everything was delivered and all delays have passed."""

from base64 import urlsafe_b64decode
from typing import Any

import msgspec

from services.alerting.domain.site import Alert
from services.dispatch.domain.model import Order, Outcome
from services.dispatch.domain.policy import Cause, sends
from tests.simulation.devices import Detector, Device, Valve
from tests.simulation.kernel import Broken, at_once
from tests.simulation.people import People
from tests.simulation.platform import Platform
from tests.simulation.promises import TIMER_MS
from tests.simulation.uplink import Accepted, Uplink

V01_MS = 70_000  # 30 s for an answer, 10 s for a movement, 30 s for the motor


class Ending:
    """Judges a run from what the devices know of themselves and what was accepted."""

    def __init__(
        self, platform: Platform, uplink: Uplink, people: People, devices: dict[str, Device]
    ) -> None:
        self.platform = platform
        self.people = people
        self.devices = devices
        self.alerts = list(platform.database.tables.alerts.values())
        self.said: dict[str, list[Accepted]] = {device_id: [] for device_id in devices}
        for accepted in sorted(uplink.accepted.values(), key=lambda a: a.key):
            self.said[accepted.key[0]].append(accepted)

    def judge(self) -> None:
        self._all_delivered()
        for device in self.devices.values():
            self._silence(device)
            if isinstance(device, Detector):
                self._alarms(device)
                self._last_word(device)
        self._zones()
        self._once()
        self._listed()
        self._valves()
        self._orders()

    def holds(self, fact: bool, sentence: str) -> None:
        if not fact:
            raise Broken(sentence)

    def _all_delivered(self) -> None:
        tables, log = self.platform.database.tables, self.platform.telemetry
        for device_id, device in self.devices.items():
            self.holds(not device.powered or not device.unsaid, f"{device_id} keeps {device.unsaid} messages")
            if device.powered:
                found = {accepted.key for accepted in self.said[device_id]}
                self.holds(found == device.said.keys(), f"not all that {device_id} said was accepted")
        for partition, rows in enumerate(log.rows):
            claim = tables.partitions.get(partition)
            behind = len(rows) - (claim.offset if claim else 0)
            self.holds(behind < 5, f"partition {partition} is stuck, {behind} records behind")

    def _of(self, family: str, subject: str) -> list[Alert]:
        return [alert for alert in self.alerts if alert.family == family and alert.subject == subject]

    def _active(self, family: str, subject: str, site_id: str | None = None) -> Alert | None:
        found = self._of(family, subject)
        return next((a for a in found if a.active and site_id in {None, a.site_id}), None)

    def _alarms(self, device: Detector) -> None:
        """Every episode, in the device's own order, led to an alert of its level, be it one already cleared.

        The rules keep no list of clears without an alarm: what comes late and lies between the same two known
        words is one episode to them. So one that came wholly late may be part of one that was told before.
        """
        device_id = device.facts.device_id
        for episode in self._episodes(device_id):
            told = any(self._covered(device_id, one) for one in episode)
            part = all(one.overtaken for one in episode) and self._told_before(device_id, episode[0])
            self.holds(told or part, f"the alarm {episode[0].key} was accepted and led to no alert")
            high = [one for one in episode if one.word == 2]
            if high:
                told = any(self._covered(device_id, one, "G02") for one in high)
                part = all(one.overtaken for one in high) and self._told_before(device_id, high[0], "G02")
                self.holds(told or part, f"the high alarm {high[0].key} was accepted and led to no G02")

    def _told_before(self, device_id: str, said: Accepted, rule: str = "") -> bool:
        told = self._of("gas", device_id)
        return any(a.opened_at_ms <= said.record_ms and rule in {"", a.rule} for a in told)

    def _episodes(self, device_id: str) -> list[list[Accepted]]:
        found: list[list[Accepted]] = [[]]
        for accepted in self.said[device_id]:
            if accepted.word:
                found[-1].append(accepted)
            elif accepted.word == 0 and found[-1]:
                found.append([])
        return [episode for episode in found if episode]

    def _covered(self, device_id: str, said: Accepted, rule: str = "") -> bool:
        return any(
            alert.opened_at_ms <= said.record_ms
            and (alert.cleared_at_ms is None or said.record_ms <= alert.cleared_at_ms)
            and rule in {"", alert.rule}
            for alert in self._of("gas", device_id)
        )

    def last_word(self, device_id: str) -> int:
        words = [a.word for a in self.said[device_id] if a.word is not None]
        return words[-1] if words else 0

    def _last_word(self, device: Detector) -> None:
        """What a detector said last, in its own order, is what its alert says."""
        device_id, word = device.facts.device_id, self.last_word(device.facts.device_id)
        alert = self._active("gas", device_id)
        if word:
            self.holds(
                alert is not None and alert.in_condition, f"{device_id} is in alarm and no alert says so"
            )
            high = alert is not None and alert.rule == "G02"
            self.holds(word < 2 or high, f"{device_id} is in high alarm and its alert is not G02")
        else:
            self.holds(alert is None or not alert.in_condition, f"{device_id} is clear and its alert is not")
            self.holds(
                alert is None or alert.latched, f"{device_id} is clear and its alert is active unlatched"
            )

    def _zones(self) -> None:
        zones: dict[tuple[str, str], list[str]] = {}
        for device_id, device in self.devices.items():
            if isinstance(device, Detector):
                zones.setdefault((device.facts.site_id, device.facts.zone), []).append(device_id)
        for (site_id, zone), members in zones.items():
            alarmed = [m for m in members if self.last_word(m)]
            alert = self._active("zone", f"zone:{zone}", site_id)
            if len(alarmed) >= 2:
                said = alert is not None and alert.in_condition
                self.holds(said, f"two detectors of zone {zone} of {site_id} are in alarm without G04")
            else:
                said = alert is None or not alert.in_condition
                self.holds(said, f"G04 of zone {zone} of {site_id} holds with {len(alarmed)} in alarm")

    def _once(self) -> None:
        """One message opens one alert; only what came late, all at once, may open several at a time."""
        live = [a for a in self.alerts if a.family != "platform" and a.opened_at_ms != a.cleared_at_ms]
        opened = [(a.site_id, a.family, a.subject, a.opened_at_ms) for a in live]
        for one in opened:
            self.holds(opened.count(one) == 1, f"one alarm opened several alerts of {one[1]} at {one[2]}")

    def _silence(self, device: Device) -> None:
        device_id = device.facts.device_id
        alert = self._active("silence", device_id)
        if device.powered:
            self.holds(alert is None, f"{device_id} speaks and an alert says that it is silent")
        elif self.said[device_id]:
            self.holds(alert is not None, f"{device_id} is silent and no alert says so")

    def _listed(self) -> None:
        """What nobody acknowledged is listed, cleared or not."""

        async def load() -> set[str]:
            async with self.platform.database.unit() as unit:
                sites = {alert.site_id for alert in self.alerts}
                ids = [alert.alert_id for alert in self.alerts]
                states = await unit.load([self.platform.town.facts(site_id) for site_id in sites], ids)
                return {alert_id for state in states.values() for alert_id in state.alerts}

        listed = at_once(load())
        for alert in self.alerts:
            seen = alert.alert_id in self.people.acknowledged
            self.holds(
                seen or alert.alert_id in listed, f"{alert.rule} {alert.alert_id} is not listed any more"
            )
            self.holds(not alert.active or alert.alert_id in listed, f"active {alert.alert_id} is not listed")

    # --- valves ---

    def _valves(self) -> None:
        claims: dict[str, dict[str, Any]] = {}
        for text in self.platform.texts:
            body = msgspec.json.decode(_payload(text))
            claims[body["command_id"]] = body
            self.holds(body["action"] == "close", f"command {body['command_id']} asks for {body['action']}")
        for valve in self.platform.valves.values():
            self._effects(valve, claims)
            self._position(valve)
            for body in claims.values():
                if body["valve_id"] == valve.facts.device_id:
                    self._told(valve, body["issued_at_ms"])

    def _effects(self, valve: Valve, claims: dict[str, dict[str, Any]]) -> None:
        name = valve.facts.device_id
        ids = [effect.command_id for effect in valve.log]
        self.holds(len(ids) == len(set(ids)), f"{name} moved twice on one command")
        seqs = [claims[command_id]["seq"] for command_id in ids]
        self.holds(seqs == sorted(seqs), f"{name} executed an older command after a newer one")
        for effect in valve.log:
            body = claims[effect.command_id]
            self.holds(body["valve_id"] == name, f"{name} executed a command of {body['valve_id']}")
            late_ms = effect.at_ms - effect.lag_ms - body["expires_at_ms"]
            self.holds(late_ms < 0, f"{name} moved {late_ms} ms after the expiry of {effect.command_id}")

    def _position(self, valve: Valve) -> None:
        name = valve.facts.device_id
        known, _ = self.platform.database.tables.valves.get(valve.facts.site_id, {}).get(name, (None, None))
        if valve.powered:
            seen = known.position if known else "unknown"
            self.holds(
                seen == valve.position, f"{name} is {valve.position}, and alerting thinks it is {seen}"
            )

    def _told(self, valve: Valve, issued_ms: int) -> None:
        """A valve that was commanded and did not close has raised V01, unless somebody ended it."""
        until_ms = issued_ms + V01_MS + TIMER_MS
        if until_ms > self.platform.kernel.now:
            return
        name, site_id = valve.facts.device_id, valve.facts.site_id
        seen_closed = any(
            issued_ms <= a.record_ms <= until_ms and a.position == "closed" for a in self.said[name]
        )
        moved = any(
            issued_ms - 1 <= at <= until_ms and position == "closed" for at, position in valve.history
        )
        reset = any(site == site_id and issued_ms <= at <= until_ms for at, site in self.people.resets_at)
        if seen_closed or moved or reset:
            return
        told = any(
            a.opened_at_ms <= until_ms and (a.cleared_at_ms is None or a.cleared_at_ms >= issued_ms)
            for a in self._of("not_closed", name)
        )
        self.holds(
            told, f"{name} was commanded at {issued_ms}, did not close, and V01 was not raised in time"
        )

    # --- orders ---

    def _orders_of(self, alert: Alert) -> list[Order]:
        orders = self.people.dispatch.store.orders.values()
        return [order for order in orders if alert.alert_id in order.alert_ids]

    def _orders(self) -> None:
        store = self.people.dispatch.store
        served = {alert_id for order in store.orders.values() for alert_id in order.alert_ids}
        for change in self.platform.database.tables.events:
            alert, item = change.alert, change.item
            if item is None:
                continue
            cause = Cause(
                cause_id=alert.alert_id,
                rule=alert.rule,
                priority=alert.priority,  # type: ignore[arg-type]
                trigger=item.kind,
                active=alert.active,
                suppressed=alert.suppressed,
            )
            needs = not isinstance(sends(cause), Outcome)
            self.holds(
                not needs or alert.alert_id in served, f"nobody was sent for {alert.rule} {alert.alert_id}"
            )
            there = any(o.is_open or (o.closed_at_ms or 0) >= item.at_ms for o in self._orders_of(alert))
            self.holds(
                not needs or item.kind != "raised" or there,
                f"{alert.rule} {alert.alert_id} was raised after its order had ended, and nobody was sent",
            )
        opened = [item.order_id for item in store.items if item.kind == "opened"]
        self.holds(sorted(opened) == sorted(store.orders), "an order was not opened exactly once")
        on_site = {order.site_id for order in store.orders.values() if order.holds_site}
        for site_id, order_id in self.platform.database.tables.holders.items():
            agree = (site_id in on_site) == (order_id is not None)
            self.holds(agree, f"alerting and dispatch differ on who holds {site_id}")


def _payload(text: str) -> bytes:
    middle = text.split(".")[1]
    return urlsafe_b64decode(middle + "=" * (-len(middle) % 4))
