"""The watch itself: sends canaries, takes note of what comes back, and speaks when something is late."""

import asyncio
from collections.abc import Iterable, Sequence

from services.watchdog.domain import watch as judging
from services.watchdog.domain.canaries import Canary
from services.watchdog.domain.watch import Limits, Round, Stage, Watch, Word, in_words
from services.watchdog.ports import Voice, Wire
from shared.chassis.clock import Clock
from shared.chassis.metrics import Counter, Gauge, Histogram

TICK_S = 1.0
SAY_LIMIT_S = 10.0
TAKEN = frozenset({"raised", "repeated", "escalated"})

LATE = Gauge("gas_watchdog_late", "Canaries that are late", ["stage"])
WAY = Histogram(
    "gas_watchdog_canary_seconds",
    "How long canaries take to a stage",
    ["stage"],
    buckets=(0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120),
)
SAID = Counter("gas_watchdog_said_total", "Alarms by voice and result", ["voice", "ok"])


class Watchdog:
    """Everything here runs in one loop and waits for nothing without a limit."""

    def __init__(
        self,
        canaries: Sequence[Canary],
        wire: Wire,
        voices: Iterable[Voice],
        clock: Clock,
        *,
        controller: tuple[str, int],
        stages: Sequence[Stage],
        limits: Limits,
        level: str,
        period_s: float,
        clear_after_s: float,
    ) -> None:
        self._devices = {canary.device_id for canary in canaries}
        self._wire = wire
        self._voices = tuple(voices)
        self._clock = clock
        self._controller, self._boot_id = controller
        self._spoken = 0
        self._stages = tuple(stages)
        self._limits = limits
        self._status = f"alarm_{level}"
        self._period_s = period_s
        self._clear_after_s = clear_after_s
        self._watch = Watch()
        self._number = 0
        self._speaking: dict[str, asyncio.Task[None]] = {}

    # --- what goes out --------------------------------------------------------------------------------------

    async def fly(self) -> None:
        """Send a round every `period_s` until cancelled, whatever became of the one before."""
        begin_s = self._clock.monotonic()
        while True:
            flight = Round(self._number, self._clock.monotonic(), self._clock.now_ms())
            self._number += 1
            self._watch = judging.begin(self._watch, flight, self._devices, self._stages)
            async with asyncio.TaskGroup() as group:
                group.create_task(self._send(flight))
                begin_s += self._period_s
                await asyncio.sleep(max(0.0, begin_s - self._clock.monotonic()))

    async def _send(self, flight: Round) -> None:
        """Raise the alarm of every canary, then clear it; a boot of its own leaves the last round behind."""
        await self._wire.publish(self._readings(flight, 0, self._status, flight.value))
        await asyncio.sleep(self._clear_after_s)
        await self._wire.publish(self._readings(flight, 1, "normal", 0.0))

    def _readings(self, flight: Round, seq: int, status: str, value: float) -> list[dict[str, object]]:
        own: dict[str, object] = {
            "device_id": self._controller,
            "boot_id": self._boot_id,
            "seq": self._spoken,
            "time_ms": self._clock.now_ms(),
            "status": "normal",
            "supply": "mains",
        }
        self._spoken += 1
        return [
            {
                "device_id": device,
                "boot_id": flight.at_ms,
                "seq": seq,
                "time_ms": self._clock.now_ms(),
                "status": status,
                "gas": "CH4",
                "lel_percent": value,
            }
            for device in sorted(self._devices)
        ] + [own]

    # --- what comes back ------------------------------------------------------------------------------------

    def receipted(self, device_id: str, boot_id: int) -> None:
        """Note a receipt."""
        key = (device_id, Stage.RECEIPT)
        self._arrived(key, judging.by_boot(self._watch, key, boot_id))

    def alerted(self, device_ids: Sequence[str], kind: str, value: float | None, at_ms: int) -> None:
        """Note an alert event; of other devices' alerts nothing is kept."""
        for device in self._devices.intersection(device_ids):
            if kind in TAKEN:
                key = (device, Stage.ALERT)
                self._arrived(key, judging.by_alert(self._watch, key, value, at_ms))
            elif kind == "cleared":
                key = (device, Stage.CLEARED)
                self._arrived(key, judging.by_alert(self._watch, key, value, at_ms))

    def _arrived(self, key: judging.Key, flight: Round | None) -> None:
        if flight is not None:
            WAY.labels(key[1].value).observe(self._clock.monotonic() - flight.at_s)
            self._watch = judging.arrived(self._watch, key, flight)

    # --- what is said ---------------------------------------------------------------------------------------

    async def judge(self) -> None:
        """Look every second until cancelled; a voice that hangs is left behind, never waited for."""
        while True:
            self._watch, word = judging.judge(self._watch, self._clock.monotonic(), self._limits)
            for stage in self._stages:
                LATE.labels(stage.value).set(sum(1 for _, at in self._watch.late_since_s if at == stage))
            if word is not None:
                self._speak(word)
            await asyncio.sleep(TICK_S)

    @property
    def late(self) -> int:
        """Return how many canaries are late somewhere."""
        return len(self._watch.late_since_s)

    def _speak(self, word: Word) -> None:
        text = in_words(word)
        for voice in self._voices:
            former = self._speaking.get(voice.name)
            if former is not None and not former.done():
                SAID.labels(voice.name, "busy").inc()
                continue
            self._speaking[voice.name] = asyncio.create_task(self._say(voice, word, text))

    async def _say(self, voice: Voice, word: Word, text: str) -> None:
        try:
            async with asyncio.timeout(SAY_LIMIT_S):
                await voice.say(word, text)
            SAID.labels(voice.name, "true").inc()
        except Exception:  # noqa: BLE001 - one voice that fails must not silence the others
            SAID.labels(voice.name, "false").inc()
