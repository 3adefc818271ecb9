"""Signed heads of the audit chain: Ed25519, each also written to a file outside the database."""

import json
import os
from pathlib import Path

from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import OKPKey

from services.portal.domain.audit import Head
from shared.chassis.service import StartError

_HEADER = {"alg": "Ed25519", "typ": "gas-audit-head"}
_ALGORITHMS = ["Ed25519"]


class HeadKey:
    """Signs heads, and keeps them where whoever changes the database does not reach."""

    def __init__(self, key: OKPKey, file: Path) -> None:
        self._key = key
        self._file = file

    @classmethod
    def load(cls, key_file: Path, heads_file: Path) -> "HeadKey":
        """Read the private key, or make one when the file does not exist; StartError when it holds none."""
        if not key_file.exists():
            key_file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            made = OKPKey.generate_key("Ed25519")
            descriptor = os.open(key_file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                file.write(made.as_pem(private=True))
        try:
            key = OKPKey.import_key(key_file.read_bytes())
        except (OSError, ValueError, JoseError) as error:
            raise StartError(f"GW_AUDIT_KEY_FILE holds no Ed25519 key ({error}).") from error
        return cls(key, heads_file)

    def sign(self, head: Head, at_ms: int) -> str:
        """Return a head's signed form; it is on disk in the file of heads before."""
        payload = json.dumps({"seq": head.seq, "hash": head.hash.hex(), "at_ms": at_ms}, sort_keys=True)
        signed = jws.serialize_compact(_HEADER, payload, self._key, algorithms=_ALGORITHMS)
        descriptor = os.open(self._file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(signed + "\n")
            file.flush()
            os.fsync(file.fileno())
        return signed

    def verify(self, signed: str) -> Head | None:
        """Return what a signed head says; None when it is not signed by us."""
        try:
            payload = jws.deserialize_compact(signed, self._key, algorithms=_ALGORITHMS).payload
            said = json.loads(payload)
            return Head(said["seq"], bytes.fromhex(said["hash"]))
        except (JoseError, ValueError, KeyError, TypeError):
            return None

    def kept(self) -> list[str]:
        """Return the heads in the file."""
        return self._file.read_text().split() if self._file.exists() else []
