"""`kill -9` of services while devices talk: nothing receipted is lost, everything heals by itself."""

import random

from tests.faults.harness import Scene, counts

TALKERS, PER_S = 20, 5.0


@counts(3, 60)
async def test_ingestion_killed_again_and_again_loses_nothing(scene: Scene, count: int) -> None:
    """Faults 1-3 at random moments (the exact ones are in test_ingestion_points.py)."""
    rng = random.Random(1)
    scene.fleet.load(await scene.talkers(TALKERS), PER_S)
    for _ in range(count):
        await scene.kill("ingestion")
        await scene.ready("ingestion")
        await scene.settled("ingestion", 2.2 + rng.random())
    scene.said = f"ingestion killed {count} times at random moments"
    scene.fleet.hush()
    await scene.fleet.drained()
    assert not scene.fleet.ledger.rejected
    assert len(scene.fleet.ledger.accepted) >= TALKERS * PER_S * count
