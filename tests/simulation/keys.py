"""The signing key of the simulations."""

from joserfc.jwk import KeySet, OKPKey

from services.alerting.adapters.signing import SigningKeys

_KEY = OKPKey.generate_key("Ed25519")
_KEY = OKPKey.import_key(_KEY.as_dict(private=True) | {"kid": _KEY.thumbprint()})
KEYS = SigningKeys([(0, _KEY)])
PUBLIC = KeySet.import_key_set(KEYS.jwks())  # type: ignore[arg-type]
