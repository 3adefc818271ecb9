"""The project's own certificate authority: client certificates for devices, and the revocation list."""

import datetime as dt
from collections.abc import Iterable, Sequence
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from services.registry.ports import Issued

CERTIFICATE_VALID = dt.timedelta(days=730)
# An expired list makes Mosquitto refuse everybody (FAULTS section 4), so it is renewed daily.
LIST_VALID = dt.timedelta(days=30)
CLOCKS_DIFFER = dt.timedelta(minutes=10)


class AuthorityError(Exception):
    """The authority's files cannot be used; its text is one sentence."""


class FileAuthority:
    """Implements `ports.CertificateAuthority` with `ca.crt` and `ca.key`, read once."""

    def __init__(self, certificate_file: Path, key_file: Path) -> None:
        try:
            self._ca = x509.load_pem_x509_certificate(certificate_file.read_bytes())
            key = serialization.load_pem_private_key(key_file.read_bytes(), password=None)
        except (OSError, ValueError) as error:
            raise AuthorityError(
                f"the certificate authority cannot be read ({error}); create it with `make engines`."
            ) from error
        if not isinstance(key, ec.EllipticCurvePrivateKey):
            raise AuthorityError("the certificate authority's key is not an elliptic curve key.")
        if key.public_key() != self._ca.public_key():
            raise AuthorityError("the certificate authority's key does not belong to its certificate.")
        self._key = key

    @property
    def certificate(self) -> str:
        """Return the authority's own certificate, PEM."""
        return self._ca.public_bytes(serialization.Encoding.PEM).decode()

    def issue(self, device_ids: Sequence[str], now: dt.datetime) -> list[Issued]:
        """Return a new certificate and key for each device; takes about a millisecond each."""
        return [self._issue(device_id, now) for device_id in device_ids]

    def _issue(self, device_id: str, now: dt.datetime) -> Issued:
        key = ec.generate_private_key(ec.SECP256R1())
        not_after = min(now + CERTIFICATE_VALID, self._ca.not_valid_after_utc)
        leaf = (
            x509.CertificateBuilder()
            .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, device_id)]))
            .issuer_name(self._ca.subject)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - CLOCKS_DIFFER)
            .not_valid_after(not_after)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_SIGNS_NOTHING, critical=True)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]), critical=False)
            .add_extension(self._key_id, critical=False)
            .sign(self._key, hashes.SHA256())
        )
        return Issued(
            device_id=device_id,
            serial=f"{leaf.serial_number:x}",
            fingerprint=leaf.fingerprint(hashes.SHA256()).hex(),
            not_before=leaf.not_valid_before_utc,
            not_after=leaf.not_valid_after_utc,
            certificate=leaf.public_bytes(serialization.Encoding.PEM).decode(),
            key=key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            ).decode(),
        )

    @property
    def _key_id(self) -> x509.AuthorityKeyIdentifier:
        return x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key())

    def revocation_list(self, revoked: Iterable[tuple[str, dt.datetime]], now: dt.datetime) -> bytes:
        """Return the list of (serial, since when), PEM, valid for 30 days."""
        builder = (
            x509.CertificateRevocationListBuilder()
            .issuer_name(self._ca.subject)
            .last_update(now - CLOCKS_DIFFER)
            .next_update(now + LIST_VALID)
            .add_extension(self._key_id, critical=False)
            .add_extension(x509.CRLNumber(int(now.timestamp() * 1000)), critical=False)
        )
        for serial, since in revoked:
            entry = x509.RevokedCertificateBuilder().serial_number(int(serial, 16)).revocation_date(since)
            builder = builder.add_revoked_certificate(entry.build())
        return builder.sign(self._key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


_SIGNS_NOTHING = x509.KeyUsage(
    digital_signature=True,
    content_commitment=False,
    key_encipherment=False,
    data_encipherment=False,
    key_agreement=False,
    key_cert_sign=False,
    crl_sign=False,
    encipher_only=False,
    decipher_only=False,
)
