"""Starts the publishers' processes, gives the sign, and gathers what they did."""

import asyncio
import sys
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import msgspec

from benchmarks.fleet import Fleet
from benchmarks.publisher import Order, Outcome
from deploy.native.engines import MqttAddress
from deploy.native.places import PROJECT

PROCESSES = 2
AFTER_LIMIT_S = 60.0
BEGIN_IN_S = 0.5


@dataclass(frozen=True)
class Plan:
    """One run: readings and alarms a second by all processes together."""

    rate: float
    seconds: float
    boot_id: int
    alarms: float = 20.0
    warm_up_s: float = 0.0
    alarms_before: int = 0
    wait_receipts: bool = True
    high_only: bool = False


class Publishers:
    """The processes of one run: `ready`, then `go`, then `outcome`."""

    def __init__(self, mqtt: MqttAddress, fleet: Fleet, plan: Plan) -> None:
        self._mqtt = mqtt
        self._fleet = fleet
        self._plan = plan
        self._processes: list[asyncio.subprocess.Process] = []
        self._folder = tempfile.TemporaryDirectory()

    async def ready(self) -> None:
        """Start them and wait until each has all its connections."""
        for number in range(PROCESSES):
            file = Path(self._folder.name) / f"order-{number}.json"
            file.write_bytes(msgspec.json.encode(self._order(number)))
            self._processes.append(
                await asyncio.create_subprocess_exec(
                    sys.executable,
                    "-m",
                    "benchmarks.publisher",
                    str(file),
                    cwd=PROJECT,
                    stdin=asyncio.subprocess.PIPE,
                    stdout=asyncio.subprocess.PIPE,
                    limit=2**26,
                )
            )
        for process in self._processes:
            await self._word(process, b"ready")

    def _order(self, number: int) -> Order:
        plan, mqtt = self._plan, self._mqtt
        return Order(
            host=mqtt.host, port=mqtt.port_tls, ca_file=mqtt.ca_file, certs_dir=mqtt.certs_dir,
            controllers=list(range(number, self._fleet.controllers, PROCESSES)),
            detectors_each=self._fleet.detectors_each, rate=plan.rate / PROCESSES, seconds=plan.seconds,
            alarms=plan.alarms / PROCESSES, alarms_after_s=plan.warm_up_s,
            alarm_skip=-(-plan.alarms_before // PROCESSES),
            boot_id=plan.boot_id, begin_s=0.0, seed=number, wait_receipts=plan.wait_receipts,
            high_only=plan.high_only,
        )  # fmt: skip

    async def _word(self, process: asyncio.subprocess.Process, word: bytes) -> None:
        assert process.stdout is not None
        said = (await process.stdout.readline()).strip()
        if said != word:
            raise RuntimeError(f"a publisher ended early: {said!r}")

    def go(self) -> float:
        """Give the sign; return the monotonic second at which all begin."""
        begin = time.monotonic() + BEGIN_IN_S
        for process in self._processes:
            assert process.stdin is not None
            process.stdin.write(b"%.6f\n" % begin)
        return begin

    async def done(self) -> None:
        """Return when the last message is out."""
        async with asyncio.timeout(self._plan.seconds + AFTER_LIMIT_S):
            for process in self._processes:
                await self._word(process, b"done")

    async def outcome(self) -> Outcome:
        """Return what all did together, receipts included."""
        total = Outcome()
        async with asyncio.timeout(AFTER_LIMIT_S):
            for process in self._processes:
                assert process.stdout is not None
                one = msgspec.json.decode(await process.stdout.readline(), type=Outcome)
                await process.wait()
                _add(total, one)
        return total

    async def end(self) -> None:
        """Stop what still runs."""
        for process in self._processes:
            if process.returncode is None:
                with suppress(ProcessLookupError):
                    process.kill()
                await process.wait()
        self._folder.cleanup()


def _add(total: Outcome, one: Outcome) -> None:
    for name in ("published", "readings", "events", "acknowledged", "receipted", "rejected", "lost", "cpu_s"):
        setattr(total, name, getattr(total, name) + getattr(one, name))
    total.late_ms_max = max(total.late_ms_max, one.late_ms_max)
    total.seconds = max(total.seconds, one.seconds)
    total.alarms += one.alarms
