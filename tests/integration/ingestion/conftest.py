"""One ingestion a test, on a broker and topics of its own."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.integration.ingestion.harness import Platform, opened


@pytest.fixture
async def platform(
    mqtt_broker: Any, kafka_bootstrap: str, topic_prefix: str, tmp_path: Path
) -> AsyncIterator[Platform]:
    """Return a platform whose ingestion is not started yet."""
    async with opened(mqtt_broker, kafka_bootstrap, topic_prefix, tmp_path) as found:
        yield found
