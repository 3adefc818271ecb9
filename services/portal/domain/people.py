"""People: roles, who needs a second factor, when guessing is stopped, how long a session lives."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum, StrEnum, auto

# Whoever may close a valve, publish, or administer.
SECOND_FACTOR_ROLES = frozenset(
    {
        "watch",
        "watch_supervisor",
        "dispatcher",
        "operator_admin",
        "regulator_approver",
        "government_approver",
        "administrator",
    }
)
PASSWORD_CHARACTERS_MIN = 12
FAILURES_MAX = 5
FAILURE_WINDOW = timedelta(hours=2)
"""Much longer than the longest lock, or the count would fall while the lock lasts."""
LOCK_S = 60
LOCK_S_MAX = 15 * 60
TOKEN_LIFE = timedelta(minutes=10)
SESSION_LIFE = timedelta(hours=12)
SCREEN_LIFE = timedelta(days=366)
SCREENS_MAX = 20
TOTP_STEP_S = 30
TOTP_DRIFT_STEPS = 1


@dataclass(frozen=True, slots=True)
class Account:
    """A person who may sign in; `screen` names the wall screen whose session this is, None for a person's."""

    username: str
    name: str
    password_hash: str
    role: str
    operator_id: str | None
    area_code: str | None
    crew_id: str | None
    totp_secret: str | None
    totp_last_step: int
    disabled: bool
    must_change: bool = False
    totp_pending: str | None = None
    revision: int = 1
    screen: str | None = None


class Owed(StrEnum):
    """What somebody must do before anything else."""

    PASSWORD = auto()
    SECOND_FACTOR = auto()


def owed(account: Account) -> Owed | None:
    """Return what an account still owes: a password of its owner's own, then a second factor."""
    if account.must_change:
        return Owed.PASSWORD
    if account.totp_secret is None and account.role in SECOND_FACTOR_ROLES:
        return Owed.SECOND_FACTOR
    return None


class PasswordFault(StrEnum):
    """Why a password is not taken, by the code that the screens have words for."""

    SHORT = "password-short"
    REPEATS = "password-repeats"
    NAMES = "password-names"
    PRESENT = "password-present"

    @property
    def reason(self) -> str:
        """Return it in English."""
        return _PASSWORD_REASONS[self]


_PASSWORD_REASONS = {
    PasswordFault.SHORT: f"must have {PASSWORD_CHARACTERS_MIN} characters at least",
    PasswordFault.REPEATS: "repeats the same few characters",
    PasswordFault.NAMES: "must not contain the user name or the product's name",
    PasswordFault.PRESENT: "must differ from the present one",
}


def password_fault(password: str, account: Account) -> PasswordFault | None:
    """Return why a password is not taken (NIST SP 800-63B: long, no rules on its letters)."""
    if len(password) < PASSWORD_CHARACTERS_MIN:
        return PasswordFault.SHORT
    if len(set(password)) < PASSWORD_CHARACTERS_MIN // 2:
        return PasswordFault.REPEATS
    if account.username.casefold() in password.casefold() or "gaswatch" in password.casefold():
        return PasswordFault.NAMES
    return None


class Refusal(Enum):
    """Why somebody may not sign in; the caller is told no more than this."""

    WRONG = "wrong"
    CODE_USED = "code_used"
    SECOND_FACTOR_NEEDED = "second_factor_needed"


@dataclass(frozen=True, slots=True)
class Locked:
    """An account is closed to an address for so many seconds more."""

    seconds: int


class Code(Enum):
    """What a one-time code is worth; a used one is no guess, for only its owner has seen it."""

    RIGHT = "right"
    USED = "used"
    WRONG = "wrong"


def throttled(failures: int) -> bool:
    """Return whether there were too many failures in the window (5 in two hours)."""
    return failures >= FAILURES_MAX


def lock_s(failures: int) -> int:
    """Return for how long after the latest failure an account is closed to an address.

    A minute after the fifth, so that who mistyped soon goes on; twice as long after each further one.
    """
    if not throttled(failures):
        return 0
    return min(LOCK_S << (failures - FAILURES_MAX), LOCK_S_MAX)


def totp_steps(now: datetime) -> range:
    """Return the time steps whose codes are accepted at `now`."""
    step = int(now.timestamp()) // TOTP_STEP_S
    return range(step - TOTP_DRIFT_STEPS, step + TOTP_DRIFT_STEPS + 1)


def token_expiry(session_began: datetime, now: datetime) -> datetime:
    """Return when a token issued now ends: ten minutes, never beyond the session's end."""
    return min(now + TOKEN_LIFE, session_began + SESSION_LIFE)
