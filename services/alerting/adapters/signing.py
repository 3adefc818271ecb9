"""The keys with which close commands are signed: JWS compact, Ed25519 (RFC 9864), keys in files.

A key file is named for the time it was made and holds a private JWK. The two newest are published; the
newest whose `use_from_ms` has come signs, so that valves can learn a key before they meet it.
"""

import os
import time
from pathlib import Path
from typing import Any

import msgspec
from joserfc import jws
from joserfc.jwk import OKPKey

from shared.contracts.wire import CommandClaims

ALGORITHM = "Ed25519"
TYPE = "gas-cmd+jwt"
VALID_KEYS = 2


class KeyFolderError(Exception):
    """The folder of the signing keys cannot be used; its text is one sentence."""


class SigningKeys:
    """Signs commands and publishes the public keys; reads the folder once."""

    def __init__(self, keys: list[tuple[int, OKPKey]]) -> None:
        self._keys = keys[-VALID_KEYS:]

    @classmethod
    def load(cls, folder: Path, now_ms: int) -> "SigningKeys":
        """Read the keys, making the first one where the folder is empty; KeyFolderError in one sentence."""
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            if not any(folder.glob("*.jwk")):
                add_key(folder, now_ms, now_ms)
            files = sorted(folder.glob("*.jwk"), key=lambda file: int(file.stem))
            return cls([_read(file) for file in files])
        except (OSError, ValueError) as error:
            raise KeyFolderError(f"The signing keys in {folder} cannot be used: {error}.") from error

    def sign(self, claims: CommandClaims) -> str:
        """Return the command as a JWS; the same claims and key give the same text."""
        due = [key for use_from_ms, key in self._keys if use_from_ms <= claims.issued_at_ms]
        key = due[-1] if due else self._keys[0][1]
        header = {"alg": ALGORITHM, "typ": TYPE, "kid": key.kid}
        return jws.serialize_compact(header, msgspec.json.encode(claims), key, algorithms=[ALGORITHM])

    def jwks(self) -> dict[str, list[dict[str, Any]]]:
        """Return the public keys as a JWK set (RFC 7517)."""
        return {
            "keys": [
                key.as_dict(private=False, use="sig", alg=ALGORITHM, kid=key.kid) for _, key in self._keys
            ]
        }


def add_key(folder: Path, now_ms: int, use_from_ms: int) -> Path:
    """Write a new key, readable by its owner only; OSError (FileExistsError for the same millisecond)."""
    key = OKPKey.generate_key("Ed25519")
    data = key.as_dict(private=True) | {"kid": key.thumbprint(), "use_from_ms": use_from_ms}
    file = folder / f"{now_ms}.jwk"
    part = folder / f"{now_ms}.part-{os.getpid()}-{time.monotonic_ns()}"
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as writer:
        writer.write(msgspec.json.encode(data))
        writer.flush()
        os.fsync(writer.fileno())
    try:
        file.hardlink_to(part)  # whole or not there, and never over another
    finally:
        part.unlink()
    return file


def _read(file: Path) -> tuple[int, OKPKey]:
    if file.stat().st_mode & 0o077:
        raise ValueError(f"{file.name} can be read by others; chmod 600 it")
    data: dict[str, Any] = msgspec.json.decode(file.read_bytes())
    if data.get("crv") != "Ed25519" or "d" not in data:
        raise ValueError(f"{file.name} is no Ed25519 private key")
    return int(data.pop("use_from_ms")), OKPKey.import_key(data)
