"""Who asks: a short-lived signed word of the portal to the services behind it."""

import os
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OctKey

from shared.chassis.service import StartError

HEADER = "X-Gaswatch-Principal"
KEY_BYTES_MIN = 32
_ISSUER = "gaswatch-portal"


@dataclass(frozen=True, slots=True)
class Principal:
    """A person or program that signed in, and whose rows it may see: one operator's, one area's, or all."""

    subject: str
    roles: frozenset[str]
    operator_id: str | None = None
    area_code: str | None = None
    crew_id: str | None = None
    session_id: str = ""
    second_factor: bool = False

    def has(self, roles: Iterable[str]) -> bool:
        """Return whether it has one of `roles`."""
        return not self.roles.isdisjoint(roles)


class PrincipalKey:
    """The key with which the portal signs principals; at least 32 random bytes, never a default."""

    def __init__(self, raw: bytes) -> None:
        if len(raw) < KEY_BYTES_MIN or len(set(raw)) < 8:
            raise ValueError(f"the key must be at least {KEY_BYTES_MIN} random bytes")
        self._key = OctKey.import_key(raw)

    @classmethod
    def load(cls, path: Path) -> "PrincipalKey":
        """Read the key's hex text from a file; raise StartError with one sentence when it holds none."""
        try:
            return cls(bytes.fromhex(path.read_text().strip()))
        except (OSError, ValueError) as error:
            raise StartError(f"GW_PRINCIPAL_KEY_FILE holds no key of the portal ({error}).") from error

    @staticmethod
    def create(path: Path) -> None:
        """Write a new random key, readable by its owner only."""
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(os.urandom(KEY_BYTES_MIN).hex())

    def sign(self, principal: Principal, audience: str, ttl_s: int = 30) -> str:
        """Return a token for one service."""
        now = int(time.time())  # noqa: TID251 - expiry on the wall clock is what a token means
        claims = {
            "iss": _ISSUER,
            "aud": audience,
            "iat": now,
            "exp": now + ttl_s,
            "sub": principal.subject,
            "roles": sorted(principal.roles),
            "operator_id": principal.operator_id,
            "area_code": principal.area_code,
            "crew_id": principal.crew_id,
            "sid": principal.session_id,
            "mfa": principal.second_factor,
        }
        return jwt.encode({"alg": "HS256"}, claims, self._key)

    def verify(self, token: str, audience: str) -> Principal:
        """Return who asks; raise ValueError when the token is not ours, not for us, or too old."""
        try:
            claims = jwt.decode(token, self._key, algorithms=["HS256"]).claims
            jwt.JWTClaimsRegistry(
                iss={"essential": True, "value": _ISSUER},
                aud={"essential": True, "value": audience},
                exp={"essential": True},
            ).validate(claims)
        except JoseError as error:
            raise ValueError(str(error)) from error
        return Principal(
            subject=claims["sub"],
            roles=frozenset(claims["roles"]),
            operator_id=claims["operator_id"],
            area_code=claims["area_code"],
            crew_id=claims["crew_id"],
            session_id=claims["sid"],
            second_factor=claims["mfa"],
        )
