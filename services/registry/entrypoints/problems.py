"""The refusals of the use cases as HTTP problems."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg

from services.registry.handlers.errors import Absent, BadInput, NotAllowed, Stale
from services.registry.ports import BrokerAway, Exists
from shared.chassis.http import not_found, problem, stale


def conflict(detail: str) -> Exception:
    """Return the answer to a step that the state does not allow."""
    return problem(409, "conflict", "The state of this does not allow it.", detail)


@asynccontextmanager
async def answered() -> AsyncIterator[None]:
    """Turn refusals inside into problems; what another tenant owns does not exist (404)."""
    try:
        yield
    except Absent as error:
        raise not_found(error.kind.table, ", ".join(error.ids)) from error
    except Stale as error:
        raise stale() from error
    except NotAllowed as error:
        raise conflict(str(error)) from error
    except Exists as error:
        raise problem(409, "exists", "An object with this id is already registered.") from error
    except BadInput as error:
        errors = [
            {"loc": ["body", fault.field], "msg": fault.reason, "type": "value_error"}
            for fault in error.faults
        ]
        status = 404 if all(fault.absent for fault in error.faults) else 422
        said = [f"{fault.field}: {fault.reason}" for fault in error.faults]
        type_ = "not-found" if status == 404 else "request-validation-failed"
        raise problem(status, type_, "; ".join(said), said[0], errors=errors) from error
    except BrokerAway as error:
        why = "What may still be connected in a revoked device's name could not be ended."
        raise problem(503, "unavailable", why, str(error)) from error
    except asyncpg.InsufficientPrivilegeError as error:
        # Row-level security refused what a policy above should have: still the answer of a stranger's row.
        raise not_found("object") from error
