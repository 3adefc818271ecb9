"""What the demo costs while nothing happens: 500 devices, heartbeats only, nobody looks."""

import asyncio
import time
from pathlib import Path

from benchmarks import usage
from benchmarks.product import Product
from deploy.native.live import Live
from deploy.native.stack import Stack
from simulators.telling import Teller

SETTLE_S = 30.0


async def idle(stack: Stack, seconds: float) -> tuple[int, dict[str, float], dict[str, float]]:
    """Return the number of devices, CPU in % of one core and resident MiB by process."""
    run_file = Path(stack.folder) / "run.json"
    product = Product(stack)
    async with Live(stack, Teller(), run_file) as live:
        await asyncio.sleep(SETTLE_S)
        pids = product.pids()
        before, since = usage.measure(pids), time.monotonic()
        await asyncio.sleep(seconds)
        after, took = usage.measure(pids), time.monotonic() - since
        percent = {name: cpu_s / took * 100 for name, cpu_s in usage.spent(before, after).items()}
        return len(live.world.devices), percent, {name: use.rss_mib for name, use in after.items()}
