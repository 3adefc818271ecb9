"""What every store of alerting promises; run against PostgreSQL and against memory."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest

from services.alerting.domain.command import AlarmSignal
from services.alerting.domain.decide import decide
from services.alerting.domain.loops import apply, moment, valve_of
from services.alerting.domain.signals import Sign, Signal
from services.alerting.domain.site import SiteFacts, TimelineItem
from services.alerting.domain.valve_loop import on_close_due
from services.alerting.ports import Advance, Fenced
from shared.chassis.ids import uuid7

FACTS = SiteFacts("site-1", "op-1", "530602", "restaurant", True, valves={"z1": ("val-1",)})


def raised(subject: str = "det-1", sign: Sign = Sign.RAISED, **fields: Any) -> Signal:
    found = Signal(sign, "G01", "gas", subject, "site-1", 1000, zone="z1", device_ids=(subject,))
    return replace(found, **fields)


class StoreSuite:
    """Subclasses give `store`, and `events()` and `commands()` as they would leave."""

    store: Any
    events: Callable[[], Any]
    commands: Callable[[], Any]

    async def decided(self, signals: Sequence[Signal], advances: Sequence[Advance] = ()) -> None:
        async with self.store.unit(advances) as unit:
            states = await unit.load([FACTS])
            decide(states["site-1"], signals, unit.now_ms, uuid7)
            await unit.save(list(states.values()))

    async def loaded(self, *named: str) -> Any:
        async with self.store.unit() as unit:
            return (await unit.load([FACTS], named))["site-1"]

    async def test_a_first_claim_starts_at_zero(self) -> None:
        claim = await self.store.claim(7)
        assert (claim.offset, claim.owner_epoch, claim.snapshot, claim.snapshot_offset) == (0, 1, None, 0)

    async def test_decisions_and_offset_are_one(self) -> None:
        claim = await self.store.claim(7)
        await self.decided([raised()], [Advance(7, claim.owner_epoch, 0, 5)])
        assert (await self.store.claim(7)).offset == 5
        alerts = list((await self.loaded()).alerts.values())
        assert [(a.rule, a.active, a.device_ids) for a in alerts] == [("G01", True, ("det-1",))]
        assert await self.events() == [("raised", alerts[0].alert_id)]

    async def test_a_former_owner_is_fenced(self) -> None:
        old = await self.store.claim(7)
        new = await self.store.claim(7)
        with pytest.raises(Fenced):
            await self.decided([raised()], [Advance(7, old.owner_epoch, 0, 5)])
        assert (await self.loaded()).alerts == {}
        await self.decided([raised()], [Advance(7, new.owner_epoch, 0, 5)])
        assert len((await self.loaded()).alerts) == 1

    async def test_another_offset_is_fenced(self) -> None:
        claim = await self.store.claim(7)
        await self.decided([], [Advance(7, claim.owner_epoch, 0, 5)])
        with pytest.raises(Fenced):
            await self.decided([raised()], [Advance(7, claim.owner_epoch, 0, 6)])
        assert (await self.loaded()).alerts == {}
        assert (await self.store.claim(7)).offset == 5

    async def test_one_fenced_partition_stops_the_whole_transaction(self) -> None:
        one, two = await self.store.claim(1), await self.store.claim(2)
        await self.store.claim(2)
        steps = [Advance(1, one.owner_epoch, 0, 5), Advance(2, two.owner_epoch, 0, 5)]
        with pytest.raises(Fenced):
            await self.decided([raised()], steps)
        assert (await self.store.claim(1)).offset == 0

    async def test_a_crash_before_the_commit_leaves_nothing(self) -> None:
        claim = await self.store.claim(7)

        async def crash() -> None:
            async with self.store.unit([Advance(7, claim.owner_epoch, 0, 5)]) as unit:
                states = await unit.load([FACTS])
                decide(states["site-1"], [raised()], unit.now_ms, uuid7)
                await unit.save(list(states.values()))
                await unit.hold("site-1", "order-1")
                raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            await crash()
        state = await self.loaded()
        assert (state.alerts, state.holder_order_id) == ({}, None)
        assert (await self.store.claim(7)).offset == 0
        assert await self.events() == []

    async def test_a_snapshot_belongs_to_its_owner(self) -> None:
        old = await self.store.claim(7)
        await self.decided([], [Advance(7, old.owner_epoch, 0, 9)])
        await self.store.snapshot(old, 9, b"nine")
        new = await self.store.claim(7)
        assert (new.snapshot, new.snapshot_offset) == (b"nine", 9)
        await self.decided([], [Advance(7, new.owner_epoch, 9, 12)])
        await self.store.snapshot(old, 12, b"stale owner")
        await self.store.snapshot(new, 13, b"not decided yet")
        last = await self.store.claim(7)
        assert (last.snapshot, last.snapshot_offset) == (b"nine", 9)

    async def test_a_second_active_alert_is_refused(self) -> None:
        await self.decided([raised()])

        async def overlook() -> None:
            async with self.store.unit() as unit:
                states = await unit.load([FACTS])
                states["site-1"].alerts.clear()
                decide(states["site-1"], [raised()], unit.now_ms, uuid7)
                await unit.save(list(states.values()))

        with pytest.raises(Exception, match=r"alert_active|twice active"):
            await overlook()
        assert len((await self.loaded()).alerts) == 1

    async def test_an_episode_may_end_and_another_begin_at_once(self) -> None:
        await self.decided([raised()])
        await self.decided([raised(sign=Sign.CLEARED), raised()])
        ids = {alert_id for _, alert_id in await self.events()}
        alerts = (await self.loaded(*ids)).alerts.values()
        assert sorted((a.active, a.acknowledged) for a in alerts) == [(False, False), (True, False)]
        assert [kind for kind, _ in await self.events()] == ["raised", "cleared", "raised"]

    async def test_what_is_cleared_and_acknowledged_is_not_open(self) -> None:
        await self.decided([raised(), raised(sign=Sign.CLEARED)])
        ((_, alert_id), _) = await self.events()
        async with self.store.unit() as unit:
            state = (await unit.load([FACTS], [alert_id]))["site-1"]
            (alert,) = state.alerts.values()
            state.change(alert, TimelineItem(unit.now_ms, "acknowledged", "p-1"), acknowledged=True)
            await unit.save([state])
        assert (await self.loaded(alert_id)).alerts == {}

    async def test_what_ended_unacknowledged_comes_only_by_its_name(self) -> None:
        await self.decided([raised(), raised(sign=Sign.CLEARED)])
        ((_, alert_id), _) = await self.events()
        state = await self.loaded()
        assert (state.alerts, state.alarmed_in("z1"), state.alarmed_in("z2")) == ({}, True, False)
        assert list((await self.loaded(alert_id, "something else")).alerts) == [alert_id]

    async def test_a_movement_that_nothing_explained_explains_none(self) -> None:
        moved = replace(raised(), rule="V02", family="moved", zone="z2", latched=False, priority="P2")
        await self.decided([raised(), moved, replace(moved, sign=Sign.CLEARED)])
        state = await self.loaded()
        assert (state.alarmed_in("z1"), state.alarmed_in("z2")) == (True, False)

    async def test_only_open_alerts_that_do_not_name_an_order_are_unlinked(self) -> None:
        await self.decided([raised(), raised("det-2")])
        first, second = sorted(alert_id for _, alert_id in await self.events())
        async with self.store.unit() as unit:
            state = (await unit.load([FACTS]))["site-1"]
            state.change(state.alerts[first], None, order_id="order-1")
            await unit.save([state])
        async with self.store.unit() as unit:
            asked = [first, second, "something else"]
            assert await unit.unlinked("order-1", "site-1", asked) == [second]
            assert sorted(await unit.unlinked("order-2", "site-1", asked)) == [first, second]
            assert await unit.unlinked("order-2", "site-2", asked) == []

    async def test_what_ended_comes_while_it_is_shelved_or_a_valve_is_about_it(self) -> None:
        await self.decided([raised(), raised("det-2"), raised(sign=Sign.CLEARED)])
        (ended,) = {alert_id for kind, alert_id in await self.events() if kind == "cleared"}
        async with self.store.unit() as unit:
            state = (await unit.load([FACTS], [ended]))["site-1"]
            state.change(state.alerts[ended], None, shelved_until_ms=unit.now_ms)
            await unit.save([state])
        assert ended in (await self.loaded()).alerts
        async with self.store.unit() as unit:
            state = (await unit.load([FACTS]))["site-1"]
            state.change(state.alerts[ended], None, shelved_until_ms=None)
            step = on_close_due(
                valve_of(state, "val-1"),
                AlarmSignal(ended, "G02", unit.now_ms),
                moment(state, "val-1", unit.now_ms, uuid7),
            )
            apply(state, step, unit.now_ms, uuid7)
            await unit.save([state])
        assert ended in (await self.loaded()).alerts

    async def test_every_field_of_an_alert_survives(self) -> None:
        await self.decided([raised(value=12.5, set_point=10.0, unit="%LEL", reason="set_point", test=True)])
        async with self.store.unit() as unit:
            state = (await unit.load([FACTS]))["site-1"]
            (alert,) = state.alerts.values()
            kept = state.change(
                alert,
                None,
                suppressed=True,
                silenced=True,
                confirmed="真实",
                assigned_to="p-2",
                shelved_until_ms=5,
                acknowledged=True,
                acknowledged_at_ms=6,
                order_id="order-1",
                latched=True,
                repeat_count=3,
                repeated_at_ms=7,
            )
            await unit.save([state])
        assert (await self.loaded()).alerts[alert.alert_id] == kept

    async def test_valves_commands_and_holders_survive(self) -> None:
        async with self.store.unit() as unit:
            state = (await unit.load([FACTS]))["site-1"]
            said = AlarmSignal("0190a3b8-0000-7000-8000-000000000001", "G02", unit.now_ms)
            at = moment(state, "val-1", unit.now_ms, uuid7)
            apply(state, on_close_due(valve_of(state, "val-1"), said, at), unit.now_ms, uuid7)
            await unit.save([state])
            await unit.hold("site-1", "order-1")
            valve = state.valves["val-1"]
        state = await self.loaded()
        assert state.valves["val-1"] == valve
        assert state.holder_order_id == "order-1"
        assert await self.commands() == ["val-1"]
        async with self.store.unit() as unit:
            await unit.hold("site-1", None)
        assert (await self.loaded()).holder_order_id is None

    async def test_a_message_is_handled_once(self) -> None:
        found = []
        for message_id in ("a", "a", "b"):
            async with self.store.unit() as unit:
                found.append(await unit.first_time("orders", message_id))
        assert found == [True, False, True]

    async def test_fifty_times_the_same_alarm_at_once_is_one_alert(self) -> None:
        await asyncio.gather(*(self.decided([raised()]) for _ in range(50)))
        (alert,) = (await self.loaded()).alerts.values()
        assert alert.repeat_count == 49
        assert [kind for kind, _ in await self.events()].count("raised") == 1

    async def test_quarantines_outlive_the_process(self) -> None:
        said = raised(
            "quarantine:d9", rule="S02", family="platform", reason="quarantined", device_ids=("d9",)
        )
        await self.decided([raised(), said])
        assert await self.store.quarantined() == ["d9"]
        await self.decided([replace(said, sign=Sign.CLEARED)])
        assert await self.store.quarantined() == []
