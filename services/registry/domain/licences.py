"""The life cycle of a gas business licence (State Council Order 583; Administrative Licensing Law)."""

import datetime as dt
from typing import Literal, TypeAlias, get_args

State: TypeAlias = Literal[
    "applied",
    "valid",
    "renewal_pending",
    "expired",
    "suspended",
    "withdrawn",
    "annulled",
    "revoked",
    "deregistered",
]
Verb: TypeAlias = Literal[
    "grant", "file-renewal", "renew", "suspend", "resume", "withdraw", "annul", "revoke", "deregister"
]
VERBS: tuple[Verb, ...] = get_args(Verb)
# Ended licences stay ended; only deregistration (the formal end) may still follow.
_IN_FORCE: tuple[State, ...] = ("valid", "renewal_pending", "suspended", "expired")
TRANSITIONS: dict[Verb, dict[State, State]] = {
    # What a firm says of itself counts when somebody who licenses has confirmed it.
    "grant": {"applied": "valid"},
    "file-renewal": {"valid": "renewal_pending", "expired": "renewal_pending"},
    "renew": {"valid": "valid", "renewal_pending": "valid", "expired": "valid"},
    "suspend": {"valid": "suspended", "renewal_pending": "suspended"},
    "resume": {"suspended": "valid"},
    "withdraw": dict.fromkeys(_IN_FORCE, "withdrawn"),
    "annul": dict.fromkeys(_IN_FORCE, "annulled"),
    "revoke": dict.fromkeys(_IN_FORCE, "revoked"),
    "deregister": dict.fromkeys((*_IN_FORCE, "withdrawn", "annulled", "revoked"), "deregistered"),
}
RENEWAL_DAYS_MIN = 30


def deemed_renewed(valid_to: dt.date, renewal_filed_on: dt.date | None) -> bool:
    """Return whether an undecided renewal counts as granted after expiry.

    Filed at least 30 days before expiry, and the authority silent: Administrative Licensing Law, article 50.
    """
    limit = dt.timedelta(days=RENEWAL_DAYS_MIN)
    return renewal_filed_on is not None and renewal_filed_on <= valid_to - limit


def state_on(
    state: State, valid_from: dt.date, valid_to: dt.date, renewal_filed_on: dt.date | None, day: dt.date
) -> State:
    """Return a licence's state on a day: what is stored, and `expired` and `applied` by its dates.

    A renewal that was filed in time keeps `renewal_pending` after expiry (it is deemed granted).
    """
    if state not in {"valid", "renewal_pending", "suspended"}:
        return state
    if day < valid_from:
        return "applied"
    if day <= valid_to:
        return state
    if state == "renewal_pending" and deemed_renewed(valid_to, renewal_filed_on):
        return "renewal_pending"
    return "expired"


def after(verb: Verb, state: State) -> State | None:
    """Return the state after a step, or None when the state does not allow it."""
    return TRANSITIONS[verb].get(state)
