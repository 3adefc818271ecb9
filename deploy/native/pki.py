"""The project's certificate authority as files; the registry issues and revokes with the same files."""

import datetime as dt
import ipaddress
import os
import re
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

# Devices and controllers; a dot is not among them, so no device can bear a platform client's name.
CLIENT_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
PLATFORM = "platform."
PLATFORM_CLIENTS = ("ingestion", "actuation", "watchdog", "ready")
SLACK = dt.timedelta(minutes=10)  # clocks that differ a little
CA_VALID = dt.timedelta(days=3650)
LEAF_VALID = dt.timedelta(days=365)
LEAF_RENEW_BEFORE = dt.timedelta(days=30)
CRL_VALID = dt.timedelta(days=30)
CRL_RENEW_BEFORE = dt.timedelta(days=23)


def write_private(path: Path, content: bytes) -> None:
    """Write a file that only its owner may read, whole or not at all."""
    new = path.with_name(path.name + ".new")
    new.unlink(missing_ok=True)
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)
    new.replace(path)


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


def _name(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def _pem_key(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _usage(*, signs: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs, key_cert_sign=signs, crl_sign=signs,
        content_commitment=False, key_encipherment=False, data_encipherment=False,
        key_agreement=False, encipher_only=False, decipher_only=False,
    )  # fmt: skip


@dataclass(frozen=True)
class Authority:
    """Signs with `ca.crt` and `ca.key` of one folder; `create` makes them once."""

    folder: Path

    @property
    def certificate_file(self) -> Path:
        """Return the file that clients trust."""
        return self.folder / "ca.crt"

    @property
    def key_file(self) -> Path:
        """Return the file of the signing key, readable by its owner only."""
        return self.folder / "ca.key"

    def create(self) -> None:
        """Make key and certificate unless both are there."""
        if self.certificate_file.exists() and self.key_file.exists():
            return
        self.folder.mkdir(parents=True, exist_ok=True)
        key = ec.generate_private_key(ec.SECP256R1())
        name = _name("Gaswatch project CA")
        key_id = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
        certificate = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(_now() - SLACK)
            .not_valid_after(_now() + CA_VALID)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(_usage(signs=True), critical=True)
            .add_extension(key_id, critical=False)
            .sign(key, hashes.SHA256())
        )
        write_private(self.key_file, _pem_key(key))
        # Written last: a certificate is there only with its key.
        _write_public(self.certificate_file, certificate.public_bytes(serialization.Encoding.PEM))

    def issue_client(self, client_id: str) -> tuple[bytes, bytes]:
        """Return (certificate, key) as PEM for a device or controller; ValueError for a bad id."""
        if not CLIENT_ID.fullmatch(client_id):
            raise ValueError(f"not a client id: {client_id!r}")
        return self.sign_leaf(client_id, server=False)

    def issue_platform(self, name: str) -> tuple[bytes, bytes]:
        """Return (certificate, key) as PEM for one of PLATFORM_CLIENTS, whose CN is `platform.<name>`."""
        if name not in PLATFORM_CLIENTS:
            raise ValueError(f"not a platform client: {name!r}")
        return self.sign_leaf(PLATFORM + name, server=False)

    def issue_server(self, *addresses: str) -> tuple[bytes, bytes]:
        """Return (certificate, key) as PEM for a server on this machine's loopback and other addresses."""
        return self.sign_leaf("localhost", server=True, addresses=addresses)

    def sign_leaf(
        self, common_name: str, *, server: bool, addresses: Sequence[str] = ()
    ) -> tuple[bytes, bytes]:
        """Return (certificate, key) as PEM for any name; the caller has checked it."""
        ca, ca_key = self._load()
        key = ec.generate_private_key(ec.SECP256R1())
        purpose = ExtendedKeyUsageOID.SERVER_AUTH if server else ExtendedKeyUsageOID.CLIENT_AUTH
        builder = (
            x509.CertificateBuilder()
            .subject_name(_name(common_name))
            .issuer_name(ca.subject)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(_now() - SLACK)
            .not_valid_after(_now() + LEAF_VALID)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_usage(signs=False), critical=True)
            .add_extension(x509.ExtendedKeyUsage([purpose]), critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(ca_key.public_key()), critical=False
            )
        )
        if server:
            all_of_them = ("127.0.0.1", "::1", *addresses)
            found = [x509.IPAddress(ipaddress.ip_address(address)) for address in all_of_them]
            names = x509.SubjectAlternativeName([x509.DNSName("localhost"), *found])
            builder = builder.add_extension(names, critical=False)
        leaf = builder.sign(ca_key, hashes.SHA256())
        return leaf.public_bytes(serialization.Encoding.PEM), _pem_key(key)

    def vouches_for(self, certificate_file: Path) -> bool:
        """Return whether a file holds a certificate of this authority that is valid for another month."""
        if not certificate_file.exists():
            return False
        try:
            found = x509.load_pem_x509_certificate(certificate_file.read_bytes())
            found.verify_directly_issued_by(self._load()[0])
        except (ValueError, InvalidSignature):
            return False
        return found.not_valid_after_utc - _now() > LEAF_RENEW_BEFORE

    def refresh_crl(self, file: Path) -> None:
        """Write the revocation list: an empty one at first, the same entries anew when it would expire soon.

        An expired list makes Mosquitto refuse everybody.
        """
        ca, ca_key = self._load()
        old = x509.load_pem_x509_crl(file.read_bytes()) if file.exists() else None
        if old is not None and not old.is_signature_valid(ca_key.public_key()):
            old = None  # another authority's, from before this one was made
        if (
            old is not None
            and old.next_update_utc
            and old.next_update_utc - _now() > CRL_VALID - CRL_RENEW_BEFORE
        ):
            return
        builder = (
            x509.CertificateRevocationListBuilder()
            .issuer_name(ca.subject)
            .last_update(_now() - SLACK)
            .next_update(_now() + CRL_VALID)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(ca_key.public_key()), critical=False
            )
            .add_extension(x509.CRLNumber(int(_now().timestamp())), critical=False)
        )
        for entry in old or ():
            builder = builder.add_revoked_certificate(entry)
        crl = builder.sign(ca_key, hashes.SHA256())
        _write_public(file, crl.public_bytes(serialization.Encoding.PEM))

    def _load(self) -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey]:
        key = serialization.load_pem_private_key(self.key_file.read_bytes(), password=None)
        if not isinstance(key, ec.EllipticCurvePrivateKey):
            raise TypeError("the authority's key is not an elliptic curve key")
        return x509.load_pem_x509_certificate(self.certificate_file.read_bytes()), key


def write_client(authority: Authority, client: str, folder: Path) -> tuple[Path, Path]:
    """Write `{client}.crt` and `.key` unless there, and return them; platform clients by plain name."""
    certificate_file, key_file = folder / f"{client}.crt", folder / f"{client}.key"
    if not (authority.vouches_for(certificate_file) and key_file.exists()):
        folder.mkdir(parents=True, exist_ok=True)
        platform = client in PLATFORM_CLIENTS
        certificate, key = authority.issue_platform(client) if platform else authority.issue_client(client)
        write_private(key_file, key)
        _write_public(certificate_file, certificate)
    return certificate_file, key_file


def write_server(authority: Authority, folder: Path, uid: int) -> None:
    """Write what a broker needs (ca.crt, server.crt, server.key, crl.pem); the key belongs to `uid`."""
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(authority.certificate_file, folder / "ca.crt")
    if not authority.vouches_for(folder / "server.crt"):
        certificate, key = authority.issue_server()
        write_private(folder / "server.key", key)
        _write_public(folder / "server.crt", certificate)
    os.chown(folder / "server.key", uid, -1)
    authority.refresh_crl(folder / "crl.pem")


def _write_public(path: Path, content: bytes) -> None:
    new = path.with_name(path.name + ".new")
    new.write_bytes(content)
    new.chmod(0o644)
    new.replace(path)
