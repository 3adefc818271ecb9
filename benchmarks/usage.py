"""CPU time and memory by process, as /proc tells them."""

import contextlib
from dataclasses import dataclass

import psutil

from deploy.native.engines import EngineAddresses


@dataclass(frozen=True)
class Use:
    """CPU seconds since the start of the process, resident MiB."""

    cpu_s: float
    rss_mib: float


ENGINES = ("Mosquitto", "Kafka", "PostgreSQL")


def engines(of: EngineAddresses) -> dict[str, int]:
    """Return the process ids of the engines."""
    found = dict(zip(ENGINES, (of.mqtt.pid, of.kafka.pid, of.postgres.pid), strict=True))
    return {name: pid for name, pid in found.items() if pid}


def measure(of: dict[str, int]) -> dict[str, Use]:
    """Return what each process has used; PostgreSQL's server processes count together."""
    found = {}
    for name, pid in of.items():
        with contextlib.suppress(psutil.NoSuchProcess):
            found[name] = _family(psutil.Process(pid), alone=name not in ENGINES)
    return found


def _family(process: psutil.Process, *, alone: bool) -> Use:
    members = [process] if alone else [process, *process.children(recursive=True)]
    cpu_s = rss = 0.0
    for member in members:
        with contextlib.suppress(psutil.NoSuchProcess):
            times = member.cpu_times()
            # Sessions that ended are in their parent's count of children.
            cpu_s += times.user + times.system + times.children_user + times.children_system
            memory = member.memory_info()
            rss += memory.rss - memory.shared if member is not process else memory.rss
    return Use(cpu_s, rss / 2**20)


def spent(before: dict[str, Use], after: dict[str, Use]) -> dict[str, float]:
    """Return the CPU seconds between two measurements."""
    return {name: after[name].cpu_s - before[name].cpu_s for name in after if name in before}
