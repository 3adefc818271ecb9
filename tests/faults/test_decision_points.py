"""`kill -9` of those who decide, between decision, commit, publication and mark (faults 4 to 7)."""

import signal
from collections import Counter

from shared.contracts.topic_names import ALERT, VALVE_COMMAND
from tests.faults.fleet import Site, until
from tests.faults.harness import Scene, counts


@counts(1, 10)
async def test_fault_04_alerting_before_its_commit(scene: Scene, count: int) -> None:
    """The alert is written and not committed when the process dies: it is decided again."""
    await scene.repeat(count, _alerting_before_its_commit, "kills before alerting's commit")


async def _alerting_before_its_commit(scene: Scene, site: Site) -> str:
    await scene.settled("alerting")
    async with scene.gate("alerting.alert", "INSERT", site) as gate:
        site.client.alarm(site.detector)
        await gate.waiting()
        await scene.kill("alerting")
        assert not await scene.alerts(site)
        await gate.open()
    await scene.ready("alerting")
    return await scene.one_of_each(site)


@counts(1, 10)
async def test_fault_05_alerting_after_its_commit_before_the_offset_commit(scene: Scene, count: int) -> None:
    """Kafka stands still when the database commits, so that no offset can be committed there."""
    await scene.repeat(
        count, _alerting_after_its_commit_before_the_offset_commit, "kills after alerting's commit"
    )


async def _alerting_after_its_commit_before_the_offset_commit(scene: Scene, site: Site) -> str:
    await scene.settled("alerting")
    async with scene.gate("alerting.alert", "INSERT", site) as gate:
        site.client.alarm(site.detector)
        await gate.waiting()
        scene.signal_engine("kafka", signal.SIGSTOP)
        try:
            await gate.open()
            await until("the alert is committed", lambda: scene.alerts(site))
            await scene.kill("alerting")
        finally:
            scene.signal_engine("kafka", signal.SIGCONT)
    await scene.ready("alerting")
    return await scene.one_of_each(site)


@counts(1, 10)
async def test_fault_05_dispatch_after_its_commit_before_the_offset_commit(scene: Scene, count: int) -> None:
    """The same record comes again: the inbox absorbs it."""
    await scene.repeat(
        count, _dispatch_after_its_commit_before_the_offset_commit, "kills after dispatch's commit"
    )


async def _dispatch_after_its_commit_before_the_offset_commit(scene: Scene, site: Site) -> str:
    await scene.settled("dispatch")
    async with scene.gate("dispatch.orders", "INSERT", site) as gate:
        site.client.alarm(site.detector)
        await gate.waiting()
        scene.signal_engine("kafka", signal.SIGSTOP)
        try:
            await gate.open()
            await until("the order is committed", lambda: scene.orders(site))
            await scene.kill("dispatch")
        finally:
            scene.signal_engine("kafka", signal.SIGCONT)
    await scene.ready("dispatch")
    return await scene.one_of_each(site)


@counts(1, 10)
async def test_fault_06_relay_after_sending_before_marking(scene: Scene, count: int) -> None:
    """The valve has closed already, but the outbox does not know: published again under the same id."""
    await scene.repeat(count, _relay_after_sending_before_marking, "kills before marking")


async def _relay_after_sending_before_marking(scene: Scene, site: Site) -> str:
    await scene.settled("alerting")
    async with scene.gate("alerting.outbox", "UPDATE", site) as gate:
        site.client.alarm(site.detector)
        backend = await gate.waiting()
        await until("the command was sent", lambda: site.client.commands)
        await until("the valve moves", lambda: site.closings() == 1)
        await scene.kill("alerting")
        # The statement had arrived at the database, which would complete it: it must not.
        await scene.fetch("SELECT pg_terminate_backend($1, 5000)", backend)
        await gate.open()
    await scene.ready("alerting")
    one = await scene.one_of_each(site)
    ids = await until("published again", lambda: _published_again(scene, site))
    return f"{ids} ids published again; {one}"


async def _published_again(scene: Scene, site: Site) -> int:
    found = await scene.records(VALVE_COMMAND) + await scene.records(ALERT)
    mine = [dict(record.headers) for record in found if record.key == site.site_id.encode()]
    times = Counter(headers["ce_id"] for headers in mine)
    return sum(number > 1 for number in times.values())


@counts(1, 10)
async def test_fault_07_dispatch_mid_assignment(scene: Scene, count: int) -> None:
    """The order is written and not committed when the process dies: there is one order all the same."""
    await scene.repeat(count, _dispatch_mid_assignment, "kills mid-assignment")


async def _dispatch_mid_assignment(scene: Scene, site: Site) -> str:
    await scene.settled("dispatch")
    async with scene.gate("dispatch.orders", "INSERT", site) as gate:
        site.client.alarm(site.detector)
        await gate.waiting()
        await scene.kill("dispatch")
        assert not await scene.orders(site)
        await gate.open()
    await scene.ready("dispatch")
    return await scene.one_of_each(site)
