"""Replay one run with its trace: `python -m tests.simulation SEED [WEATHER]`."""

import sys

from tests.simulation.kernel import Broken
from tests.simulation.world import World


def main() -> int:
    seed, weather = (*map(int, sys.argv[1:]), 0)[:2]
    try:
        outcome = World(seed, weather, print).run()
    except Broken as error:
        print(f"BROKEN: {error}")  # noqa: T201
        return 1
    print(outcome)  # noqa: T201
    return 0


if __name__ == "__main__":
    sys.exit(main())
