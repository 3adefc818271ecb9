"""The signing key of the simulations: always the same, so that a seed is the same run everywhere."""

from hashlib import sha256

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from joserfc.jwk import KeySet, OKPKey

from services.alerting.adapters.signing import SigningKeys

_MADE = OKPKey.import_key(Ed25519PrivateKey.from_private_bytes(sha256(b"a simulated town").digest()))
_KEY = OKPKey.import_key(_MADE.as_dict(private=True) | {"kid": _MADE.thumbprint()})
KEYS = SigningKeys([(0, _KEY)])
PUBLIC = KeySet.import_key_set(KEYS.jwks())  # type: ignore[arg-type]
