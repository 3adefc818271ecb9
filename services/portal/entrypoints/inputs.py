"""What people send to the portal itself."""

from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from shared.contracts.access import CREW, FIRM, ROLES

Text = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^\x00]+$")]
Id = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,64}$")]
Area = Annotated[str, Field(pattern=r"^\d{6}$")]
Role = Annotated[str, Field(json_schema_extra={"enum": sorted(ROLES)})]
Code = Annotated[str, Field(pattern=r"^\d{6}$")]


class Body(BaseModel):
    """Refuses fields that nobody looks at."""

    model_config = ConfigDict(extra="forbid")


class SignIn(Body):
    """What somebody gives to sign in."""

    username: str = Field(min_length=1, max_length=64, pattern=r"^[^\x00]+$")
    password: str = Field(min_length=1, max_length=200)
    otp: Code | None = None


class NewScreen(Body):
    """A screen to hang up; its name says where."""

    name: Text


class ScreenToken(Body):
    """What a screen was given, once."""

    token: str = Field(min_length=20, max_length=100, pattern=r"^[A-Za-z0-9_-]+$")


def scope_fault(role: str, operator_id: str | None, area_code: str | None, crew_id: str | None) -> str | None:
    """Return why a role cannot have this scope: a firm's people belong to it, an authority's to an area."""
    if role not in ROLES:
        return f"role: must be one of {', '.join(sorted(ROLES))}"
    firm = role in FIRM | CREW
    if firm and (operator_id is None or area_code is not None):
        return "operator_id: somebody of a firm has an operator and no area"
    if not firm and role != "administrator" and (area_code is None or operator_id is not None):
        return "area_code: somebody of an authority has an area and no operator"
    if role == "administrator" and (operator_id or area_code):
        return "role: an administrator has neither operator nor area"
    if (role in CREW) != (crew_id is not None):
        return "crew_id: a crew's people have a crew, and only they"
    return None


class NewPerson(Body):
    """An account to create; its first password is made here."""

    username: str = Field(pattern=r"^[A-Za-z0-9_.-]{1,64}$")
    name: Text
    role: Role
    operator_id: Id | None = None
    area_code: Area | None = None
    crew_id: Id | None = None

    @model_validator(mode="after")
    def _scoped(self) -> Self:
        if fault := scope_fault(self.role, self.operator_id, self.area_code, self.crew_id):
            raise ValueError(fault)
        return self


class PersonChange(Body):
    """What is changed of a person; a role comes with its whole scope."""

    name: Text | None = None
    role: Role | None = None
    operator_id: Id | None = None
    area_code: Area | None = None
    crew_id: Id | None = None

    @model_validator(mode="after")
    def _scoped(self) -> Self:
        scope = {"operator_id", "area_code", "crew_id"} & self.model_fields_set
        if self.role is None and scope:
            raise ValueError("role: a scope is changed together with its role")
        if self.role and (fault := scope_fault(self.role, self.operator_id, self.area_code, self.crew_id)):
            raise ValueError(fault)
        return self


class NewPassword(Body):
    """The present password and the one that replaces it."""

    password: str = Field(min_length=1, max_length=200)
    new_password: str = Field(min_length=1, max_length=200)


class SecondFactor(Body):
    """Without a code: make a new secret. With one: take that secret into use."""

    otp: Code | None = None


class Nothing(Body):
    """No fields."""


SCOPED = frozenset({"name", "role", "operator_id", "area_code", "crew_id"})
