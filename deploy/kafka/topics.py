"""The Kafka topics as the contracts describe them."""

from pathlib import Path

import yaml

from shared.chassis.kafka import TopicSpec

FOLDER = Path(__file__).resolve().parents[2] / "shared" / "contracts" / "topics"
DAY_MS = 24 * 3600 * 1000


def specs() -> list[TopicSpec]:
    """Return every topic with its partitions and retention."""
    found = []
    for file in sorted(FOLDER.glob("*.yaml")):
        topic = yaml.safe_load(file.read_text())
        compact = topic.get("cleanup", "delete") == "compact"
        days = topic.get("retention_days") or 7
        found.append(TopicSpec(topic["name"], topic["partitions"], compact, days * DAY_MS))
    return found
