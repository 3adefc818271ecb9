"""`make bench`: python -m benchmarks [--quick] [sweep|all]."""

import argparse
import asyncio
import time

from benchmarks.fleet import Fleet
from benchmarks.run import Runner
from benchmarks.stage import add_accounts, administrator, register, stage
from deploy.native.stack import Stack


def main() -> int:
    """Run what is asked for."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--rates", default="5000")
    parser.add_argument("--seconds", type=float, default=10)
    arguments = parser.parse_args()
    fleet = Fleet()
    with stage() as stack:
        print("stack prepared", flush=True)
        stack.start()
        print("services are ready", flush=True)
        asyncio.run(_sweep(stack, fleet, arguments))
    return 0


async def _sweep(stack: Stack, fleet: Fleet, arguments: argparse.Namespace) -> None:
    accounts = await asyncio.to_thread(add_accounts, stack)
    began = time.monotonic()
    async with administrator(stack, accounts) as api:
        await register(api, stack, fleet)
    print(f"registered in {time.monotonic() - began:.1f} s", flush=True)
    await asyncio.sleep(5)
    runner = Runner(stack, fleet)
    for rate in arguments.rates.split(","):
        figures = await runner.run(float(rate), arguments.seconds)
        print(figures.line(), flush=True)
        print({k: round(v, 1) for k, v in figures.cpu_us.items()})
        print({k: round(v) for k, v in figures.rss_mib.items()})


if __name__ == "__main__":
    raise SystemExit(main())
