"""What must hold after every commit: alerts, offsets, commands, orders."""

from collections.abc import Sequence

from services.alerting.adapters.memory import Tables
from services.alerting.domain.command import FRESH_MS, LIFE_MS, Command
from services.alerting.domain.site import Alert
from services.alerting.domain.valve import Valve
from services.alerting.ports import Advance
from services.dispatch.domain.model import Decision, Order
from tests.simulation.kernel import Broken, Kernel
from tests.simulation.people import People
from tests.simulation.town import Town
from tests.simulation.uplink import Accepted, Uplink

TIMER_MS = 5_000  # timers may be away that long in a run
CLOSING = {"rule:G02", "rule:G04", "rule:V03"}


class Promises:
    """Looks at what each transaction did; everything is told apart from the code that it judges."""

    def __init__(self, kernel: Kernel, town: Town) -> None:
        self.kernel = kernel
        self.town = town
        self.people: People | None = None
        self.uplink: Uplink | None = None
        self.offsets: dict[int, int] = {}
        self.first: dict[str, Command] = {}
        self.seqs: dict[str, int] = {}
        self._lines: set[tuple[str, int]] = set()

    def holds(self, fact: bool, sentence: str) -> None:
        if not fact:
            raise Broken(sentence)

    # --- after a transaction of alerting ---

    def committed(self, before: Tables, after: Tables, advances: Sequence[Advance]) -> None:
        for step in advances:
            decided = self.offsets.get(step.partition, 0)
            self.holds(
                step.offset == decided < step.new_offset,
                f"partition {step.partition}, decided up to {decided}, was decided from {step.offset}",
            )
            epoch = before.partitions[step.partition].owner_epoch
            self.holds(step.owner_epoch == epoch, f"a former owner of partition {step.partition} decided")
            self.offsets[step.partition] = step.new_offset
        for change in after.events[len(before.events) :]:
            line = (change.alert.alert_id, change.alert.revision)
            self.holds(line not in self._lines, f"revision {line[1]} of alert {line[0]} was told twice")
            self._lines.add(line)
            self.kernel.say("alert", f"{_named(change.alert)} {change.item}")
        self._active(after)
        for alert_id, alert in after.alerts.items():
            old = before.alerts.get(alert_id)
            if old is not alert:
                self._changed(old, alert)
        self.holds(before.alerts.keys() <= after.alerts.keys(), "an alert disappeared")
        for valve_id, command in after.commands[len(before.commands) :]:
            self.kernel.say("command", f"{valve_id} {command}")
            back = self._came_back(valve_id, advances)
            self._command(valve_id, command, before, after, back)

    def _active(self, tables: Tables) -> None:
        found: set[tuple[str, str, str]] = set()
        for alert in tables.alerts.values():
            place = (alert.site_id, alert.family, alert.subject)
            if alert.active:
                self.holds(
                    place not in found, f"two alerts of family {alert.family} are active at {alert.subject}"
                )
                found.add(place)

    def _changed(self, old: Alert | None, alert: Alert) -> None:
        people = self.people
        name = _named(alert)
        if old is None:
            self.holds(not alert.acknowledged, f"{name} is acknowledged from its beginning")
            return
        self.holds(alert.revision > old.revision, f"{name} went back from revision {old.revision}")
        if old.latched and old.active and not alert.active:
            reset = people is not None and alert.alert_id in people.reset
            self.holds(reset, f"{name} was latched and ended without a reset")
        if alert.acknowledged and not old.acknowledged:
            seen = people is not None and alert.alert_id in people.acknowledged
            self.holds(seen, f"{name} was acknowledged by nobody")

    # --- commands ---

    def _came_back(self, valve_id: str, advances: Sequence[Advance]) -> bool:
        """Tell whether these records say that the valve was away, or that it had closed in the meantime."""
        if self.uplink is None:
            return False
        accepted = self.uplink.accepted.values()
        closed = [a for a in accepted if a.key[0] == valve_id and a.position == "closed"]
        said = [*self.uplink.connections, *((valve_id, a.partition, a.offset) for a in closed)]
        return any(
            client == valve_id and partition == step.partition and step.offset <= offset < step.new_offset
            for client, partition, offset in said
            for step in advances
        )

    def _beside(self, valve_id: str, before: Tables, back: bool) -> None:
        valve, _ = before.valves.get(self.town.devices[valve_id].site_id, {}).get(valve_id, (None, None))
        live = valve is not None and valve.command is not None and valve.command.live(self.kernel.now)
        self.holds(not live or back, f"{valve_id} got a second command beside a live one")

    def _command(
        self, valve_id: str, command: Command, before_all: Tables, tables: Tables, back: bool
    ) -> None:
        now = self.kernel.now
        life = command.expires_ms - command.issued_ms
        self.holds(life <= LIFE_MS, f"command {command.command_id} lives {life} ms")
        self.holds(now < command.expires_ms, f"command {command.command_id} was sent after its expiry")
        first = self.first.get(command.command_id)
        if first is not None:
            same = (first.seq, first.issued_ms, first.expires_ms) == (
                command.seq,
                command.issued_ms,
                command.expires_ms,
            )
            self.holds(
                same and command.attempt > 1, f"command {command.command_id} was sent again as another one"
            )
            return
        self.first[command.command_id] = command
        self._beside(valve_id, before_all, back)
        before = self.seqs.get(valve_id, -1)
        self.holds(command.seq > before, f"command {command.command_id} of {valve_id} has no higher seq")
        self.seqs[valve_id] = command.seq
        if command.automatic:
            self._automatic(valve_id, command, tables)

    def _automatic(self, valve_id: str, command: Command, tables: Tables) -> None:
        facts = self.town.devices[valve_id]
        who = f"{valve_id} was closed automatically"
        self.holds(self.town.sites[facts.site_id].auto_close, f"{who} at a site without auto_close")
        self.holds(set(command.actors) <= CLOSING and bool(command.actors), f"{who} by {command.actors}")
        for actor in command.actors:
            active = any(
                a.rule == actor.removeprefix("rule:") and a.active
                for a in tables.alerts.values()
                if (a.site_id, a.zone) == (facts.site_id, facts.zone)
            )
            self.holds(active, f"{who} by {actor} without such an alert")
        accepted = self.uplink.accepted.values() if self.uplink else ()
        self.holds(
            any(self._speaks_for(a, valve_id) for a in accepted),
            f"{who} without a fresh message that is neither buffered nor late",
        )

    def _speaks_for(self, said: Accepted, valve_id: str) -> bool:
        now = self.kernel.now
        if now - said.record_ms > FRESH_MS or said.buffered or not said.newer:
            return False
        if said.corrected_ms is not None and now - said.corrected_ms > FRESH_MS:
            return False
        if said.offset >= self.offsets.get(said.partition, 0):
            return False
        facts, valve = self.town.devices[said.key[0]], self.town.devices[valve_id]
        if said.key[0] == valve_id:
            return "position" in said.item or said.item.get("type") == "position_changed"
        same_zone = (facts.site_id, facts.zone) == (valve.site_id, valve.zone)
        return same_zone and (said.word or 0) >= 1

    # --- what time alone makes due ---

    def timely(self, tables: Tables, orders: Sequence[Order]) -> None:
        now = self.kernel.now
        for valves in tables.valves.values():
            for valve, _ in valves.values():
                self._v01(valve, now)
        for order in orders:
            due = order.due_ms
            self.holds(due is None or now <= due + TIMER_MS, f"nobody looked at {order.order_id} in time")
            if order.state == "assigned" and order.kind == "response":
                limit = order.accept_by_ms
                self.holds(
                    limit is not None and now <= limit + TIMER_MS,
                    f"{order.order_id} waits longer than 60 s for {order.crew_id}",
                )

    def _v01(self, valve: Valve, now: int) -> None:
        if valve.want is not None and valve.v01 is None:
            due_ms, miss = valve.want.miss()
            self.holds(now <= due_ms + TIMER_MS, f"V01 ({miss}) is late at {valve.valve_id}")

    # --- dispatch ---

    def dispatched(self, decision: Decision, orders: Sequence[Order]) -> None:
        for item in decision.items:
            self.kernel.say("order", f"{item.order_id} {item.kind} {item.crew_id or ''} {item.reason or ''}")
        open_sites = [order.site_id for order in orders if order.kind == "response" and order.is_open]
        self.holds(len(open_sites) == len(set(open_sites)), "a site has two open response orders")
        for order in decision.orders:
            if order.state == "assigned" and order.kind == "response":
                limit = order.accept_by_ms or 0
                self.holds(limit <= self.kernel.now + 60_000, f"{order.order_id} gives a crew more than 60 s")


def _named(alert: Alert) -> str:
    return f"{alert.rule} of {alert.subject} ({alert.alert_id}, revision {alert.revision})"
