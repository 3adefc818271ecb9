"""Alerting, valve loops and dispatch under any interleaving: 50 seeds here, 1,000 by `make faults`.

A failing seed is named; `SEED=123 pytest tests/simulation -k replay` or `python -m tests.simulation 123`
runs it again, step by step the same.
"""

import os
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict
from multiprocessing import get_context

import pytest

from tests.simulation.world import Outcome, World

SEEDS, SEEDS_FULL = 50, 1_000
COMPARED_EVERY = 5
CHUNK = 10


def run(seed: int) -> Outcome:
    """Run a seed; every fifth in a second weather too: the detectors' final word must not depend on it."""
    outcome = World(seed).run()
    if seed % COMPARED_EVERY == 0:
        other = World(seed, weather=1).run()
        differ = sorted(outcome.conditions ^ other.conditions)
        assert not differ, f"seed {seed}: the end depends on the order of delivery: {differ}"
    return outcome


def total(outcomes: list[Outcome]) -> Counter[str]:
    found: Counter[str] = Counter()
    for outcome in outcomes:
        found.update({name: n for name, n in asdict(outcome).items() if isinstance(n, int)})
    return found


def not_idle(found: Counter[str], seeds: int) -> None:
    """A promise about nothing would be kept by anything."""
    for name, least in {"alerts": 5, "commands": 2, "effects": 1, "orders": 1, "fenced": 1}.items():
        assert found[name] >= least * seeds, f"too few {name}: {found}"
    for name in ("late", "misses"):
        assert found[name] >= seeds / 4, f"too few {name}: {found}"


def test_fifty_seeds() -> None:
    not_idle(total([run(seed) for seed in range(SEEDS)]), SEEDS)


@pytest.mark.full
def test_a_thousand_seeds() -> None:
    with ProcessPoolExecutor(os.cpu_count(), mp_context=get_context("spawn")) as pool:
        not_idle(total(list(pool.map(run, range(SEEDS_FULL), chunksize=CHUNK))), SEEDS_FULL)


def test_replay() -> None:
    """The same seed is the same run, to the last step."""
    seed = int(os.environ.get("SEED", "7"))
    first: list[str] = []
    second: list[str] = []
    for trace in (first, second):
        try:
            World(seed, tell=trace.append).run()
        except AssertionError:
            if "SEED" in os.environ:
                print("\n".join(trace))  # noqa: T201
                raise
            raise
    assert first == second
    if "SEED" in os.environ:
        print("\n".join(first))  # noqa: T201
