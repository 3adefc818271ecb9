"""Fault 35: alerting hangs with its connections alive; a canary trips the watcher."""

import json
import signal
import time
from functools import partial
from typing import Any

from tests.faults.fleet import until
from tests.faults.harness import Scene, counts

PERIOD_S = 30.0


@counts(1, 2)
async def test_fault_35_alerting_hangs(scene: Scene, count: int) -> None:
    """SIGSTOP alerting: the watchdog says so in its own way, and says when it is over."""
    limit_s = scene.world.watchdog_late_s + PERIOD_S + 10
    for _ in range(count):
        process = await scene.settled("alerting")
        before = len(_said(scene))
        began = time.monotonic()
        process.send_signal(signal.SIGSTOP)
        try:
            await until("the watchdog's alarm", partial(_alarms, scene, before), limit_s)
            seconds = time.monotonic() - began
        finally:
            process.send_signal(signal.SIGCONT)
        await until("the watchdog says it is over", partial(_over, scene, before), limit_s)
        scene.said = f"alerting hung: said after {seconds:.0f} s"


def _said(scene: Scene) -> list[dict[str, Any]]:
    file = scene.world.stack.folder / "logs" / "watchdog-alarms.log"
    return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []


def _alarms(scene: Scene, before: int) -> list[dict[str, Any]]:
    return [line for line in _said(scene)[before:] if "alert" in line["late"]]


def _over(scene: Scene, before: int) -> bool:
    return any("alert" not in line["late"] for line in _said(scene)[before:])
