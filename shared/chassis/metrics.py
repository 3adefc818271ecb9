"""Prometheus metrics: names begin with `gas_`, base units, never a device id as a label."""

from prometheus_client import CONTENT_TYPE_LATEST, Counter, Gauge, Histogram, generate_latest

__all__ = ["CONTENT_TYPE_LATEST", "Counter", "Gauge", "Histogram", "exposition"]


def exposition() -> bytes:
    """Return all metrics of this process in the text format."""
    return generate_latest()
