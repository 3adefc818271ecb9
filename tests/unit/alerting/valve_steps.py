"""What the tests of the valve loop share: moments, alarms, a commanded valve, and what a step did."""

from typing import Any

from services.alerting.domain.command import AlarmSignal, Command
from services.alerting.domain.valve import Item, Miss, Moment, RaiseV01, SendCommand, Step, Valve
from services.alerting.domain.valve_loop import on_close_due

T0 = 1_800_000_000_000


def at(after_ms: int = 0, **facts: Any) -> Moment:
    return Moment(T0 + after_ms, f"id-{after_ms}", **facts)


def alarm(after_ms: int = 0, *, rule: str = "G02", alert: str = "a1", **more: Any) -> AlarmSignal:
    return AlarmSignal(alert, rule, T0 + after_ms, **more)


def sent(step: Step) -> list[Command]:
    return [effect.command for effect in step.effects if isinstance(effect, SendCommand)]


def misses(step: Step) -> list[Miss]:
    return [effect.miss for effect in step.effects if isinstance(effect, RaiseV01)]


def kinds(step: Step) -> list[str]:
    return [effect.kind for effect in step.effects if isinstance(effect, Item)]


def commanded(**more: Any) -> Valve:
    return on_close_due(Valve("v1", position="open", position_order=(1, 0), **more), alarm(), at()).valve
