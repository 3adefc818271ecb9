"""What passes by itself is waited for; a fault stays one."""

import asyncpg
import pytest

from services.alerting.adapters.postgres import passing
from services.alerting.ports import Unavailable


@pytest.mark.parametrize(
    "error",
    [
        OSError("reset"),
        TimeoutError(),
        asyncpg.InterfaceError("closed"),
        asyncpg.InternalClientError("got result for unknown protocol state 3"),
        asyncpg.AdminShutdownError("stop"),
        asyncpg.DeadlockDetectedError("again"),
    ],
)
def test_a_connection_that_breaks_is_waited_for(error: Exception) -> None:
    with pytest.raises(Unavailable), passing():
        raise error


@pytest.mark.parametrize("error", [asyncpg.UndefinedTableError("alert"), ValueError("x")])
def test_a_fault_stays_a_fault(error: Exception) -> None:
    with pytest.raises(type(error)), passing():
        raise error
