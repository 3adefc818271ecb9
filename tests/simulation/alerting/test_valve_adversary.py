"""The loop and a valve with everything between them hostile: lost, late, repeated, reordered, power gone.

One run is one seed; a failing seed replays. The promise (FAULTS section 2): one effect, never late, never
opened from afar; and whoever waits in vain is told by V01 in time.
"""

import heapq
import random
from base64 import urlsafe_b64decode
from collections.abc import Callable
from dataclasses import replace

import msgspec
import pytest
from joserfc.jwk import KeySet, OKPKey

from services.alerting.adapters.signing import SigningKeys
from services.alerting.domain.command import AlarmSignal, Command
from services.alerting.domain.valve import Miss, Moment, RaiseV01, SendCommand, Step, Valve
from services.alerting.domain.valve_loop import (
    on_close_due,
    on_manual_close,
    on_online,
    on_position,
    on_result,
    on_timer,
)
from shared.contracts.wire import CommandClaims
from simulators.valve_logic import Memory, ValveLogic

T0 = 1_800_000_000_000
END_MS = 120_000
KEY = OKPKey.generate_key("Ed25519")
KEY = OKPKey.import_key(KEY.as_dict(private=True) | {"kid": KEY.thumbprint()})
KEYS = SigningKeys([(0, KEY)])
PUBLIC = KeySet.import_key_set(KEYS.jwks())  # type: ignore[arg-type]


def signed(command: Command) -> str:
    claims = CommandClaims(
        command.command_id,
        "v1",
        "close",
        command.seq,
        command.issued_ms,
        command.expires_ms,
        None,
        list(command.actors),
    )
    return KEYS.sign(claims)


class World:
    """Time, the network between the loop and its valve, and the valve."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.now = T0
        self.agenda: list[tuple[int, int, Callable[[], None]]] = []
        self.count = 0
        self.loop = Valve("v1", position="open", position_order=(0, 0))
        self.deadline: int | None = None
        self.misses: list[tuple[int, Miss]] = []
        self.texts: list[str] = []
        # The valve: its non-volatile log is what the run is judged by.
        self.boot, self.seq = 1, 0
        self.memory = Memory()
        self.logic = ValveLogic("v1", PUBLIC).learn_time(self.now - 200, 0)
        self.powered = True
        self.position = "open"
        self.stuck = self.chance.random() < 0.2
        self.log: list[tuple[int, str, str]] = []
        self.bad = self.chance.choice((0.0, 0.1, 0.5))

    def later(self, after_ms: int, what: Callable[[], None]) -> None:
        self.count += 1
        heapq.heappush(self.agenda, (self.now + after_ms, self.count, what))

    # --- the platform ------------------------------------------------------------------------------

    def moment(self) -> Moment:
        self.count += 1
        return Moment(self.now, f"c{self.count}")

    def take(self, step: Step) -> None:
        self.loop, self.deadline = step.valve, step.deadline_ms
        for effect in step.effects:
            if isinstance(effect, SendCommand):
                self.to_valve(signed(effect.command))
            if isinstance(effect, RaiseV01):
                self.misses.append((self.now, effect.miss))
        if self.deadline is not None:
            due = self.deadline
            # Timers run late, but they run.
            self.later(max(0, due - self.now) + self.chance.choice((0, 0, 50, 400)), lambda: self.timer(due))

    def timer(self, due: int) -> None:
        if self.deadline == due:
            self.take(on_timer(self.loop, self.moment()))

    def alarm(self) -> None:
        age = self.chance.choice((0, 100, 2_000, 29_000, 31_000))
        signal = AlarmSignal("a1", "G02", self.now - age, buffered=self.chance.random() < 0.1)
        self.take(on_close_due(self.loop, signal, self.moment()))

    def person(self) -> None:
        self.take(on_manual_close(self.loop, "li", "smell", (), self.moment()))

    # --- the way there and back ---------------------------------------------------------------------

    def to_valve(self, text: str) -> None:
        self.texts.append(text)
        for _ in range(self.copies()):
            self.later(self.delay(), lambda: self.arrives(text))

    def copies(self) -> int:
        return self.chance.choices((1, 0, 2, 3), (1 - self.bad, self.bad / 2, self.bad / 3, self.bad / 6))[0]

    def delay(self) -> int:
        return (
            self.chance.choice((5, 20, 100))
            if self.chance.random() > self.bad
            else self.chance.randrange(60_000)
        )

    def attack(self) -> None:
        """Play an old command again, or one that was tampered with."""
        if not self.texts:
            return
        text = self.chance.choice(self.texts)
        if self.chance.random() < 0.5:
            at = self.chance.randrange(len(text))
            text = text[:at] + self.chance.choice("ABCxyz019_-.") + text[at + 1 :]
        self.arrives(text)

    def says(self, step: Callable[[], Step]) -> None:
        """Carry one event up; devices keep events until they are receipted, so it arrives, if late."""
        for _ in range(max(1, self.copies())):
            self.later(self.delay() if self.bad else 10, lambda: self.take(step()))

    # --- the valve ----------------------------------------------------------------------------------

    def arrives(self, text: str) -> None:
        if not self.powered:
            return
        verdict = self.logic.judge(text, self.now - T0)
        self.logic = replace(self.logic, memory=verdict.memory)
        self.memory = verdict.memory
        self.answer(verdict.command_id, verdict.result, verdict.reason)
        if verdict.moves:
            self.log.append((self.now, str(verdict.command_id), self.position))
            if self.position == "open" and not self.stuck:
                self.move("closing")
                boot = self.boot
                self.later(3_000, lambda: self.arrived(boot))

    def arrived(self, boot: int) -> None:
        if self.boot == boot and self.position == "closing" and self.powered:
            self.move("closed")

    def move(self, position: str) -> None:
        self.position = position
        self.seq += 1
        order = (self.boot, self.seq)
        self.says(lambda: on_position(self.loop, position, order, "command", self.moment()))

    def answer(self, command_id: str | None, result: str, reason: str | None) -> None:
        self.seq += 1
        self.says(lambda: on_result(self.loop, command_id, result, reason, self.moment()))

    def power(self) -> None:
        """Lose power, or come back: RAM is gone, the memory stays; a half-closed valve is open again."""
        self.powered = not self.powered
        boot = self.boot
        if not self.powered:
            self.position = "open" if self.position == "closing" else self.position
            self.says(lambda: on_online(self.loop, online=False, boot_id=boot, at=self.moment()))
            return
        self.boot, self.seq = self.boot + 1, 0
        started = self.boot
        self.logic = ValveLogic("v1", PUBLIC, self.memory)
        # The first receipt comes later than the connection: until then its clock is not set.
        self.later(self.chance.choice((10, 3_000)), self.receipt)
        self.says(lambda: on_online(self.loop, online=True, boot_id=started, at=self.moment()))
        self.move(self.position)

    def receipt(self) -> None:
        self.logic = self.logic.learn_time(self.now - self.chance.choice((1, 200)), self.now - T0)

    # --- a run --------------------------------------------------------------------------------------

    def run(self) -> None:
        deeds = (self.alarm, self.alarm, self.alarm, self.person, self.attack, self.power)
        for _ in range(self.chance.randrange(3, 25)):
            self.later(self.chance.randrange(END_MS - 60_000), self.chance.choice(deeds))
        while self.agenda and self.agenda[0][0] <= T0 + END_MS:
            at, _, what = heapq.heappop(self.agenda)
            self.now = at
            what()
        self.judge()

    def judge(self) -> None:
        claims = {}
        for text in self.texts:
            body = msgspec.json.decode(_payload(text))
            claims[body["command_id"]] = body
            assert body["action"] == "close"
        ids = [command_id for _, command_id, _ in self.log]
        assert len(ids) == len(set(ids)), "one command, two effects"
        seqs = [claims[command_id]["seq"] for command_id in ids]
        assert seqs == sorted(seqs), "an older command after a newer one"
        for at, command_id, _ in self.log:
            # What a receipt told is a little old: the valve's clock may lag by that, and by no more.
            assert at - 200 < claims[command_id]["expires_at_ms"], "an effect after expiry"
        want = self.loop.want
        if want is not None and self.loop.v01 is None:
            assert self.now <= want.miss()[0] + 1_000, "V01 is late"


def _payload(text: str) -> bytes:
    middle = text.split(".")[1]
    return urlsafe_b64decode(middle + "=" * (-len(middle) % 4))


def runs(seeds: range) -> tuple[int, int, int]:
    """Run all seeds; return how many effects, misses and commands there were, so that nothing is vacuous."""
    effects = misses = commands = 0
    for seed in seeds:
        world = World(seed)
        try:
            world.run()
        except AssertionError as error:
            raise AssertionError(f"seed {seed}: {error}") from error
        effects += len(world.log)
        misses += len(world.misses)
        commands += len(world.texts)
    return effects, misses, commands


def test_one_effect_never_late_never_open() -> None:
    effects, misses, commands = runs(range(1_000))
    assert effects > 200
    assert misses > 50
    assert commands > 400


@pytest.mark.full
def test_one_effect_never_late_never_open_in_10_000_runs() -> None:
    runs(range(10_000))
