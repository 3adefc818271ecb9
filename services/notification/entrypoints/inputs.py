"""What clients may send; unknown fields are refused."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from services.notification.domain.model import Language, Priority, Topic

Id = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,64}$")]
Word = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,40}$")]
Words = Annotated[list[Word], Field(max_length=50)]
Area = Annotated[str, StringConstraints(pattern=r"^\d{6}$")]
Level = Literal[0, 1, 2]


class Input(BaseModel):
    """A body; what it does not name is refused."""

    model_config = ConfigDict(extra="forbid")


class NewAddress(Input):
    """One way to reach somebody."""

    channel: Word
    address: Annotated[str, StringConstraints(min_length=1, max_length=500)]


Addresses = Annotated[list[NewAddress], Field(min_length=1, max_length=10)]
Name = Annotated[str, StringConstraints(min_length=1, max_length=200)]


class NewContact(Input):
    """Somebody who is told; `person` is the user name, `crew_id` for members of crews."""

    contact_id: Id
    operator_id: Id | None = None
    area_code: Area
    name: Name
    role: Word
    person: Name | None = None
    crew_id: Id | None = None
    language: Language = "zh-CN"
    addresses: Addresses
    active: bool = True


class ContactChange(Input):
    """What may change of a contact."""

    name: Name | None = None
    role: Word | None = None
    language: Language | None = None
    addresses: Addresses | None = None
    active: bool | None = None


class NewRoute(Input):
    """Who is told of what; empty lists mean all."""

    route_id: Id
    operator_id: Id | None = None
    area_code: Area
    topic: Topic
    priorities: Annotated[list[Priority], Field(min_length=1, max_length=4)]
    roles: Annotated[list[Word], Field(min_length=1, max_length=20)]
    level: Level = 0
    rules: Words = []
    whats: Words = []
    channels: Words = []
    active: bool = True


class RouteChange(Input):
    """What may change of a route."""

    priorities: Annotated[list[Priority], Field(min_length=1, max_length=4)] | None = None
    roles: Annotated[list[Word], Field(min_length=1, max_length=20)] | None = None
    rules: Words | None = None
    whats: Words | None = None
    channels: Words | None = None
    active: bool | None = None
