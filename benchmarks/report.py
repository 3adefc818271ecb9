"""Figures as tables."""

from collections.abc import Sequence

from benchmarks.counting import quantile
from benchmarks.results import table
from benchmarks.run import Figures
from benchmarks.usage import ENGINES
from benchmarks.valve import Loops

HEAD = (
    "offered/s", "s", "published", "stored", "stored/s while publishing", "drained after s",
    "alarms", "without alert", "alert p50 ms", "p99", "max", "verdict",
)  # fmt: skip


def row(one: Figures) -> tuple[object, ...]:
    """Return a run as a table's row."""
    return (
        f"{one.offered:,.0f}", f"{one.seconds:.0f}", f"{one.published:,}", f"{one.stored:,}",
        f"{one.per_s:,.0f}", f"{one.drain_s:.1f}", one.alarms, one.unalerted,
        f"{one.p50_ms:.0f}", f"{one.p99_ms:.0f}", f"{one.max_ms:.0f}", one.verdict,
    )  # fmt: skip


def sweep_body(found: Sequence[Figures]) -> str:
    """Return runs and costs."""
    saturation = max(one.per_s for one in found)
    sustained = max((one.offered for one in found if one.kept_up), default=0)
    return (
        f"{table(HEAD, [row(one) for one in found])}\n\nSaturation: {saturation:,.0f} readings/s stored "
        f"while publishing; sustained: {sustained:,.0f}/s.\n\n{costs_table(found)}"
    )


def costs_table(found: Sequence[Figures]) -> str:
    """Return CPU by process and run, and the largest memory."""
    names = list(dict.fromkeys(name for one in found for name in one.cpu_us))
    rows: list[tuple[object, ...]] = [
        (
            name, *(f"{one.cpu_us.get(name, 0):.1f}" for one in found),
            f"{max(one.rss_mib.get(name, 0) for one in found):.0f}",
        )
        for name in names
    ]  # fmt: skip
    rows.append(("together", *(f"{sum(one.cpu_us.values()):.1f}" for one in found), ""))
    head = ("CPU, µs a reading, at offered/s", *(f"{one.offered:,.0f}" for one in found), "RSS max MiB")
    return table(head, rows)


def latency_body(one: Figures, loops: Loops) -> str:
    """Return alarms and valves of one run."""
    valves = (
        len(loops.took_ms), len(loops.missed), f"{quantile(loops.took_ms, 0.5):.0f}",
        f"{quantile(loops.took_ms, 0.99):.0f}", f"{loops.took_ms[-1]:.0f}" if loops.took_ms else "-",
    )  # fmt: skip
    head = ("closed valves", "not closed", "second alarm → limit switch less motor p50 ms", "p99", "max")
    return f"{table(HEAD, [row(one)])}\n\n{table(head, [valves])}\n\n{costs_table([one])}"


def idle_body(devices: int, percent: dict[str, float], rss_mib: dict[str, float]) -> str:
    """Return what the demo costs."""
    services = [name for name in percent if name not in ENGINES]
    rows = [(name, f"{percent[name]:.1f}", f"{rss_mib[name]:.0f}") for name in percent]
    rows.append(("all our services", f"{sum(percent[name] for name in services):.1f}", ""))
    return f"{devices} devices.\n\n{table(('process', '% of one core', 'RSS MiB'), rows)}"
