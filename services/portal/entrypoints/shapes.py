"""What the portal's own answers hold."""

from typing import Any, Literal

from services.portal.domain.audit import Kind
from shared.chassis.openapi import page_of
from shared.contracts.resources import Shape, Time


class Token(Shape):
    """A session's token, which the cookie holds, too."""

    token: str
    expires_at: Time


class Me(Shape):
    """Who is signed in; `owes` names what must be done before anything else."""

    username: str
    name: str
    role: str
    operator_id: str | None
    area_code: str | None
    crew_id: str | None
    second_factor: bool
    owes: Literal["password", "second_factor"] | None


class Person(Shape):
    """An account; `must_change` while its first password stands."""

    username: str
    name: str
    role: str
    operator_id: str | None
    area_code: str | None
    crew_id: str | None
    disabled: bool
    second_factor: bool
    must_change: bool
    revision: int


class PersonWithPassword(Person):
    """An account and its first password, which is told this once."""

    password: str


class NewSecondFactor(Shape):
    """A secret for an authenticator app, and the address that its QR code holds."""

    totp_secret: str
    totp_uri: str


class SecondFactorTaken(Shape):
    """The secret is in use from now on."""

    second_factor: bool


class Session(Shape):
    """One of one's own live sessions; `current` is the one that asks."""

    session_id: str
    address: str
    agent: str
    created_at: Time
    seen_at: Time | None
    expires_at: Time
    second_factor: bool
    current: bool


class AuditEntry(Shape):
    """An intent, its result (`about` the intent), or an automatic close; states of the object, if known."""

    seq: int
    at: Time
    kind: Kind
    actor: str
    role: str
    action: str
    object: str
    operator_id: str | None
    area_code: str | None
    address: str | None
    session_id: str | None
    about: int | None
    status: int | None
    reason: str | None
    before: Any
    after: Any


PersonPage = page_of(Person)
SessionPage = page_of(Session)
AuditEntryPage = page_of(AuditEntry)
