"""Alerting on a database of its own, for each test."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.integration.alerting.rig import Rig


@pytest.fixture
async def rig(database: Any, tmp_path: Path) -> AsyncIterator[Rig]:
    async with Rig(await database("alerting"), tmp_path) as made:
        yield made
