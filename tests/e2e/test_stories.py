"""Each story of the scenario, from the leak to the closed valve and the crew, on the real engines."""

import pytest

from simulators import stories


@pytest.mark.engines
@pytest.mark.parametrize("name", stories.names())
def test_every_step_is_seen_in_time(played, name):
    assert played[name] == []
