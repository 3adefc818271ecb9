"""What the portal's own answers hold."""

from typing import Annotated, Any, Literal, TypeAlias

from msgspec import UNSET, Meta, UnsetType

from services.portal.domain.audit import Kind
from services.portal.domain.people import Account, owed
from shared.chassis.openapi import page_of
from shared.contracts.access import ROLES
from shared.contracts.events import Priority, Rule
from shared.contracts.resources import Shape, Time

Role: TypeAlias = Annotated[str, Meta(extra_json_schema={"enum": sorted(ROLES)})]


class Token(Shape):
    """A session's token, which the cookie holds, too."""

    token: str
    expires_at: Time


class Me(Shape):
    """Who is signed in; `owes` names what must be done first, `screen` a screen on the wall."""

    username: str
    name: str
    role: Role
    operator_id: str | None
    area_code: str | None
    crew_id: str | None
    second_factor: bool
    owes: Literal["password", "second_factor"] | None
    screen: str | None


def me(account: Account) -> dict[str, Any]:
    """Return what somebody is told about the own account."""
    debt = owed(account)
    return {
        "username": account.username,
        "name": account.name,
        "role": account.role,
        "operator_id": account.operator_id,
        "area_code": account.area_code,
        "crew_id": account.crew_id,
        "second_factor": account.totp_secret is not None,
        "owes": debt.value if debt else None,
        "screen": account.screen,
    }


class Person(Shape):
    """An account; `must_change` while its first password stands."""

    username: str
    name: str
    role: Role
    operator_id: str | None
    area_code: str | None
    crew_id: str | None
    disabled: bool
    second_factor: bool
    must_change: bool
    revision: int


class PersonWithPassword(Person):
    """An account and its first password, which is told once."""

    password: str | UnsetType = UNSET


class PasswordChanged(Shape):
    """The new password holds."""

    changed: bool


class SecondFactorState(Shape):
    """Whether the second factor is in use; before that a secret and the address in its QR code, told once."""

    second_factor: bool
    totp_secret: str | UnsetType = UNSET
    totp_uri: str | UnsetType = UNSET
    totp_picture: str | UnsetType = UNSET


class Session(Shape):
    """One of one's own live sessions; `current` is the one that asks."""

    session_id: str
    address: str
    agent: str
    created_at: Time
    seen_at: Time | None
    expires_at: Time
    second_factor: bool
    screen: str | None
    current: bool


class Screen(Shape):
    """A screen that may be hung up: its page is `/console/wall#key=<token>`, told once."""

    session_id: str
    screen: str
    token: str | UnsetType = UNSET


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


class Tiles(Shape):
    """Where the map's tiles come from, and whether they are shifted by GCJ-02."""

    url: str
    gcj02: bool


class Settings(Shape):
    """What the apps are told of this installation; without tiles the maps show borders only."""

    tiles: Tiles | None


class HandoverAlert(Shape):
    """An alert as it was when a note was written."""

    alert_id: str
    rule: Rule
    priority: Priority
    site_id: str
    zone: str
    active: bool
    acknowledged: bool
    suppressed: bool
    opened_at: Time


class Handover(Shape):
    """What one watch tells the next, with the alerts that were open then."""

    handover_id: str
    operator_id: str
    text: str
    open_alerts: list[HandoverAlert]
    created_by: str
    created_at: Time
    accepted_by: str | None
    accepted_at: Time | None


class Attachment(Shape):
    """A photo; what it shows is at `attachments/{id}/content`."""

    attachment_id: str
    operator_id: str
    area_code: str | None
    order_id: str | None
    name: str
    media_type: str
    width: int
    height: int
    sha256: str
    bytes: int
    created_by: str
    created_at: Time


PersonPage = page_of(Person)
HandoverPage = page_of(Handover)
SessionPage = page_of(Session)
AuditEntryPage = page_of(AuditEntry)
